// A contraction path as a tree of GEMM steps: what each reads and makes, and in which roles.
#pragma once

#include <set>
#include <vector>

#include "offline/schedule/lower_path.h"

namespace heat::offline {

struct ContractionTree {
  // A tensor of the tree.
  struct Value {
    std::set<spec::Index> set;
    std::vector<spec::Index> order;  // axes, outermost first
    int producer = -1;               // step, or -1 for an operand
    bool fixed = false;              // the order is given
    bool is_static = false;
    spec::TensorId tensor;
  };
  struct Step {
    int weight = -1, input = -1, output = -1;  // values
    bool holds_token = false;
  };
  std::vector<Value> values;  // the einsum's operands first, then one a step; the last is the result
  std::vector<Step> steps;    // in path order

  Value& value(int v) { return values[static_cast<std::size_t>(v)]; }
  const Value& value(int v) const { return values[static_cast<std::size_t>(v)]; }
  const Step& step(int s) const { return steps[static_cast<std::size_t>(s)]; }
  // Positions of the steps as they execute: those without the token first.
  std::vector<int> execution_order() const;
};

// The tree of a request, its roles chosen for the machine. Orders are those that are given: of existing tensors, of
// operands that are not static, of the result. Throws ConfigError as lower_path does.
ContractionTree contraction_tree(const LowerRequest& request);

// Gives every other value its order, the last step first: that of a step's output is known by then.
void choose_layouts(ContractionTree& tree, const spec::Index& token);

// Fails with `what`, naming the request.
[[noreturn]] void fail_lowering(const LowerRequest& request, const std::string& what);

}  // namespace heat::offline
