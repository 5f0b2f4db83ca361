// The nodes of a network's body, value by value. Layouts come from layouts.h. A factorised layer whose digits do not split at
// the axes that its reader wants writes flat features; readers see the strides that came of it.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "offline/schedule/lower_network.h"
#include "offline/schedule/sibling_layers.h"

namespace heat::offline {

using Strides = std::vector<std::int64_t>;

// A value in memory: its tensor, and the stride of each of its axes.
struct Placed {
  spec::TensorId tensor;
  Strides strides;
};

// Layers whose sum over features is divided into parts, and those that make what they read.
struct DividedLayers {
  std::int64_t parts = 1;
  std::set<std::string> readers, makers;
};

// One lowering; run it once.
class NetworkLowering {
 public:
  NetworkLowering(const Graph& graph, const NetworkLabel& label, const NetworkForms& forms,
                  const LoweringChoice& choice, DividedLayers divided);

  LoweredNetwork run();

 private:
  // Behind all other tensors, which so are the same as without it.
  void add_mask();

  const Value& value(ValueId id) const { return graph_.values[static_cast<std::size_t>(id)]; }
  const ValueLayout& layout(ValueId id) const { return layouts_[static_cast<std::size_t>(id)]; }
  Placed& at(ValueId id) { return placed_[static_cast<std::size_t>(id)]; }

  std::int64_t size(const Axis& axis, const Value& of) const;

  // Gives a value its tensor. Flat: [tokens, features]; else its axes in the layout's order.
  void place(ValueId id, spec::TensorKind kind);

  // The tensor of a step's result; of a run of products all at its start.
  void place_outputs(std::size_t first);

  ActivationLayout flat(ValueId id, const spec::Index& index);

  // Tokens lie first among the axes of what a linear layer writes (graph.h).
  void lower(const LinearStep& step);

  // The layer writes every axis where its reader wants it.
  ActivationLayout split(ValueId id);

  // Parts of features, each a matrix of its own.
  ActivationLayout by_parts(ValueId id);
  // Its axes lie as the graph has them.
  void lay_in_own_order(ValueId id);

  // The value's axes that carry the labels, in the labels' order.
  void add_dims(spec::TensorView& view, ValueId id, const std::vector<std::string>& axes,
                const std::vector<std::string>& labels);

  void lower(const ProductStep& step);
  void lower(const SoftmaxStep& step);
  void lower(const NormStep& step);
  // Of [heads, tokens, ...] with the heads' blocks as the outermost axis.
  void lay_by_blocks(ValueId id);

  void end_segment();

  const Graph& graph_;
  const NetworkForms& forms_;
  const AttentionLoop loop_;
  const std::int64_t blocks_;
  const DividedLayers divided_;
  const std::int64_t tokens_;
  const bool masked_;
  const MachineBody body_;
  const std::vector<ValueLayout> layouts_;
  std::vector<Placed> placed_;
  NetworkBuilder builder_;
  std::vector<Segment> segments_;
  std::vector<spec::NodeId> softmaxes_;  // that read the mask
  spec::NodeId begin_{0};
  Siblings siblings_;
};

}  // namespace heat::offline
