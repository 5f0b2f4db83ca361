// Which groups of a plan signal that their results are in place, and how many signals a reader waits for.
#pragma once

#include <cstdint>
#include <map>

#include "spec/schedule.h"

namespace heat::simba {

class ResultSignals {
 public:
  // A group signals when a later one reads what it writes. `schedule` must outlive this.
  explicit ResultSignals(const spec::Schedule& schedule);
  bool signals(spec::GroupId group) const { return number_.count(group) != 0; }
  // Signals that must have come from every chiplet before a node of `group` reads the tensor; 0 for what is given, and
  // for what the group itself writes.
  std::uint32_t before_reading(spec::TensorId tensor, spec::GroupId group) const;

 private:
  std::map<spec::TensorId, spec::GroupId> writer_;
  std::map<spec::GroupId, std::uint32_t> number_;  // of the groups that signal
};

}  // namespace heat::simba
