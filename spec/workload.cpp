// What a node reads and writes: the one place that says so.
#include "spec/workload.h"

#include <algorithm>
#include <stdexcept>

#include "spec/checked_sizes.h"

namespace heat::spec {

std::vector<const TensorView*> Node::reads() const {
  if (gemm) return {&gemm->input, &gemm->weight};
  std::vector<const TensorView*> views{&vector->input};
  if (vector->residual) views.push_back(&*vector->residual);
  return views;
}

std::int64_t VectorNode::part_count() const {
  std::int64_t count = 1;
  for (const ViewDim& d : input.dims)
    if (std::find(parts.begin(), parts.end(), d.index) != parts.end()) count = times(count, d.size);
  return count;
}

const TensorView& Node::writes() const {
  return gemm ? gemm->output : vector->output;
}

std::vector<TensorId> Node::parameters() const {
  std::vector<TensorId> list;
  for (TensorId t : gemm ? std::vector<TensorId>{gemm->epilogue.requant, gemm->epilogue.activation_table}
                         : std::vector<TensorId>{vector->parameters, vector->mask})
    if (t) list.push_back(t);
  return list;
}

const std::vector<Index>& Node::indices(LoopDim dim) const {
  static const std::vector<Index> none;
  switch (dim) {
    case LoopDim::kB:
      return gemm ? gemm->indices.b : none;
    case LoopDim::kM:
      return gemm ? gemm->indices.m : none;
    case LoopDim::kN:
      return gemm ? gemm->indices.n : vector->n;
    case LoopDim::kK:
      break;
  }
  throw std::logic_error("a group's loop binds b, m or n");
}

std::vector<Index> columns_written(const GemmNode& gemm) {
  std::vector<Index> columns = gemm.indices.n;
  if (gemm.epilogue.sums) columns.push_back(kSumByte);
  return columns;
}

std::vector<Index> columns_read(const VectorNode& rows) {
  std::vector<Index> columns = rows.parts;
  columns.insert(columns.end(), rows.k.begin(), rows.k.end());
  if (rows.op == VectorOp::kReduce) columns.push_back(kSumByte);
  return columns;
}

std::int64_t channel_count(const GemmNode& gemm) {
  const Extents& e = gemm.extents;
  return times(gemm.epilogue.channels_include_batch ? times(e.b, e.m) : e.m, gemm.epilogue.n_channels);
}

Extents step_extents(const GemmNode& gemm, LoopDim bound, std::int64_t extent, std::int64_t values) {
  Extents e = gemm.extents;
  e[bound] = e[bound] / extent * values;
  return e;
}

}  // namespace heat::spec
