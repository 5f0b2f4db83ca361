// Why nothing moves: what every unit waits for, and the chain of causes. Plain, no kernel.
#pragma once

#include <string>
#include <vector>

#include "spec/ids.h"

namespace heat::simba {

// A unit of a chiplet: an engine of the ABI, or kControllerUnit.
struct UnitId {
  spec::ChipletId chiplet;
  int unit = 0;
  bool operator==(const UnitId& o) const { return chiplet == o.chiplet && unit == o.unit; }
};

// A unit that cannot go on.
struct Blocked {
  UnitId id;
  std::string name;        // of its module
  std::string waits;       // what it waits for, as a sentence without its subject
  std::vector<UnitId> on;  // units that have to move first; empty: no unit can help
  bool has_work = true;    // false: it is here because others wait for it
};

// "\n  name: what it waits for" a unit: first the chain of causes, from a unit to the one it waits for, which closes on
// itself or ends in a unit that none can help; then the other units with work, as far as `lines` reach.
std::string deadlock_report(const std::vector<Blocked>& units, std::size_t lines);

}  // namespace heat::simba
