// Linear allocation from the start: residents in order of first use, then slot pairs; weights from the end.
#include "machines/simba/gb_layout.h"

#include <algorithm>

#include "base/checked.h"
#include "firmware/include/simba_abi.h"
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

GbLayout gb_layout(const spec::Workload& workload, const spec::FusedGroup& group, const spec::ArchSpec& arch) {
  GbLayout layout;
  layout.room = largest_room(workload, group.homes, arch);
  Allocator allocator(layout.room, arch.global_buffer.word_bytes);
  std::int64_t weight = 0, input = 0, output = 0, parameters = 0, parameter_nodes = 0;
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
    const std::vector<spec::TensorId> list = node.parameters();
    if (std::any_of(list.begin(), list.end(), [&](spec::TensorId t) { return !group.is_resident(t); }))
      ++parameter_nodes;
    const auto streamed = [&](const spec::TensorView& view) { return !group.is_resident(view.tensor); };
    if (node.gemm) {
      const spec::Extents& t = n.mapping.gb_tile;
      if (streamed(node.gemm->weight)) weight = std::max(weight, t.b * t.m * t.k);
      if (streamed(node.gemm->input)) input = std::max(input, t.b * t.n * t.k);
      if (streamed(node.gemm->output)) output = std::max(output, t.b * t.m * t.n * node.gemm->output_bytes());
      const spec::TensorId table = node.gemm->epilogue.activation_table;
      parameters = std::max(parameters, activation_table_offset(workload, *node.gemm, arch) +
                                            (table ? workload.tensors[table].bytes() : 0));
    } else {
      const spec::VectorNode& v = *node.vector;
      const std::int64_t rows = v.rows / group.extent * std::min(group.step, group.extent), tile = rows * v.columns;
      std::int64_t in = streamed(v.input) ? rows * v.input_columns() : 0;
      if (v.residual && streamed(*v.residual)) in += tile;
      input = std::max(input, in);
      if (streamed(v.output)) output = std::max(output, tile);
      if (v.parameters) parameters = std::max(parameters, workload.tensors[v.parameters].bytes());
      if (v.mask) parameters = std::max(parameters, mask_offset(workload, v, arch) + workload.tensors[v.mask].bytes());
    }
  }
  // Parameters of so many nodes stay. What two slots of each other kind leave free goes to more of them: for inputs, then weights.
  const auto word = [&](std::int64_t bytes) { return round_up(bytes, arch.global_buffer.word_bytes); };
  const std::int64_t each = word(weight),
                     parameter_slots = std::clamp<std::int64_t>(parameter_nodes, 2, SIMBA_MAX_SLOTS);
  layout.total_bytes = allocator.total() + 2 * (word(input) + word(output) + each) + parameter_slots * word(parameters);
  std::int64_t left = std::max<std::int64_t>(0, layout.room.bytes - layout.total_bytes);
  const auto count = [&](std::int64_t bytes) {
    if (bytes == 0) return std::int64_t{2};
    const std::int64_t more = std::min<std::int64_t>(SIMBA_MAX_SLOTS - 2, left / word(bytes));
    left -= more * word(bytes);
    return 2 + more;
  };
  const std::int64_t input_slots = count(input), weight_slots = count(weight);
  layout.input = allocator.slots(input, input_slots);
  layout.output = allocator.slots(output, 2);
  layout.parameters = allocator.slots(parameters, parameter_slots);
  const std::int64_t end = layout.room.offset + layout.room.bytes;
  if (weight > 0) layout.weight = {std::max(allocator.next(), end - weight_slots * each), each, weight_slots};
  return layout;
}

}  // namespace heat::machines::simba
