// Bennett and Kruskal's method: mark the last position of every line; the distance is the number of marks in between.
#include "traces/reuse_distance.h"

namespace heat::traces {

void ReuseDistance::add(std::size_t at, std::int64_t value) {
  for (; at < tree_.size(); at += at & (~at + 1)) tree_[at] += value;
}

std::int64_t ReuseDistance::sum_to(std::size_t at) const {
  std::int64_t sum = 0;
  for (; at > 0; at -= at & (~at + 1)) sum += tree_[at];
  return sum;
}

std::int64_t ReuseDistance::access(std::int64_t line) {
  ++now_;
  // A node of the tree covers the positions below it down to its lowest set bit: those sums exist already.
  tree_.push_back(sum_to(now_ - 1) - sum_to(now_ - (now_ & (~now_ + 1))));
  std::int64_t distance = kFirst;
  const auto [found, fresh] = last_.emplace(line, now_);
  if (!fresh) {
    distance = sum_to(now_ - 1) - sum_to(found->second);
    add(found->second, -1);
    found->second = now_;
  }
  add(now_, 1);
  return distance;
}

}  // namespace heat::traces
