// Fits the free entries of an energy table, within stated bounds, to runs whose energy or EDP is known from elsewhere.
// docs/energy-tables.md describes the file.
//
// A run's energy is linear in the entries (counts x pJ, static power x time), and so is its EDP at the simulated latency.
// The fit minimises  sum over rows of weight * (predicted / target - 1)^2  +  pull * sum over free ones of
// ((value - start) / (upper - lower))^2, a problem with one minimiser: what the rows do not tell stays near its start.
#pragma once

#include <Eigen/Core>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "offline/loop/bounded_least_squares.h"
#include "offline/loop/energy_run.h"
#include "spec/arch_spec.h"

namespace heat::offline {

// What the fit may change: an entry, or the factor (start 1) that several entries are scaled by together.
struct FreeValue {
  std::string name;                  // the entry's, or the scale's
  std::vector<std::size_t> entries;  // positions in EnergyEntries
  bool scale = false;
  double start = 0, lower = 0, upper = 0;
  std::string source;  // why these bounds
};

enum class EnergyTarget { kEdp, kEnergy };

struct TargetRow {
  std::string name;
  EnergyRun run;
  EnergyTarget kind = EnergyTarget::kEdp;
  double target = 0;  // J*s of an EDP, pJ of an energy
  double weight = 1;
  std::optional<double> target_latency_ns;  // compared, never fitted

  double predicted(const EnergyEntries& entries) const;
};

struct EnergyFitProblem {
  std::string file, name;  // the configuration; the fitted table's name
  std::string start_file;
  spec::EnergyTable start_table;
  EnergyEntries start{};
  std::vector<FreeValue> free;
  std::vector<TargetRow> rows;
  double pull = 0;

  // The entries with all free values at one of their bounds: no row can be predicted below the one, above the other.
  EnergyEntries at_bounds(BoundHit bound) const;

  // Reads the configuration, its machine, table and runs. `runs` (row name -> file) take the place of the rows' own. Throws
  // ConfigError with all problems of all of them.
  static EnergyFitProblem load(const std::string& path, const std::map<std::string, std::string>& runs = {});
};

// The entries that free values make of the start table.
EnergyEntries entries_with(const EnergyFitProblem& problem, const std::vector<double>& values);

// The rows as equations in the free values, each value as a fraction of its way from lower to upper: a x = b.
BoundedLeastSquares row_equations(const EnergyFitProblem& problem);

// How much the rows say about the free values.
struct Identifiability {
  std::size_t rank = 0;                          // of the rows' equations: singular values above 1e-9 of the largest
  std::vector<double> resolution;                // of every free value: 1 the rows alone fix it, 0 they say nothing
  std::vector<std::size_t> unseen;               // free values that move no row
  std::vector<std::vector<std::size_t>> groups;  // free values that move all rows in the same proportion (to 1e-4)
};

struct EnergyFit {
  std::vector<double> values;  // of the free values, six significant digits
  std::vector<BoundHit> hits;
  EnergyEntries entries{};
  Identifiability identifiability;
};

EnergyFit fit_energy(const EnergyFitProblem& problem);

}  // namespace heat::offline
