// What a search minimises.
#pragma once

#include <optional>
#include <string>

#include "spec/arch_spec.h"

namespace heat::machines {

enum class Objective { kEdp, kEnergy, kLatency };
// "edp" | "energy" | "latency"; nothing for another word.
std::optional<Objective> parse_objective(const std::string& word);
const char* objective_name(Objective objective);

// The objective's value of a cost (J·s, pJ or cycles).
double objective_value(Objective objective, double cycles, double energy_pj, const spec::ArchSpec& arch);

// As keys end in it: "js", "pj" or "cycles".
const char* objective_unit(Objective objective);
// The share of a value that lies above a bound of it: 0 is a proof that nothing is better. Of a value of 0: 0.
double gap(double value, double lower_bound);

// Turns cycles and energy into the number that is minimised. With weights set: the linear objective of parts of
// something larger (the EDP of a sum is minimised by iterating it), in place of the other.
struct Goal {
  Objective objective = Objective::kEdp;
  double energy_weight = 0, cycle_weight = 0;
  bool linear() const { return energy_weight > 0 || cycle_weight > 0; }
  // EDP in pJ cycles: its order is that of objective_value.
  double value(double cycles, double energy_pj) const {
    if (linear()) return energy_weight * energy_pj + cycle_weight * cycles;
    return objective == Objective::kEdp ? energy_pj * cycles : objective == Objective::kEnergy ? energy_pj : cycles;
  }
};

}  // namespace heat::machines
