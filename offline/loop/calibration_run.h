// The calibration loop: map a set of workloads, simulate them, fit the model, map again with what was learnt.
#pragma once

#include <string>
#include <vector>

#include "offline/loop/calibration.h"
#include "offline/mapper/search.h"

namespace heat::offline {

// A layer given as an einsum with a path, or a GEMM (see configs/calibration.yaml for the file's form).
struct CalibrationWorkload {
  std::string name;
  spec::Einsum einsum;
  spec::ContractionPath path;
};

struct CalibrationConfig {
  std::string arch;
  std::vector<CalibrationWorkload> workloads;
  std::vector<std::string> schedules;  // finished schedules: simulated and fitted, never mapped again
  int rounds = 2;
  int jobs = 1;
  mapper::Objective objective = mapper::Objective::kEdp;

  // Throws ConfigError with all problems.
  static CalibrationConfig load(const std::string& path);
};

struct CalibrationRound {
  FitQuality before, after;  // with the calibration this round's mappings were chosen by, and with the one fitted to it
  int changed_mappings = 0;  // workloads that are mapped otherwise than in the round before
  double edp_js = 0;         // measured, sum of energies times sum of delays over the workloads
};

struct CalibrationResult {
  mapper::Calibration calibration;
  std::vector<CalibrationRound> rounds;
};

// Writes schedules, simulation results and calibration.json below `folder`. Throws what the simulator says.
CalibrationResult run_calibration(const CalibrationConfig& config, const std::string& folder);

}  // namespace heat::offline
