// Views become runs of bytes; what a node reads beside its operands becomes bytes of parameters.
#include "machines/simba/node_model.h"

#include "spec/arithmetic.h"

namespace heat::machines::simba {

NodeModel::NodeModel(const spec::Workload& workload, const spec::FusedGroup& group, const spec::PlannedNode& planned,
                     int participants)
    : node(planned.node), bound(planned.bound), spec(&workload.nodes[planned.node]) {
  const auto operand = [&](const spec::TensorView& view, const ViewRuns::Sizes& sizes) {
    OperandShape o{ViewRuns(view, sizes), group.is_resident(view.tensor), spec::holds_index(view, group.index)};
    o.travels = !o.resident && group.travels(view.tensor);
    if (o.travels) o.owned = o.holds_bound ? 1 : 1.0 / participants;
    return o;
  };
  for (spec::TensorId t : spec->parameters()) {
    if (group.is_resident(t)) continue;
    parameter_bytes += whole_blocks(static_cast<double>(workload.tensors[t].bytes()));
    ++parameter_loads;
  }
  if (spec->gemm) {
    const spec::Extents& e = spec->gemm->extents;
    shape = {operand(spec->gemm->weight, {e.b, e.m, e.k}),
             operand(spec->gemm->input, {e.b, e.n, e.k}),
             operand(spec->gemm->output, {e.b, e.m, e.n * spec->gemm->output_bytes()}),
             {},
             spec->gemm->output_bytes()};
    const spec::Epilogue& epilogue = spec->gemm->epilogue;
    shape.epilogue = {epilogue.requant ? static_cast<std::int64_t>(sizeof(spec::RequantRecord)) : 0,
                      epilogue.channels_include_batch, epilogue.n_channels,
                      epilogue.activation_table ? std::int64_t{spec::kActivationTableBytes} : 0};
  } else {
    const spec::VectorNode& v = *spec->vector;
    const ViewRuns::Sizes sizes{1, v.rows, v.columns}, in{1, v.rows, v.input_columns()};
    shape = {operand(v.input, in), operand(v.input, in), operand(v.output, sizes), {}};
    if (v.residual) residual = operand(*v.residual, sizes);
    if (v.mask) mask_bytes = workload.tensors[v.mask].bytes();
  }
}

Ways NodeModel::ways() const {
  const auto way = [](const OperandShape& o) { return Way{!o.holds_bound, o.travels}; };
  return {way(shape.weight), way(shape.input), residual ? way(*residual) : Way{}, way(shape.output)};
}

spec::Extents NodeModel::extents_for(std::int64_t extent, std::int64_t values) const {
  if (spec->gemm) return spec::step_extents(*spec->gemm, bound, extent, values);
  return {1, 1, spec->vector->rows / extent * values, spec->vector->columns};
}

RowSizes NodeModel::row_sizes(std::int64_t extent, std::int64_t values) const {
  const spec::VectorNode& v = *spec->vector;
  return {v.rows / extent * values, v.input_columns(), v.columns, v.part_count() * v.columns};
}

}  // namespace heat::machines::simba
