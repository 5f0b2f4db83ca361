// The best groups that a search met.
#pragma once

#include <algorithm>
#include <utility>
#include <vector>

#include "base/errors.h"
#include "spec/plan.h"

namespace heat::offline::mapper {

class BestGroups {
 public:
  // So many of them, with values below `cutoff` (negative: any).
  BestGroups(std::size_t keep, double cutoff) : keep_(keep), below_(cutoff) {
    HEAT_CHECK(keep >= 1, "a search for no mapping");
  }
  // Only values below this are of interest; negative: all.
  double below() const { return below_; }
  // Keeps the group when it is among the best; of equals the first.
  void offer(double value, const spec::FusedGroup& group) {
    if (below_ >= 0 && value >= below_) return;
    const auto behind =
        std::upper_bound(list_.begin(), list_.end(), value, [](double v, const auto& kept) { return v < kept.first; });
    list_.insert(behind, {value, group});
    if (list_.size() > keep_) list_.pop_back();
    if (list_.size() == keep_) below_ = list_.back().first;
  }
  // The best first.
  std::vector<spec::FusedGroup> groups() const {
    std::vector<spec::FusedGroup> groups;
    for (const auto& kept : list_) groups.push_back(kept.second);
    return groups;
  }

 private:
  std::size_t keep_;
  double below_;
  std::vector<std::pair<double, spec::FusedGroup>> list_;
};

}  // namespace heat::offline::mapper
