// The calibration loop: map a set of workloads, simulate them, fit the model, map again with what was learnt.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/jobs/jobs_option.h"
#include "offline/cost_table/correct.h"
#include "offline/loop/calibration.h"
#include "offline/mapper/search.h"

namespace heat::offline {

// A layer given as an einsum with a path, or a GEMM (see configs/calibration.yaml for the file's form).
struct CalibrationWorkload {
  std::string name;
  spec::Einsum einsum;
  spec::ContractionPath path;
  int input = 0;                        // position of the activation among the operands
  std::optional<spec::LayerForm> form;  // the cost table's pair that it is
};

struct CalibrationConfig {
  std::string arch;
  std::vector<CalibrationWorkload> workloads;
  std::vector<std::string> schedules;  // finished schedules: simulated and fitted, never mapped again
  std::vector<std::string> runs;       // run databases of finished simulations: fitted only
  std::string cost_table;              // its rows are workloads too, and the results go into it; empty: none
  std::string table_rows = "s_star";   // which of them (table_workloads.h)
  int rounds = 2;
  base::JobsOption jobs{base::JobsBackend::kProcesses, 1, {}};
  base::Shard shard;  // the part of every round's simulations that is run here
  mapper::Objective objective = mapper::Objective::kEdp;

  // Throws ConfigError with all problems. Paths are relative to the file.
  static CalibrationConfig load(const std::string& path);
  // Throws ConfigError when there is nothing to do or a file is missing.
  void check() const;
};

struct CalibrationRound {
  FitQuality before, after;  // with the calibration this round's mappings were chosen by, and with the one fitted to it
  int changed_mappings = 0;  // workloads that are mapped otherwise than in the round before
  double edp_js = 0;         // measured, sum of energies times sum of delays over the workloads
};

struct CalibrationResult {
  machines::Calibration calibration;
  std::vector<CalibrationRound> rounds;
  // Of the last round's workloads; of whole networks (schedules, runs) where these have the same pairs.
  Measurements measured;
};

// Writes schedules, simulation results and calibration.json below `folder`. Throws what the simulator says. Nothing when
// it went as far as a shard can: results of a round's other shards are missing.
std::optional<CalibrationResult> run_calibration(const CalibrationConfig& config, const std::string& folder);

}  // namespace heat::offline
