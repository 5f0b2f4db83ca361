// Linear allocation from the start: residents in order of first use, then slots; weights from the end.
#include "machines/simba/gb_layout.h"

#include <algorithm>

#include "base/checked.h"
#include "firmware/include/simba_shares.h"
#include "machines/simba/shares.h"

namespace heat::machines::simba {
namespace {

std::int64_t round_up(std::int64_t value, std::int64_t unit) {
  return base::ceil_div(value, unit) * unit;
}

class Allocator {
 public:
  Allocator(const GbRange& room, std::int64_t word) : word_(word), begin_(room.offset), next_(room.offset) {}
  std::int64_t take(std::int64_t bytes) {
    const std::int64_t at = next_;
    next_ += round_up(bytes, word_);
    return at;
  }
  GbRange range(std::int64_t bytes) { return {take(bytes), bytes}; }
  Slots slots(std::int64_t bytes, std::int64_t count) {
    if (bytes == 0) return {};
    const std::int64_t each = round_up(bytes, word_);
    return {take(count * each), each, count};
  }
  std::int64_t next() const { return next_; }
  std::int64_t total() const { return next_ - begin_; }

 private:
  std::int64_t word_, begin_, next_;
};

}  // namespace

std::int64_t share_bytes(const spec::Workload& workload, const spec::Home& home, int chiplets) {
  const std::int64_t values = Shares(home.extent, home.chiplets > 0 ? home.chiplets : chiplets).share;
  return workload.tensors[home.tensor].bytes() / home.extent * values;
}

GbRange home_range(const spec::Workload& workload, const spec::Home& home, const spec::ArchSpec& arch) {
  return {home.address, round_up(share_bytes(workload, home, arch.chiplets()), arch.global_buffer.word_bytes)};
}

GbRange largest_room(const spec::Workload& workload, const std::vector<spec::Home>& homes, const spec::ArchSpec& arch) {
  const std::int64_t word = arch.global_buffer.word_bytes, capacity = arch.global_buffer.capacity.value() / word * word;
  std::vector<GbRange> taken;
  for (const spec::Home& h : homes) taken.push_back(home_range(workload, h, arch));
  std::sort(taken.begin(), taken.end(), [](const GbRange& x, const GbRange& y) { return x.offset < y.offset; });
  taken.push_back({capacity, 0});
  GbRange best;
  std::int64_t free = 0;
  for (const GbRange& range : taken) {
    if (range.offset - free > best.bytes) best = {free, range.offset - free};
    free = std::max(free, range.offset + range.bytes);
  }
  return best;
}

std::int64_t resident_bytes(const spec::Workload& workload, const spec::FusedGroup& group, spec::TensorId tensor) {
  const std::int64_t whole = workload.tensors[tensor].bytes();
  return group.shares_out(workload, tensor) ? whole / group.extent * std::min(group.step, group.extent) : whole;
}

bool has_two_places(const spec::Workload& workload, const spec::FusedGroup& group, spec::TensorId tensor) {
  if (group.ahead == 0 || !group.is_resident(tensor) || !group.shares_out(workload, tensor)) return false;
  bool first = std::find(group.pinned.begin(), group.pinned.end(), tensor) != group.pinned.end(), others = false;
  for (std::size_t i = 0; i < group.nodes.size(); ++i) {
    const spec::Node& node = workload.nodes[group.nodes[i].node];
    const auto views = node.reads();
    const bool uses = node.writes().tensor == tensor ||
                      std::any_of(views.begin(), views.end(), [&](const auto* v) { return v->tensor == tensor; });
    if (uses) (i < static_cast<std::size_t>(group.ahead) ? first : others) = true;
  }
  return first && others;
}

std::int64_t activation_table_offset(const spec::Workload& workload, const spec::GemmNode& gemm,
                                     const spec::ArchSpec& arch) {
  const spec::TensorId records = gemm.epilogue.requant;
  return records ? round_up(workload.tensors[records].bytes(), arch.global_buffer.word_bytes) : 0;
}

std::int64_t mask_offset(const spec::Workload& workload, const spec::VectorNode& rows, const spec::ArchSpec& arch) {
  return rows.parameters ? round_up(workload.tensors[rows.parameters].bytes(), arch.global_buffer.word_bytes) : 0;
}

namespace {

// Bytes of the largest streamed tile of each kind; nodes whose parameters stream.
struct TileBytes {
  std::int64_t weight = 0, input = 0, output = 0, parameters = 0, parameter_nodes = 0;
};

void add_gemm(TileBytes& tiles, const spec::Workload& workload, const spec::FusedGroup& group,
              const spec::PlannedNode& planned, const spec::ArchSpec& arch) {
  const spec::GemmNode& gemm = *workload.nodes[planned.node].gemm;
  const spec::Extents& t = planned.mapping.gb_tile;
  if (!group.is_resident(gemm.weight.tensor)) tiles.weight = std::max(tiles.weight, t.b * t.m * t.k);
  if (!group.is_resident(gemm.input.tensor)) tiles.input = std::max(tiles.input, t.b * t.n * t.k);
  if (!group.is_resident(gemm.output.tensor))
    tiles.output = std::max(tiles.output, t.b * t.m * t.n * gemm.output_bytes());
  const spec::TensorId table = gemm.epilogue.activation_table;
  tiles.parameters = std::max(
      tiles.parameters, activation_table_offset(workload, gemm, arch) + (table ? workload.tensors[table].bytes() : 0));
}

void add_rows(TileBytes& tiles, const spec::Workload& workload, const spec::FusedGroup& group,
              const spec::VectorNode& v, const spec::ArchSpec& arch) {
  const auto streamed = [&](const spec::TensorView& view) { return !group.is_resident(view.tensor); };
  const std::int64_t rows = v.rows / group.extent * std::min(group.step, group.extent), tile = rows * v.columns;
  std::int64_t in = streamed(v.input) ? rows * v.input_columns() : 0;
  if (v.residual && streamed(*v.residual)) in += tile;
  tiles.input = std::max(tiles.input, in);
  if (streamed(v.output)) tiles.output = std::max(tiles.output, tile);
  if (v.parameters) tiles.parameters = std::max(tiles.parameters, workload.tensors[v.parameters].bytes());
  if (v.mask)
    tiles.parameters = std::max(tiles.parameters, mask_offset(workload, v, arch) + workload.tensors[v.mask].bytes());
}

TileBytes tile_bytes(const spec::Workload& workload, const spec::FusedGroup& group, const spec::ArchSpec& arch) {
  TileBytes tiles;
  for (const spec::PlannedNode& n : group.nodes) {
    const spec::Node& node = workload.nodes[n.node];
    const std::vector<spec::TensorId> parameters = node.parameters();
    if (!std::all_of(parameters.begin(), parameters.end(), [&](spec::TensorId t) { return group.is_resident(t); }))
      ++tiles.parameter_nodes;
    if (node.gemm)
      add_gemm(tiles, workload, group, n, arch);
    else
      add_rows(tiles, workload, group, *node.vector, arch);
  }
  return tiles;
}

// Places for what the group keeps.
void place_residents(GbLayout& layout, Allocator& allocator, const spec::Workload& workload,
                     const spec::FusedGroup& group, const spec::ArchSpec& arch) {
  for (const spec::PlannedNode& n : group.nodes) {
    const spec::Node& node = workload.nodes[n.node];
    std::vector<const spec::TensorView*> views = node.reads();
    views.push_back(&node.writes());
    for (const spec::TensorView* view : views) {
      if (!group.is_resident(view->tensor) || layout.resident.count(view->tensor)) continue;
      const spec::Home* home = group.home(view->tensor);
      const auto place = [&] {
        return home && home->in_place ? home_range(workload, *home, arch)
                                      : allocator.range(resident_bytes(workload, group, view->tensor));
      };
      layout.resident[view->tensor] = place();
      if (has_two_places(workload, group, view->tensor)) layout.odd[view->tensor] = place();
    }
  }
}

}  // namespace

std::int64_t max_slots(const spec::ArchSpec& arch) {
  return simba_tiles_ahead(arch.controller.queue_depth) + 1;
}

bool parameters_stay(std::int64_t nodes, const spec::ArchSpec& arch) {
  return nodes <= max_slots(arch);
}

GbLayout gb_layout(const spec::Workload& workload, const spec::FusedGroup& group, const spec::ArchSpec& arch) {
  GbLayout layout;
  layout.room = largest_room(workload, group.homes, arch);
  Allocator allocator(layout.room, arch.global_buffer.word_bytes);
  place_residents(layout, allocator, workload, group, arch);
  const TileBytes tiles = tile_bytes(workload, group, arch);
  // Parameters of so many nodes stay. What two slots of each other kind leave free goes to more of them, as many as
  // loads run ahead for: for inputs, then for weights.
  const std::int64_t word = arch.global_buffer.word_bytes, weight = round_up(tiles.weight, word);
  const std::int64_t parameter_slots = std::clamp<std::int64_t>(tiles.parameter_nodes, 2, max_slots(arch));
  layout.parameters_stay = parameters_stay(tiles.parameter_nodes, arch);
  layout.total_bytes = allocator.total() + 2 * (round_up(tiles.input, word) + round_up(tiles.output, word) + weight) +
                       parameter_slots * round_up(tiles.parameters, word);
  std::int64_t left = std::max<std::int64_t>(0, layout.room.bytes - layout.total_bytes);
  const auto count = [&](std::int64_t bytes) {
    const std::int64_t more = bytes == 0 ? 0 : std::min(max_slots(arch) - 2, left / bytes);
    left -= more * bytes;
    return 2 + more;
  };
  const std::int64_t input_slots = count(round_up(tiles.input, word)), weight_slots = count(weight);
  layout.input = allocator.slots(tiles.input, input_slots);
  layout.output = allocator.slots(tiles.output, 2);
  layout.parameters = allocator.slots(tiles.parameters, parameter_slots);
  const std::int64_t end = layout.room.offset + layout.room.bytes;
  if (weight > 0) layout.weight = {std::max(allocator.next(), end - weight_slots * weight), weight, weight_slots};
  return layout;
}

}  // namespace heat::machines::simba
