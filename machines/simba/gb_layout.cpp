// Linear allocation: residents in order of first use, then slot pairs.
#include "machines/simba/gb_layout.h"

#include <algorithm>

#include "base/checked.h"

namespace heat::machines::simba {
namespace {

// Every view a node reads or writes, in the order input, residual, weight, output.
std::vector<const spec::TensorView*> views_of(const spec::Node& node) {
  if (node.gemm) return {&node.gemm->input, &node.gemm->weight, &node.gemm->output};
  std::vector<const spec::TensorView*> views{&node.vector->input};
  if (node.vector->residual) views.push_back(&*node.vector->residual);
  views.push_back(&node.vector->output);
  return views;
}

std::int64_t round_up(std::int64_t value, std::int64_t unit) {
  return base::ceil_div(value, unit) * unit;
}

class Allocator {
 public:
  explicit Allocator(std::int64_t word) : word_(word) {}
  std::int64_t take(std::int64_t bytes) {
    const std::int64_t at = next_;
    next_ += round_up(bytes, word_);
    return at;
  }
  SlotPair pair(std::int64_t bytes) {
    if (bytes == 0) return {};
    const std::int64_t each = round_up(bytes, word_);
    SlotPair slots{take(each), each};
    take(each);
    return slots;
  }
  std::int64_t total() const { return next_; }

 private:
  std::int64_t word_;
  std::int64_t next_ = 0;
};

}  // namespace

std::int64_t resident_bytes(const spec::Schedule& schedule, const spec::FusedGroup& group, int tensor) {
  const std::int64_t whole = schedule.tensors[static_cast<std::size_t>(tensor)].bytes();
  for (int n : group.nodes)
    for (const spec::TensorView* view : views_of(schedule.nodes[static_cast<std::size_t>(n)]))
      if (view->tensor == tensor && spec::holds_index(*view, group.index))
        return whole / group.extent * std::min(group.step, group.extent);
  return whole;
}

std::int64_t activation_table_offset(const spec::Schedule& schedule, const spec::GemmNode& gemm,
                                     const spec::ArchSpec& arch) {
  const int records = gemm.epilogue.requant;
  if (records < 0) return 0;
  return round_up(schedule.tensors[static_cast<std::size_t>(records)].bytes(), arch.global_buffer.word_bytes);
}

GbLayout gb_layout(const spec::Schedule& schedule, const spec::FusedGroup& group, const spec::ArchSpec& arch) {
  GbLayout layout;
  Allocator allocator(arch.global_buffer.word_bytes);
  std::int64_t weight = 0, input = 0, output = 0, parameters = 0;
  for (int n : group.nodes) {
    const spec::Node& node = schedule.nodes[static_cast<std::size_t>(n)];
    for (const spec::TensorView* view : views_of(node))
      if (spec::is_resident(schedule, group, view->tensor) && !layout.resident.count(view->tensor))
        layout.resident[view->tensor] = allocator.take(resident_bytes(schedule, group, view->tensor));
    const auto streamed = [&](const spec::TensorView& view) {
      return !spec::is_resident(schedule, group, view.tensor);
    };
    const auto whole = [&](int tensor) {
      return tensor < 0 ? 0 : schedule.tensors[static_cast<std::size_t>(tensor)].bytes();
    };
    if (node.gemm) {
      const spec::Extents& t = node.gemm->mapping.gb_tile;
      if (streamed(node.gemm->weight)) weight = std::max(weight, t.b * t.m * t.k);
      if (streamed(node.gemm->input)) input = std::max(input, t.b * t.n * t.k);
      if (streamed(node.gemm->output)) output = std::max(output, t.b * t.m * t.n);
      parameters = std::max(parameters, activation_table_offset(schedule, *node.gemm, arch) +
                                            whole(node.gemm->epilogue.activation_table));
    } else {
      const spec::VectorNode& v = *node.vector;
      const std::int64_t tile = v.rows / group.extent * std::min(group.step, group.extent) * v.columns;
      std::int64_t in = streamed(v.input) ? tile : 0;
      if (v.residual && streamed(*v.residual)) in += tile;
      input = std::max(input, in);
      if (streamed(v.output)) output = std::max(output, tile);
      parameters = std::max(parameters, whole(v.parameters));
    }
  }
  layout.weight = allocator.pair(weight);
  layout.input = allocator.pair(input);
  layout.output = allocator.pair(output);
  layout.parameters = allocator.pair(parameters);
  layout.total_bytes = allocator.total();
  return layout;
}

}  // namespace heat::machines::simba
