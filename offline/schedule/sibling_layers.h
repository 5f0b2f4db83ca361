// Linear layers that read the same value (query, key, value).
#pragma once

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
  // The last one is complete. Their nodes take turns: while one waits for the last of its layer, others work.
  void take_turns(NetworkBuilder& builder) {
    const std::vector<int> starts = std::move(starts_);
    starts_.clear();
    if (starts.size() < 2) return;
    const int end = builder.workload().nodes.next_id().value;
    std::vector<std::size_t> order;
    for (int turn = 0; static_cast<int>(order.size()) < end - starts.front(); ++turn)
      for (std::size_t l = 0; l < starts.size(); ++l)
        if (const int node = starts[l] + turn; node < (l + 1 < starts.size() ? starts[l + 1] : end))
          order.push_back(static_cast<std::size_t>(node - starts.front()));
    builder.reorder(spec::NodeId(starts.front()), order);
  }

 private:
  std::vector<int> starts_;
};

}  // namespace heat::offline
