// What the loop learns from simulated runs: the analytical model's parameters, and the factors that remain.
#pragma once

#include <nlohmann/json.hpp>
#include <vector>

#include "offline/pipeline/layer_costs.h"

namespace heat::offline {

class LoopFit {
 public:
  explicit LoopFit(PipelineContext& context) : context_(context) {}

  // A schedule with its simulation (as simulate_schedule returned it).
  void add(spec::Schedule schedule, const nlohmann::json& run);
  // Fits to all runs added so far.
  void update();

  const mapper::Calibration& calibration() const { return calibration_; }
  const Corrections& corrections() const { return corrections_; }
  // A schedule's prediction under this calibration, times what the last run's prediction was off by.
  spec::Prediction corrected(const spec::Prediction& prediction) const;

  // Everything learnt, to go on from in a later stage.
  nlohmann::json state() const;
  static LoopFit from_state(PipelineContext& context, const nlohmann::json& state, const std::string& calibration_file);

  // Mean relative errors over the groups of all runs: {"latency_before", "latency_after", "energy_before", ...}.
  nlohmann::json errors() const;
  // One a group of the last run, for the report's picture.
  nlohmann::json points() const;

 private:
  struct Run {
    spec::Schedule schedule;
    nlohmann::json measured;
  };
  spec::Schedule predicted(const Run& run, const mapper::Calibration& calibration) const;
  void update_corrections();

  PipelineContext& context_;
  std::vector<Run> runs_;
  mapper::Calibration calibration_;
  Corrections corrections_;
  double cycles_factor_ = 1, energy_factor_ = 1;
};

}  // namespace heat::offline
