// Walks each configuration's list of cuts: a part that is cut is its two parts, so none of it can be left out.
#include "offline/certificate/check.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "offline/certificate/plain_bound.h"

namespace heat::offline::certificate {
namespace {

using machines::Cost;

// Sums in another order differ by less.
constexpr double kRounding = 1e-9;
// Mappings, legal or not, in a part that says it was costed.
constexpr double kLargestCosted = 1 << 16;
// Cuts within cuts.
constexpr int kDeepest = 2000;

std::string text_of(double value) {
  if (std::isinf(value)) return "none";
  char text[32];
  std::snprintf(text, sizeof text, "%.10g", value);
  return text;
}

bool equal(double x, double y) {
  if (std::isinf(x) || std::isinf(y)) return x == y;
  return std::abs(x - y) <= kRounding * std::max(std::abs(x), std::abs(y));
}

class ProofChecker {
 public:
  ProofChecker(const Certificate& certificate, const Proof& proof, const machines::Machine& machine,
               const MachineFacts& facts, Checked& checked)
      : c_(certificate),
        proof_(proof),
        machine_(machine),
        coster_(c_.size, proof.configuration, machine),
        bound_(coster_.problem().workload, coster_.problem().group, facts),
        space_(Box::all(bound_.extents(), facts.pes.pes)),
        checked_(checked) {}

  // The least bound of all parts.
  double run() {
    part(space_, 0);
    if (next_ != proof_.entries.size())
      refuse("has " + std::to_string(proof_.entries.size() - next_) + " entries more than its cuts ask for");
    return least_;
  }
  bool holds(const spec::GemmMapping& mapping) const { return space_.holds(mapping); }
  const MappingCoster& coster() const { return coster_; }

 private:
  [[noreturn]] void refuse(const std::string& what) const {
    throw Refused("subspaces of " + proof_.configuration.text() + ": " + what);
  }

  double value(const Cost& cost) const {
    return machines::objective_value(c_.objective, cost.cycles, cost.energy_pj, machine_.arch);
  }

  void part(const Box& box, int depth) {
    if (next_ == proof_.entries.size()) refuse("end before the whole space is covered");
    if (depth > kDeepest) refuse("are cut more than " + std::to_string(kDeepest) + " times within one another");
    const std::size_t number = next_++;
    if (const Cut* cut = std::get_if<Cut>(&proof_.entries[number])) {
      const Range& range = box.range[cut->axis];
      if (cut->at < range.low || cut->at >= range.high)
        refuse("subspace " + std::to_string(number) + " is cut at " + axis_name(cut->axis) + " " +
               std::to_string(cut->at) + ", expected from " + std::to_string(range.low) + " to below " +
               std::to_string(range.high));
      part(box.lower(cut->axis, cut->at), depth + 1);
      part(box.upper(cut->axis, cut->at), depth + 1);
      return;
    }
    const Part& stated = std::get<Part>(proof_.entries[number]);
    const double found = stated.costed ? cost_all(box, number) : value(bound_.of(box));
    if (!equal(stated.least, found))
      refuse("subspace " + std::to_string(number) + " has the bound " + text_of(stated.least) + ", its mappings " +
             (stated.costed ? "cost " : "are bounded by ") + text_of(found));
    least_ = std::min(least_, found);
    ++checked_.subspaces;
  }

  double cost_all(const Box& box, std::size_t number) {
    if (box.count() > kLargestCosted)
      refuse("subspace " + std::to_string(number) + " has " + text_of(box.count()) +
             " mappings, more than are costed one by one");
    checked_.costed += static_cast<std::int64_t>(box.count());
    return coster_.cost_all(
        box, [&](const Cost& cost) { return value(cost); }, [](const auto&, const Cost&) {});
  }

  const Certificate& c_;
  const Proof& proof_;
  const machines::Machine& machine_;
  const MappingCoster coster_;
  const PlainBound bound_;
  const Box space_;
  Checked& checked_;
  std::size_t next_ = 0;
  double least_ = std::numeric_limits<double>::infinity();
};

void check_machine(const Certificate& c, const machines::Machine& machine) {
  const nlohmann::json expected = machine_json(machine);
  if (c.machine == expected) return;
  for (const auto& change : nlohmann::json::diff(expected, c.machine)) {
    const std::string path = change.at("path").get<std::string>();
    const nlohmann::json::json_pointer at(path);
    throw Refused("machine" + path + ": is " + (c.machine.contains(at) ? c.machine.at(at).dump() : "missing") + ", '" +
                  machine.arch.file + "' has " + (expected.contains(at) ? expected.at(at).dump() : "no such value"));
  }
}

void check_mapping(const Certificate& c, const machines::Machine& machine) {
  const MappingCoster coster(c.size, c.configuration, machine);
  if (const std::string objection = coster.objection(c.mapping); !objection.empty())
    throw Refused("mapping: is not legal: " + objection);
  const Cost cost = coster.cost(c.mapping);
  const auto compare = [](const char* key, double stated, double found) {
    if (!equal(stated, found))
      throw Refused(std::string(key) + ": is " + text_of(stated) + ", the mapping costs " + text_of(found));
  };
  compare("cycles", c.cycles, cost.cycles);
  compare("energy_pj", c.energy_pj, cost.energy_pj);
  compare("value", c.value, machines::objective_value(c.objective, cost.cycles, cost.energy_pj, machine.arch));
}

}  // namespace

Checked check(const Certificate& c, const machines::Machine& machine) {
  check_machine(c, machine);
  const std::vector<Configuration> all = configurations(c.size, machine.arch.chiplets());
  if (std::find(all.begin(), all.end(), c.configuration) == all.end())
    throw Refused("mapping: " + c.configuration.text() + " is not in the space");
  check_mapping(c, machine);
  for (std::size_t i = 0; i < std::max(all.size(), c.proofs.size()); ++i) {
    if (i == all.size())
      throw Refused("proof: has a configuration more than the space: " + c.proofs[i].configuration.text());
    if (i == c.proofs.size() || !(c.proofs[i].configuration == all[i]))
      throw Refused("proof: lacks " + all[i].text() + " as configuration " + std::to_string(i));
  }
  Checked checked;
  const MachineFacts facts(machine);
  double least = c.value;
  for (const Proof& proof : c.proofs) least = std::min(least, ProofChecker(c, proof, machine, facts, checked).run());
  if (!equal(least, c.lower_bound))
    throw Refused("lower_bound: is " + text_of(c.lower_bound) + ", the subspaces' least is " + text_of(least));
  return checked;
}

}  // namespace heat::offline::certificate
