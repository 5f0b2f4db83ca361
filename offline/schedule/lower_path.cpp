// Three passes over the contraction tree: index sets from the leaves up, layouts from the root down, nodes in order.
#include "offline/schedule/lower_path.h"

#include <algorithm>

#include "offline/schedule/batched_gemm.h"
#include "offline/schedule/contraction_tree.h"

namespace heat::offline {
namespace {

class Lowering {
 public:
  Lowering(spec::Workload& workload, const LowerRequest& request)
      : w_(workload), r_(request), e_(request.einsum), tree_(contraction_tree(request)) {}

  LoweredPath run() {
    for (std::size_t i = 0; i < r_.operands.size(); ++i) check_size(r_.operands[i].tensor, e_.operands[i]);
    check_size(r_.output_tensor, e_.output);
    choose_layouts(tree_, r_.token);
    make_tensors();
    return make_nodes();
  }

 private:
  void check_size(spec::TensorId tensor, const std::vector<spec::Index>& indices) const {
    if (!tensor) return;
    const spec::Tensor& t = w_.tensors[tensor];
    if (t.bytes() != e_.elements(indices))
      fail_lowering(r_, "tensor '" + t.name + "' has " + std::to_string(t.bytes()) + " elements, its operand " +
                            std::to_string(e_.elements(indices)));
  }

  void make_tensors() {
    for (std::size_t i = 0; i < tree_.values.size(); ++i) {
      ContractionTree::Value& v = tree_.values[i];
      if (v.tensor) continue;
      spec::Tensor t;
      const bool operand = i < r_.operands.size(), last = i + 1 == tree_.values.size();
      t.name = operand ? r_.operands[i].name : last ? r_.output_name : node_name(v.producer) + ".out";
      t.kind = operand ? r_.operands[i].kind : last ? r_.output_kind : spec::TensorKind::kIntermediate;
      for (const spec::Index& x : v.order) t.shape.push_back(e_.sizes.at(x));
      v.tensor = w_.tensors.push_back(std::move(t));
    }
  }

  std::string node_name(int step_position) const {
    if (tree_.steps.size() == 1) return r_.layer;
    const auto order = tree_.execution_order();
    const auto at = std::find(order.begin(), order.end(), step_position) - order.begin();
    return r_.layer + "/" + std::to_string(at + 1);
  }

  LoweredPath make_nodes() {
    LoweredPath lowered;
    for (int at : tree_.execution_order()) {
      const ContractionTree::Step& st = tree_.step(at);
      const auto operand = [&](int v) { return GemmOperand{tree_.value(v).tensor, tree_.value(v).order, {}}; };
      spec::Node node;
      node.name = node_name(at);
      node.layer = r_.layer;
      spec::Einsum pair;
      pair.operands = {tree_.value(st.input).order, tree_.value(st.weight).order};
      pair.output = tree_.value(st.output).order;
      node.einsum = pair.text();
      node.gemm = batched_gemm(operand(st.weight), operand(st.input), operand(st.output), e_.sizes);
      const spec::LoopDim bound = bound_of(*node.gemm);
      lowered.nodes.push_back({w_.nodes.push_back(std::move(node)), bound});
      if (st.output + 1 != static_cast<int>(tree_.values.size()))
        lowered.intermediates.push_back(tree_.value(st.output).tensor);
    }
    for (std::size_t i = 0; i < r_.operands.size(); ++i)
      lowered.operands.push_back({tree_.values[i].tensor, tree_.values[i].order});
    lowered.output = tree_.values.back().tensor;
    return lowered;
  }

  spec::LoopDim bound_of(const spec::GemmNode& gemm) const {
    const auto leads = [&](const std::vector<spec::Index>& group) {
      return !group.empty() && group.front() == r_.token;
    };
    if (leads(gemm.indices.n)) return spec::LoopDim::kN;
    if (leads(gemm.indices.m)) return spec::LoopDim::kM;
    if (leads(gemm.indices.b)) return spec::LoopDim::kB;
    const auto& e = gemm.extents;
    if (e.b >= e.m && e.b >= e.n) return spec::LoopDim::kB;
    return e.m >= e.n ? spec::LoopDim::kM : spec::LoopDim::kN;
  }

  spec::Workload& w_;
  const LowerRequest& r_;
  const spec::Einsum& e_;
  ContractionTree tree_;
};

}  // namespace

LoweredPath lower_path(spec::Workload& workload, const LowerRequest& request) {
  return Lowering(workload, request).run();
}

}  // namespace heat::offline
