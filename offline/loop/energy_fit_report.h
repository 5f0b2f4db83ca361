// What a fit of an energy table found: the table itself, and how well it meets the rows.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "offline/loop/energy_fit.h"

namespace heat::offline {

// The fitted table as configs/energy/*.yaml: fitted entries with where they come from, the others as the start table has
// them, its comments included.
std::string fitted_table_yaml(const EnergyFitProblem& problem, const EnergyFit& fit);

// Rows, free values, identifiability; the keys of docs/energy-tables.md.
nlohmann::ordered_json to_json(const EnergyFitProblem& problem, const EnergyFit& fit);

// The same for people.
std::string to_text(const EnergyFitProblem& problem, const EnergyFit& fit);

}  // namespace heat::offline
