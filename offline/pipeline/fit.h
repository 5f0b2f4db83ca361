// What the loop learns from simulated runs: the analytical model's parameters, what the shape-rank pairs measured, and
// the factors by which the last prediction was off.
#pragma once

#include <vector>

#include "offline/loop/calibration.h"
#include "offline/loop/pair_measurements.h"
#include "offline/pipeline/layer_costs.h"
#include "offline/pipeline/stage_results.h"

namespace heat::offline {

class LoopFit {
 public:
  explicit LoopFit(PipelineContext& context) : context_(context) {}

  // A schedule with its simulation (as simulate_schedule returned it); of a round's the choice last.
  void add(spec::Schedule schedule, const SimulatedSchedule& run);
  // Fits to all runs added so far. What those since the last update measured replaces earlier measurements.
  void update();

  const machines::Calibration& calibration() const { return calibration_; }
  // What the cost table learns: every simulated shape-rank pair.
  const Measurements& measured() const { return measured_; }
  // A schedule's prediction under this calibration, times what the last run's prediction was off by.
  spec::Prediction corrected(const spec::Prediction& prediction) const;

  // Everything learnt, to go on from in a later stage.
  LoopFitState state() const;
  static LoopFit from_state(PipelineContext& context, const LoopFitState& state);

  LoopErrors errors() const;
  // One a group of the last run, for the report's picture.
  std::vector<LoopPoint> points() const;

 private:
  struct Run {
    spec::Schedule schedule;
    SimulatedSchedule measured;
  };
  spec::Plan predicted(const Run& run, const machines::Calibration& calibration) const;

  PipelineContext& context_;
  std::vector<Run> runs_;
  machines::Calibration calibration_;
  std::vector<CalibrationSample> samples_;  // of runs_
  PairMeasurements new_pairs_;
  Measurements measured_;
  double cycles_factor_ = 1, energy_factor_ = 1;
};

}  // namespace heat::offline
