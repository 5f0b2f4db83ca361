// The contract between the controller's firmware and the hardware of a chiplet: register map, command descriptors,
// program image. C11 and C++17; 32-bit words only, so that it reads the same on the host and on RV32.
#ifndef FIRMWARE_INCLUDE_SIMBA_ABI_H_
#define FIRMWARE_INCLUDE_SIMBA_ABI_H_

#define SIMBA_NONE 0xFFFFFFFFu

#ifdef __cplusplus
#define SIMBA_STATIC_ASSERT static_assert
#else
#define SIMBA_STATIC_ASSERT _Static_assert
#endif

// Loop dimensions of a GEMM, wherever a word or a position names one. Rows of a row operation are n, columns k.
enum { SIMBA_DIM_B = 0, SIMBA_DIM_M, SIMBA_DIM_N, SIMBA_DIM_K, SIMBA_DIMS };

// Engines of a chiplet. Each has a queue and executes it in order; a command starts when every engine has completed the
// number of commands its wait words ask for.
enum {
  SIMBA_LOAD =
      0,  // DRAM, or the global buffers of a home -> global buffer (multicast to the first PARTICIPANTS chiplets, or to this one only)
  SIMBA_SEND_WEIGHT,  // global buffer -> weight buffers of a wave's PEs
  SIMBA_SEND_INPUT,   // global buffer -> input buffers of a wave's PEs
  SIMBA_COMPUTE,      // one PE tile on every PE of a wave
  SIMBA_DRAIN,        // accumulation buffers -> PPU -> global buffer
  SIMBA_VECTOR,       // row operation of the global PE
  SIMBA_STORE,        // global buffer -> DRAM, or the global buffers of a home
  SIMBA_SIGNAL,       // tells every chiplet that the results of this chiplet's groups so far are in place
  SIMBA_ENGINES
};

// Memory-mapped registers (byte offsets from SIMBA_MMIO_BASE).
#define SIMBA_MMIO_BASE 0x40000000u
#define SIMBA_REG_CHIPLET 0x00u     // read: this chiplet's number
#define SIMBA_REG_HALT 0x08u        // write: the program is done or the firmware gives up (SIMBA_HALT_*)
#define SIMBA_REG_PUSH 0x10u        // write: append the command registers to the queue of this engine, clear them
#define SIMBA_REG_QUEUE_FREE 0x20u  // + 4 * engine, read: free entries of its queue
#define SIMBA_REG_DONE 0x60u        // + 4 * engine, read: commands it has completed
#define SIMBA_REG_COMMAND 0x100u    // + 4 * word, write: command register
SIMBA_STATIC_ASSERT(SIMBA_REG_PUSH + 4u <= SIMBA_REG_QUEUE_FREE, "PUSH reaches into QUEUE_FREE");
SIMBA_STATIC_ASSERT(SIMBA_REG_QUEUE_FREE + 4u * SIMBA_ENGINES <= SIMBA_REG_DONE,
                    "QUEUE_FREE of the last engine is DONE of the first: move SIMBA_REG_DONE up");
SIMBA_STATIC_ASSERT(SIMBA_REG_DONE + 4u * SIMBA_ENGINES <= SIMBA_REG_COMMAND,
                    "DONE of the last engine is a command register: move SIMBA_REG_COMMAND up");

// Bytes of the message by which a chiplet signals.
#define SIMBA_SIGNAL_BYTES 8

// What the firmware writes to HALT.
enum {
  SIMBA_HALT_DONE = 0,
  SIMBA_HALT_FOREIGN_IMAGE,  // the memory holds no program image of this version
  SIMBA_HALT_TOUCHES         // a command touches more objects than the firmware keeps account of
};

// Words of a command. Unwritten words are 0. Tiles are boxes of flattened index groups: (b, m, k) of a weight, (b, n,
// k) of an input, (b, m, n) of an output; (n, k) of rows are (0, n, k).
enum {
  SIMBA_CMD_NODE = 0,                                  // position in the schedule, for accounting
  SIMBA_CMD_STEP,                                      // step of the group loop
  SIMBA_CMD_POSITION,                                  // node's position in its group
  SIMBA_CMD_WAIT,                                      // SIMBA_ENGINES words: completed commands to wait for
  SIMBA_CMD_RESULTS = SIMBA_CMD_WAIT + SIMBA_ENGINES,  // signals that must have come from every chiplet
  SIMBA_CMD_GB,                                        // global buffer address of the slot or the resident tensor
  SIMBA_CMD_VIEW,                                // image offset of the view; SEND, DRAIN: 0 = a packed tile of PITCH
  SIMBA_CMD_START,                               // 3 words: first element of the box
  SIMBA_CMD_COUNT = SIMBA_CMD_START + 3,         // 3 words: bytes of the box (LOAD, STORE), rows and columns (VECTOR)
  SIMBA_CMD_PITCH = SIMBA_CMD_COUNT + 3,         // 2 words: inner two extents of the packed tile
  SIMBA_CMD_PARTICIPANTS = SIMBA_CMD_PITCH + 2,  // LOAD: 0 = private, else the first so many chiplets join
  SIMBA_CMD_KEY,  // LOAD: number of the joint transfer within node and step, the same on every participant
  SIMBA_CMD_WAVE,  // 4 words: b, m, n, k covered by the wave; DRAIN: k of the sums' first wave, which has all PEs with sums
  SIMBA_CMD_TILE = SIMBA_CMD_WAVE + 4,     // 4 words: b, m, n, k of a PE tile
  SIMBA_CMD_SPATIAL = SIMBA_CMD_TILE + 4,  // 4 words: PEs along b, m, n, k; PE = ((b * M + m) * N + n) * K + k
  SIMBA_CMD_WEIGHT_HALF = SIMBA_CMD_SPATIAL + 4,
  SIMBA_CMD_INPUT_HALF,
  SIMBA_CMD_ACC_HALF,
  SIMBA_CMD_FIRST,           // COMPUTE: 1 = start new sums
  SIMBA_CMD_OUTPUT_BYTES,    // DRAIN: bytes of an element of the output: 1, or those of a sum that leaves as it is
  SIMBA_CMD_REQUANT,         // DRAIN: global buffer address + 1 of the requantisation records, 0 = none
  SIMBA_CMD_ACTIVATION,      // DRAIN: address + 1 of the activation table, 0 = none
  SIMBA_CMD_CHANNEL,         // DRAIN: channel of the wave's first element
  SIMBA_CMD_CHANNEL_STRIDE,  // DRAIN: channels between successive b, 0 = channels do not depend on b
  SIMBA_CMD_N_CHANNELS,      // DRAIN: innermost n values that are channels too
  SIMBA_CMD_N_START,         // DRAIN: n of the wave's first element, modulo N_CHANNELS
  SIMBA_CMD_OP,              // VECTOR: SIMBA_OP_*
  SIMBA_CMD_INPUT_COLUMNS,   // VECTOR: bytes of an input row
  SIMBA_CMD_PACKED,          // VECTOR: set of SIMBA_PACKED_*
  SIMBA_CMD_RESIDUAL,        // VECTOR: address + 1, 0 = none
  SIMBA_CMD_RESIDUAL_VIEW,
  SIMBA_CMD_RESIDUAL_START,
  SIMBA_CMD_OUTPUT,  // VECTOR: address
  SIMBA_CMD_OUTPUT_VIEW,
  SIMBA_CMD_OUTPUT_START,
  SIMBA_CMD_PARAMETERS,  // VECTOR: address + 1 of exp table or layer-norm records, 0 = none
  SIMBA_CMD_MASK,        // VECTOR: address + 1 of a byte a column, 0 = none
  SIMBA_CMD_MULTIPLIER_X,
  SIMBA_CMD_MULTIPLIER_R,
  SIMBA_CMD_SHIFT,
  SIMBA_CMD_WORDS
};

// Row operations.
enum { SIMBA_OP_SOFTMAX = 0, SIMBA_OP_LAYER_NORM, SIMBA_OP_REDUCE };
// Operands of a row operation that are packed rows: their view is ignored.
enum { SIMBA_PACKED_INPUT = 1, SIMBA_PACKED_RESIDUAL = 2, SIMBA_PACKED_OUTPUT = 4 };

// A joint transfer's key: number * SIMBA_KEYS + one of these. Tiles are numbered through the loop of a node's step, so
// the image must not hold a node with more than SIMBA_MAX_TILES of them.
enum { SIMBA_KEY_PINNED = 0, SIMBA_KEY_WEIGHT, SIMBA_KEY_INPUT, SIMBA_KEY_PARAMETERS, SIMBA_KEYS };
#define SIMBA_MAX_TILES 0x40000000u
SIMBA_STATIC_ASSERT((SIMBA_MAX_TILES - 1u) <= (0xFFFFFFFFu - (SIMBA_KEYS - 1)) / SIMBA_KEYS,
                    "the key of the last tile does not fit its word");

// Program image: words, offsets are word offsets from its start.
#define SIMBA_IMAGE_MAGIC 0x41424D53u  // "SMBA"
#define SIMBA_IMAGE_VERSION 9u
enum {
  SIMBA_IMG_MAGIC = 0,
  SIMBA_IMG_VERSION,
  SIMBA_IMG_SIZE,
  SIMBA_IMG_GROUPS,
  SIMBA_IMG_GROUP_TABLE,
  SIMBA_IMG_CHIPLETS,  // that take part in a group: the first so many; the others have nothing to run
  SIMBA_IMG_HEADER
};

// A range of the global buffer.
enum {
  SIMBA_PLACE_GB = 0,  // address
  SIMBA_PLACE_BYTES,
  SIMBA_PLACE_RESULTS,  // signals of every chiplet before which others may use the bytes: writing waits for them
  SIMBA_PLACE_WORDS
};

// Slots for one kind of streamed tile: SIMBA_PLACE records, those that there are first.
#define SIMBA_MAX_SLOTS 4
// Loads of a tile: two tensors of parameters, weights, input.
#define SIMBA_TILE_LOADS 4
enum { SIMBA_SLOTS_WORDS = SIMBA_MAX_SLOTS * SIMBA_PLACE_WORDS };

enum {
  SIMBA_GRP_EXTENT = 0,
  SIMBA_GRP_STEP,
  SIMBA_GRP_CHIPLETS,         // the first so many take part
  SIMBA_GRP_SIGNAL,           // 1: every chiplet signals when its part is done
  SIMBA_GRP_AHEAD,            // the first so many nodes run one step ahead of the others
  SIMBA_GRP_PARAMETERS_STAY,  // 1: there is a slot for the parameters of every node; 0: they are loaded in every step
  SIMBA_GRP_OBJECTS,          // count
  SIMBA_GRP_OBJECT_TABLE,     // offset of SIMBA_PLACE records, one an object; 0 bytes: in DRAM
  SIMBA_GRP_NODES,            // count
  SIMBA_GRP_NODE_TABLE,       // offset of node offsets
  SIMBA_GRP_PINNED,           // count
  SIMBA_GRP_PINNED_TABLE,     // offset of SIMBA_PIN records, one after another
  SIMBA_GRP_WEIGHT_SLOTS,     // SIMBA_SLOTS_WORDS
  SIMBA_GRP_INPUT_SLOTS = SIMBA_GRP_WEIGHT_SLOTS + SIMBA_SLOTS_WORDS,
  SIMBA_GRP_OUTPUT_SLOTS = SIMBA_GRP_INPUT_SLOTS + SIMBA_SLOTS_WORDS,
  SIMBA_GRP_PARAMETER_SLOTS = SIMBA_GRP_OUTPUT_SLOTS + SIMBA_SLOTS_WORDS,
  SIMBA_GRP_WORDS = SIMBA_GRP_PARAMETER_SLOTS + SIMBA_SLOTS_WORDS
};

#define SIMBA_MAX_OBJECTS 64  // tracked tensors of one group

enum {
  SIMBA_PIN_OBJECT = 0,
  SIMBA_PIN_TWICE,      // 1: odd steps have the object of the next number
  SIMBA_PIN_VIEW,       // one run of bytes
  SIMBA_PIN_BYTES,      // of the whole tensor
  SIMBA_PIN_PER_VALUE,  // bytes per value of the group's index; 0: whole, before the first step
  SIMBA_PIN_NODE,       // position in the group of the node that pays for it
  SIMBA_PIN_RESULTS,    // signals to wait for, see SIMBA_OPR_RESULTS
  SIMBA_PIN_WORDS
};

enum { SIMBA_KIND_GEMM = 0, SIMBA_KIND_ROWS };

enum {
  SIMBA_NODE_KIND = 0,  // SIMBA_KIND_*
  SIMBA_NODE_ID,
  SIMBA_NODE_BOUND,      // SIMBA_DIM_*
  SIMBA_NODE_PER_VALUE,  // elements of the bound group per value of the group's index
  SIMBA_NODE_COMMON,
  // GEMM
  SIMBA_NODE_EXTENTS = SIMBA_NODE_COMMON,          // 4 words
  SIMBA_NODE_GB_TILE = SIMBA_NODE_EXTENTS + 4,     // 4 words
  SIMBA_NODE_GB_ORDER = SIMBA_NODE_GB_TILE + 4,    // 3 words, outermost first
  SIMBA_NODE_PE_TILE = SIMBA_NODE_GB_ORDER + 3,    // 4 words
  SIMBA_NODE_SPATIAL = SIMBA_NODE_PE_TILE + 4,     // 4 words
  SIMBA_NODE_WAVE_ORDER = SIMBA_NODE_SPATIAL + 4,  // 2 words
  SIMBA_NODE_WEIGHT = SIMBA_NODE_WAVE_ORDER + 2,   // offsets of operands
  SIMBA_NODE_INPUT,
  SIMBA_NODE_OUTPUT,
  SIMBA_NODE_REQUANT,     // 0 = none
  SIMBA_NODE_ACTIVATION,  // 0 = none
  SIMBA_NODE_CHANNEL_STRIDE,
  SIMBA_NODE_N_CHANNELS,
  SIMBA_NODE_OUTPUT_BYTES,  // of an element, behind n
  SIMBA_NODE_GEMM_WORDS,
  // Row operation
  SIMBA_NODE_OP = SIMBA_NODE_COMMON,  // SIMBA_OP_*
  SIMBA_NODE_ROWS,
  SIMBA_NODE_COLUMNS,
  SIMBA_NODE_INPUT_COLUMNS,  // bytes of an input row
  SIMBA_NODE_ROW_INPUT,
  SIMBA_NODE_ROW_RESIDUAL,  // 0 = none
  SIMBA_NODE_ROW_OUTPUT,
  SIMBA_NODE_ROW_PARAMETERS,  // 0 = none
  SIMBA_NODE_ROW_MASK,        // 0 = none
  SIMBA_NODE_MULTIPLIER_X,
  SIMBA_NODE_MULTIPLIER_R,
  SIMBA_NODE_SHIFT,
  SIMBA_NODE_VECTOR_WORDS
};

enum {
  SIMBA_OPR_RESIDENT = 0,  // 1: in the global buffer, at the place of SIMBA_OPR_OBJECT
  SIMBA_OPR_GB,            // parameters: address, of those that stream the offset within their slot
  SIMBA_OPR_PER_VALUE,     // of a tensor that holds its chiplet's whole share: bytes per value of the group's index
  SIMBA_OPR_FROM_SHARE,    // 1: of such a tensor, the box counts b from the share's first value, not the step's
  SIMBA_OPR_OBJECT,        // number within the group of a tracked tensor, or SIMBA_NONE
  SIMBA_OPR_TWICE,         // 1: odd steps have the object of the next number, and lie where it does
  SIMBA_OPR_BOUND,         // 1: holds the group's index (a private load), 0: the same on every chiplet (multicast)
  SIMBA_OPR_DEFER,         // 1: written to DRAM within this group: do not load ahead of time
  SIMBA_OPR_RESULTS,       // reading: signals of every chiplet after which it is whole (0: given, or of this group);
                           // storing to a home: after which the chiplets' bytes there are free
  SIMBA_OPR_VIEW,          // offset of the view
  SIMBA_OPR_BYTES,         // parameters: bytes of the tensor
  SIMBA_OPR_WORDS
};

// A view: base address and three index groups of (size, stride in bytes), outermost first.
enum {
  SIMBA_VIEW_TENSOR = 0,
  SIMBA_VIEW_ADDRESS,  // in DRAM; of a home: of each share in its global buffer
  SIMBA_VIEW_ADDRESS_HIGH,
  SIMBA_VIEW_SHARE,  // bytes of a share of a home, contiguous and one a chiplet; 0: in DRAM
  SIMBA_VIEW_DIMS,
  SIMBA_VIEW_LIST = SIMBA_VIEW_DIMS + 3
};

#endif  // FIRMWARE_INCLUDE_SIMBA_ABI_H_
