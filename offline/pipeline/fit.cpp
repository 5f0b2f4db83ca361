// The model's parameters from the groups of all runs; the pairs' measurements from the layers of the latest.
#include "offline/pipeline/fit.h"

#include <algorithm>

#include "machines/make_machine.h"
#include "offline/pipeline/simulation.h"

namespace heat::offline {

void LoopFit::add(spec::Schedule schedule, const SimulatedSchedule& run) {
  const SimulationResult result = read_simulation(context_.absolute(run.simulation));
  samples_.push_back(read_sample(run.name, schedule, result.json));
  new_pairs_.add(schedule, result, context_.arch().clock_ghz);
  runs_.push_back({std::move(schedule), run});
}

// The run's plan with this calibration's predictions.
spec::Plan LoopFit::predicted(const Run& run, const machines::Calibration& calibration) const {
  spec::Plan plan = run.schedule.plan;
  machines::predict(run.schedule.workload, plan,
                    *machines::make_machine(context_.arch(), context_.energy(), calibration));
  return plan;
}

void LoopFit::update() {
  calibration_ = fit_calibration(samples_, context_.arch(), context_.energy());
  for (const auto& [key, measurement] : new_pairs_.means()) measured_[key] = measurement;
  new_pairs_ = {};
  const spec::Plan last = predicted(runs_.back(), calibration_);
  const Figures& simulated = runs_.back().measured.simulated;
  cycles_factor_ = simulated.cycles / last.prediction.cycles;
  energy_factor_ = simulated.energy_pj / last.prediction.energy_pj;
}

spec::Prediction LoopFit::corrected(const spec::Prediction& prediction) const {
  spec::Prediction p = prediction;
  p.cycles *= cycles_factor_;
  p.energy_pj *= energy_factor_;
  return p;
}

LoopFit LoopFit::from_state(PipelineContext& context, const LoopFitState& state) {
  LoopFit fit(context);
  fit.calibration_ = state.parameters;
  fit.cycles_factor_ = state.cycles_factor;
  fit.energy_factor_ = state.energy_factor;
  return fit;
}

LoopErrors LoopFit::errors() const {
  LoopErrors errors;
  for (const Run& run : runs_) {
    const spec::Plan before = predicted(run, {}), after = predicted(run, calibration_);
    for (spec::GroupId g : after.groups.ids()) {
      const GroupFigures& measured = run.measured.groups.at(static_cast<std::size_t>(g.value));
      const double cycles = measured.cycles, energy = measured.energy_pj;
      if (cycles == 0) continue;  // it ran beside the end of the group before
      ++errors.groups;
      errors.latency_error_before += relative_error(before.groups[g].prediction.cycles, cycles);
      errors.latency_error_after += relative_error(after.groups[g].prediction.cycles * cycles_factor_, cycles);
      errors.energy_error_before += relative_error(before.groups[g].prediction.energy_pj, energy);
      errors.energy_error_after += relative_error(after.groups[g].prediction.energy_pj * energy_factor_, energy);
    }
  }
  const double n = static_cast<double>(std::max<std::int64_t>(1, errors.groups));
  for (double* sum : {&errors.latency_error_before, &errors.latency_error_after, &errors.energy_error_before,
                      &errors.energy_error_after})
    *sum /= n;
  return errors;
}

std::vector<LoopPoint> LoopFit::points() const {
  std::vector<LoopPoint> points;
  if (runs_.empty()) return points;
  const Run& run = runs_.back();
  const spec::Plan before = predicted(run, {}), after = predicted(run, calibration_);
  for (spec::GroupId g : after.groups.ids()) {
    const spec::Prediction &was = before.groups[g].prediction, &is = after.groups[g].prediction;
    const GroupFigures& measured = run.measured.groups.at(static_cast<std::size_t>(g.value));
    points.push_back({after.groups[g].name, was.cycles, is.cycles * cycles_factor_, measured.cycles, was.energy_pj,
                      is.energy_pj * energy_factor_, measured.energy_pj});
  }
  return points;
}

LoopFitState LoopFit::state() const {
  return {calibration_, cycles_factor_, energy_factor_};
}

}  // namespace heat::offline
