// Linear layers that read the same value (query, key, value).
#pragma once

#include <algorithm>
#include <vector>

#include "offline/schedule/builder.h"
#include "offline/schedule/machine_steps.h"

namespace heat::offline {

inline bool reads_the_same(const MachineStep& x, const MachineStep& y) {
  const auto *a = std::get_if<LinearStep>(&x), *b = std::get_if<LinearStep>(&y);
  return a && b && a->input == b->input;
}

// Linear layers behind one another that read the same value.
class Siblings {
 public:
  // The next node is the first of one that reads what the last one does, or something else.
  void begin(NetworkBuilder& builder, bool same) {
    if (!same) take_turns(builder);
    starts_.push_back(builder.workload().nodes.next_id().value);
  }
  // The last one is complete. Their nodes take turns: while one waits for the last of its layer, others work. Layers of
  // more nodes stay together, so that a group can keep what passes between them.
  void take_turns(NetworkBuilder& builder) {
    const std::vector<int> starts = std::move(starts_);
    starts_.clear();
    const int end = builder.workload().nodes.next_id().value;
    if (starts.size() < 2 || end - starts.back() > kMostNodes || !share_an_operand(builder.workload(), starts)) return;
    std::vector<std::size_t> order;
    for (int turn = 0; static_cast<int>(order.size()) < end - starts.front(); ++turn)
      for (std::size_t l = 0; l < starts.size(); ++l)
        if (const int node = starts[l] + turn; node < (l + 1 < starts.size() ? starts[l + 1] : end))
          order.push_back(static_cast<std::size_t>(node - starts.front()));
    builder.reorder(spec::NodeId(starts.front()), order);
  }

 private:
  static constexpr int kMostNodes = 3;
  // All of the nodes read some tensor. Not so where a weight is made of its factors first, which a group then keeps.
  static bool share_an_operand(const spec::Workload& workload, const std::vector<int>& nodes) {
    const auto reads = [&](int node, spec::TensorId tensor) {
      const auto views = workload.nodes[spec::NodeId(node)].reads();
      return std::any_of(views.begin(), views.end(), [&](const auto* v) { return v->tensor == tensor; });
    };
    const auto views = workload.nodes[spec::NodeId(nodes.front())].reads();
    return std::any_of(views.begin(), views.end(), [&](const auto* v) {
      return std::all_of(nodes.begin(), nodes.end(), [&](int node) { return reads(node, v->tensor); });
    });
  }
  std::vector<int> starts_;
};

}  // namespace heat::offline
