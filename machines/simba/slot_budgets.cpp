// Slots come in pairs: half of what is free is one of each pair.
#include "machines/simba/slot_budgets.h"

#include <algorithm>

namespace heat::machines::simba {

std::optional<SlotBudget> free_slots(const GbLayout& layout, std::int64_t step, std::int64_t word,
                                     std::string& reason) {
  const std::int64_t taken = layout.total_bytes - 2 * (layout.input.bytes + layout.output.bytes);
  if (!layout.fits()) {
    reason = "resident tensors, parameters and rows take " + std::to_string(layout.total_bytes) + " bytes of the " +
             std::to_string(layout.room.bytes) + " that are free in the global buffer at step " + std::to_string(step);
    return std::nullopt;
  }
  SlotBudget budget;
  budget.word = word;
  budget.weight = budget.input = budget.output = budget.total = (layout.room.bytes - taken) / 2;
  budget.least_input = layout.input.bytes;
  budget.least_output = layout.output.bytes;
  return budget;
}

std::vector<SlotBudget> shared_slots(const SlotBudget& budget, const GbLayout& asked) {
  const double sum = static_cast<double>(asked.weight.bytes + asked.input.bytes + asked.output.bytes);
  const int roles = (asked.weight.bytes > 0) + (asked.input.bytes > 0) + (asked.output.bytes > 0);
  std::vector<SlotBudget> list;
  for (bool even : {false, true}) {
    const auto part = [&](std::int64_t bytes) -> std::int64_t {
      if (bytes == 0) return 0;
      const double share = even ? 1.0 / roles : static_cast<double>(bytes) / sum;
      return static_cast<std::int64_t>(share * static_cast<double>(budget.total)) / budget.word * budget.word;
    };
    SlotBudget b = budget;
    b.weight = part(asked.weight.bytes);
    b.input = std::max(part(asked.input.bytes), budget.least_input);
    b.output = std::max(part(asked.output.bytes), budget.least_output);
    list.push_back(b);
  }
  return list;
}

}  // namespace heat::machines::simba
