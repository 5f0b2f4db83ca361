// Where a fused group's data lies in a chiplet's global buffer. Tensors at home there across groups have their addresses
// from the plan; the group's own data lies in the largest room between them. In it, resident tensors (kept by the group,
// or pinned) come first, one after another, each rounded up to the access word; behind them slots for streamed
// input tiles and output tiles, sized for the largest tile of the group, and for parameter records of a node. The
// slots of streamed weight tiles lie at the room's end, so that the next group's first weights can be loaded while some
// of them are in use. There are two slots of each kind, and more where there is room.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "spec/arch_spec.h"
#include "spec/plan.h"

namespace heat::machines::simba {

// Slots of `bytes` each, one behind the other; bytes 0: no node of the group needs them.
struct Slots {
  std::int64_t offset = 0;
  std::int64_t bytes = 0;
  std::int64_t count = 2;
  std::int64_t total() const { return bytes * count; }
};

// Bytes of the global buffer.
struct GbRange {
  std::int64_t offset = 0;
  std::int64_t bytes = 0;
};

struct GbLayout {
  std::map<spec::TensorId, GbRange> resident;  // homes used in place among them: a chiplet's whole share
  std::map<spec::TensorId, GbRange> odd;       // of those with two places: where odd steps have it
  Slots weight, input, output, parameters;
  bool parameters_stay = true;   // as the function below says
  GbRange room;                  // for all but the homes
  std::int64_t total_bytes = 0;  // of the room
  bool fits() const { return total_bytes <= room.bytes; }
};

// Bytes of the largest share of a tensor at home, on a package of so many chiplets.
std::int64_t share_bytes(const spec::Workload& workload, const spec::Home& home, int chiplets);
// A chiplet's share of it (rounded up to the access word).
GbRange home_range(const spec::Workload& workload, const spec::Home& home, const spec::ArchSpec& arch);
// The largest range of whole words that none of `homes` (at valid addresses) reaches into; the first of equal ones.
GbRange largest_room(const spec::Workload& workload, const std::vector<spec::Home>& homes, const spec::ArchSpec& arch);

// Bytes of a resident tensor in one step on one chiplet: the whole tensor, or its share when it holds the group's
// index. Not of one at home.
std::int64_t resident_bytes(const spec::Workload& workload, const spec::FusedGroup& group, spec::TensorId tensor);

// Whether even and odd steps have places of their own for a resident tensor: nodes that run ahead and others both use it,
// or it is pinned in shares for the others. (Shares of a home lie apart in any case.)
bool has_two_places(const spec::Workload& workload, const spec::FusedGroup& group, spec::TensorId tensor);

// Slots of a kind at most: for the present tile and those whose loads run ahead of it.
std::int64_t max_slots(const spec::ArchSpec& arch);
// Whether there is a slot for the parameters of each of the nodes that stream them: then they are loaded once a group,
// else in every step.
bool parameters_stay(std::int64_t nodes, const spec::ArchSpec& arch);

// Bytes of streamed tiles: weight b*m*k, input b*n*k, output b*m*n of gb_tile.
// Vector nodes stream whole rows: input and residual share an input slot (residual behind the input), tile = the rows
// of the step.
GbLayout gb_layout(const spec::Workload& workload, const spec::FusedGroup& group, const spec::ArchSpec& arch);

// Offset of a softmax's mask in its parameter slot: behind the exp table.
std::int64_t mask_offset(const spec::Workload& workload, const spec::VectorNode& rows, const spec::ArchSpec& arch);

// Offset of a GEMM's activation table in its parameter slot: behind the requantisation records.
std::int64_t activation_table_offset(const spec::Workload& workload, const spec::GemmNode& gemm,
                                     const spec::ArchSpec& arch);

}  // namespace heat::machines::simba
