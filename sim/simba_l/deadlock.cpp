// Depth-first search for a circle of waits: every wait has to end, so one circle is enough of a cause. Without one, some
// unit waits for what no unit can give, and the chain that ends there is the cause.
#include "sim/simba_l/deadlock.h"

#include <algorithm>
#include <optional>

namespace heat::simba {
namespace {

class WaitGraph {
 public:
  explicit WaitGraph(const std::vector<Blocked>& units) : units_(units), state_(units.size(), State::kNew) {}

  // Indices of a circle, each waiting for the next and the last for the first; empty when there is none.
  std::vector<std::size_t> circle() {
    for (std::size_t i = 0; i < units_.size(); ++i)
      if (units_[i].has_work && visit(i)) return {path_.begin() + static_cast<std::ptrdiff_t>(closes_at_), path_.end()};
    return {};
  }

  // From the first unit with work to one that none can help.
  std::vector<std::size_t> chain() const {
    std::vector<std::size_t> list;
    const auto first = std::find_if(units_.begin(), units_.end(), [](const Blocked& b) { return b.has_work; });
    if (first == units_.end()) return list;
    list.push_back(static_cast<std::size_t>(first - units_.begin()));
    while (const auto next = first_known(units_[list.back()])) list.push_back(*next);
    return list;
  }

 private:
  enum class State { kNew, kOnPath, kDone };

  std::optional<std::size_t> find(const UnitId& id) const {
    const auto it = std::find_if(units_.begin(), units_.end(), [&](const Blocked& b) { return b.id == id; });
    if (it == units_.end()) return std::nullopt;
    return static_cast<std::size_t>(it - units_.begin());
  }
  std::optional<std::size_t> first_known(const Blocked& b) const {
    for (const UnitId& id : b.on)
      if (const auto next = find(id)) return next;
    return std::nullopt;
  }
  // Whether a circle was closed; it is the end of path_, from closes_at_ on.
  bool visit(std::size_t i) {
    if (state_[i] == State::kDone) return false;
    if (state_[i] == State::kOnPath) {
      closes_at_ = static_cast<std::size_t>(std::find(path_.begin(), path_.end(), i) - path_.begin());
      return true;
    }
    state_[i] = State::kOnPath;
    path_.push_back(i);
    for (const UnitId& id : units_[i].on) {
      const auto next = find(id);
      if (next && visit(*next)) return true;
    }
    path_.pop_back();
    state_[i] = State::kDone;
    return false;
  }

  const std::vector<Blocked>& units_;
  std::vector<State> state_;
  std::vector<std::size_t> path_;
  std::size_t closes_at_ = 0;
};

}  // namespace

std::string deadlock_report(const std::vector<Blocked>& units, std::size_t lines) {
  WaitGraph graph(units);
  const auto line = [&](std::size_t i) { return "\n  " + units[i].name + ": " + units[i].waits; };
  std::vector<std::size_t> causes = graph.circle();
  std::string text = causes.empty() ? "\n the chain of causes, each waiting for the next:"
                                    : "\n these wait for each other, each for the next and the last for the first:";
  if (causes.empty()) causes = graph.chain();
  for (std::size_t i : causes) text += line(i);
  std::string others;
  std::size_t left_out = 0, written = 0;
  for (std::size_t i = 0; i < units.size(); ++i) {
    if (!units[i].has_work || std::find(causes.begin(), causes.end(), i) != causes.end()) continue;
    if (written < lines)
      others += line(i), ++written;
    else
      ++left_out;
  }
  if (!others.empty()) text += "\n waiting too:" + others;
  if (left_out > 0) text += "\n  and " + std::to_string(left_out) + " more";
  return text;
}

}  // namespace heat::simba
