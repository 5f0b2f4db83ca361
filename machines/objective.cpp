// The three objectives by name.
#include "machines/objective.h"

#include <stdexcept>

namespace heat::machines {

std::optional<Objective> parse_objective(const std::string& word) {
  for (Objective o : {Objective::kEdp, Objective::kEnergy, Objective::kLatency})
    if (word == objective_name(o)) return o;
  return std::nullopt;
}

const char* objective_name(Objective objective) {
  switch (objective) {
    case Objective::kEdp:
      return "edp";
    case Objective::kEnergy:
      return "energy";
    case Objective::kLatency:
      return "latency";
  }
  throw std::logic_error("unknown objective");
}

const char* objective_unit(Objective objective) {
  switch (objective) {
    case Objective::kEdp:
      return "js";
    case Objective::kEnergy:
      return "pj";
    case Objective::kLatency:
      return "cycles";
  }
  throw std::logic_error("unknown objective");
}

double gap(double value, double lower_bound) {
  return value > 0 ? (value - lower_bound) / value : 0;
}

double objective_value(Objective objective, double cycles, double energy_pj, const spec::ArchSpec& arch) {
  switch (objective) {
    case Objective::kEdp:
      return spec::edp_js(spec::Picojoules(energy_pj), spec::Nanoseconds(cycles / arch.clock_ghz));
    case Objective::kEnergy:
      return energy_pj;
    case Objective::kLatency:
      return cycles;
  }
  throw std::logic_error("unknown objective");
}

}  // namespace heat::machines
