// Closed-form counts of one execution of a node on one chiplet: what one step of the group loop does there.
#pragma once

#include <cstdint>
#include <memory>

#include "machines/simba/mesh_links.h"
#include "machines/simba/view_runs.h"
#include "spec/arch_spec.h"
#include "spec/mapping.h"

namespace heat::machines::simba {

// What counting needs to know of an operand beside the mapping.
struct OperandShape {
  ViewRuns runs;
  bool resident = false;     // in the global buffer for the whole step
  bool holds_bound = false;  // differs between chiplets and steps
  bool travels = false;      // from and to the global buffers of its home, not DRAM
  double owned = 0;          // when it travels: what each chiplet serves of it, in tiles a tile that one loads
};

// What the PPU reads from the global buffer for every wave that it drains.
struct EpilogueShape {
  std::int64_t record_bytes = 0;  // of one channel; 0: no records
  bool channels_include_batch = false;
  std::int64_t n_channels = 1;
  std::int64_t table_bytes = 0;
};

struct GemmShape {
  OperandShape weight, input, output;
  EpilogueShape epilogue{};
  std::int64_t output_bytes = 1;  // of an element, behind n in the output's blocks
};

// Sizes of a row operation on one chiplet in one step.
struct RowSizes {
  std::int64_t rows = 0;
  std::int64_t input_bytes = 0, output_bytes = 0;  // of a row
  std::int64_t elements = 0;                       // that the vector unit works on in a row
};

// Of a step's weights or inputs.
struct OperandCounts {
  double buffer_writes = 0, buffer_reads = 0;      // of the PEs' buffers, bytes summed over PEs
  double loads = 0, load_bytes = 0, requests = 0;  // from DRAM: commands, whole bursts, requests
  double fill_bytes = 0;                           // plain bytes of loads into the global buffer
  double sends = 0, send_bytes = 0;                // commands; plain bytes, each multicast once
  double first_bytes = 0;                          // load_bytes of the first tile
  double port_cycles = 0;  // busy cycles of the buffer's write port, of the PE that is sent most
  double send_cycles = 0;  // of the sends one by one: reads, flits or PE writes, whatever takes longest
};

// Counts of one execution on one chiplet. Doubles that hold integers, except DRAM bytes (means over alignments). A
// shared operand is read from DRAM once for all chiplets.
struct StepCounts {
  OperandCounts weight, input, residual;
  // Processing elements, summed.
  double macs = 0, accumulator_writes = 0, accumulator_reads = 0, ppu_elements = 0;
  // Global buffer: words, and busy cycles of its ports.
  double gb_reads = 0, gb_writes = 0, gb_read_cycles = 0, gb_write_cycles = 0;
  double noc_byte_hops = 0;
  // Commands by kind.
  double stores = 0, waves = 0, drains = 0, vectors = 0;
  // Stores: whole bursts, requests, plain bytes out of the global buffer; plain bytes of drains into it.
  double store_bytes = 0, store_requests = 0, store_out_bytes = 0, drain_bytes = 0;
  // Busy cycles.
  double vector_elements = 0, send_flits = 0, drain_flits = 0, compute_cycles = 0, ppu_cycles = 0, vector_cycles = 0;
  // The pipeline's ends: tiles of the global buffer, the first send and the last drain.
  int farthest_hops = 0;  // links from the global buffer to the farthest PE in use
  double tiles = 0, first_send_cycles = 0, last_drain_flits = 0;
  // Sums passed on from PE to PE: flits over the link that most take; the ways that one goes and their links, at most;
  // cycles of the last pass.
  double chain_flits = 0, last_pass_cycles = 0;
  int chain_ways = 0, chain_hops = 0;

  double loads() const { return weight.loads + input.loads + residual.loads; }
  double commands() const { return loads() + stores + weight.sends + input.sends + waves + drains + vectors; }
};

// Counts a GEMM of one size under one mapping after another (tiles larger than the extents are clipped). Mappings that
// follow one another and differ in orders only are counted at once but for what those change.
class GemmCounter {
 public:
  // All must outlive this.
  GemmCounter(const GemmShape& shape, const spec::Extents& extents, const spec::ArchSpec& arch, LinkTables& links);
  ~GemmCounter();
  GemmCounter(GemmCounter&&) noexcept;
  StepCounts count(const spec::GemmMapping& mapping);

 private:
  struct Tiling;  // what was counted for the last one's tiles
  const GemmShape& shape_;
  const spec::Extents extents_;
  const spec::ArchSpec& arch_;
  LinkTables& links_;
  std::unique_ptr<Tiling> last_;
};

// Counts a row operation; `residual` may be null.
StepCounts count_vector(const OperandShape& input, const OperandShape* residual, const OperandShape& output,
                        const RowSizes& sizes, const spec::ArchSpec& arch);

}  // namespace heat::machines::simba
