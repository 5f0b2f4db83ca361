// In which order the axes of a network's values lie in memory: decided by who reads them.
#pragma once

#include <string>
#include <vector>

#include "offline/schedule/machine_steps.h"

namespace heat::offline {

// What the group loop of attention runs over: heads (scores of a head at a time) or query tokens.
enum class AttentionLoop { kHeads, kTokens };

struct ValueLayout {
  // The value's axes, outermost first, by their positions.
  std::vector<std::size_t> order;
  // Index names of its axes, by position: the labels of the product that makes or reads it, else "t" for a runtime axis
  // and the axis's name.
  std::vector<std::string> labels;
  // Read as rows [tokens, features]: the axes lie in their own order, the features as one.
  bool flat = true;
};

// The layout of every value of the graph (of those that no step makes: flat). What a product sums over lies innermost,
// what the group's loop runs over outermost, in between come the axes that both operands share. A value that two
// readers want otherwise is flat.
std::vector<ValueLayout> value_layouts(const Graph& graph, const MachineBody& body, AttentionLoop loop);

// The roles of a product's labels: shared by both operands and the output; of `a` or of `b` and the output; summed.
struct ProductLabels {
  std::vector<std::string> shared, of_a, of_b, summed;
};
ProductLabels product_labels(const op::Matmul& product);

}  // namespace heat::offline
