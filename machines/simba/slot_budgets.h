// What the slots of streamed tiles may take in the global buffer beside all that a group keeps there.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "machines/machine.h"
#include "machines/simba/gb_layout.h"

namespace heat::machines::simba {

// `layout`: of the group without tiles of its GEMMs; `word`: bytes of an access. Nothing, and in `reason` why, when that
// does not fit.
std::optional<SlotBudget> free_slots(const GbLayout& layout, std::int64_t step, std::int64_t word, std::string& reason);

// Ways to share the slots when the nodes' own choices do not fit together (`asked`: the layout with them): in proportion
// to what they ask for, and evenly among the operands that stream.
std::vector<SlotBudget> shared_slots(const SlotBudget& budget, const GbLayout& asked);

}  // namespace heat::machines::simba
