// A node of a group as the model sees it: what its operands look like and which parameters it streams.
#pragma once

#include <optional>

#include "machines/simba/node_step.h"
#include "spec/plan.h"

namespace heat::machines::simba {

// One node, as counting needs it; independent of its mapping, the step and the pins of parameters.
struct NodeModel {
  spec::NodeId node;
  spec::LoopDim bound = spec::LoopDim::kN;
  const spec::Node* spec = nullptr;
  GemmShape shape;                       // GEMMs; vector nodes: input and output
  std::optional<OperandShape> residual;  // layer norm
  double parameter_bytes = 0;            // streamed parameter tensors, in whole bursts
  int parameter_loads = 0;
  std::int64_t mask_bytes = 0;  // that a softmax reads beside its rows
  // Workload and group must outlive this. `participants`: chiplets that have a share of the group.
  NodeModel(const spec::Workload& workload, const spec::FusedGroup& group, const spec::PlannedNode& planned,
            int participants);
  Ways ways() const;
  // Extents in a step of so many values of the group's index.
  spec::Extents extents_for(std::int64_t extent, std::int64_t values) const;
  // The same of a row operation.
  RowSizes row_sizes(std::int64_t extent, std::int64_t values) const;
};

}  // namespace heat::machines::simba
