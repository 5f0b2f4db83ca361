// The model's parameters from the groups of all runs; the pairs' measurements from the layers of the latest.
#include "offline/pipeline/fit.h"

#include <algorithm>

#include "offline/pipeline/simulation.h"

namespace heat::offline {
void LoopFit::add(spec::Schedule schedule, const nlohmann::json& run) {
  const SimulationResult result = read_simulation(context_.out() + "/" + run.at("simulation").get<std::string>());
  samples_.push_back(read_sample(run.at("name").get<std::string>(), schedule, result.json));
  new_pairs_.add(schedule, result, context_.arch().clock_ghz);
  runs_.push_back({std::move(schedule), run});
}

spec::Schedule LoopFit::predicted(const Run& run, const machines::simba::Calibration& calibration) const {
  spec::Schedule schedule = run.schedule;
  machines::simba::predict(schedule, {context_.arch(), context_.energy(), calibration});
  return schedule;
}

void LoopFit::update() {
  calibration_ = fit_calibration(samples_, context_.arch(), context_.energy());
  for (const auto& [key, measurement] : new_pairs_.means()) measured_[key] = measurement;
  new_pairs_ = {};
  const spec::Schedule last = predicted(runs_.back(), calibration_);
  const auto& simulated = runs_.back().measured.at("simulated");
  cycles_factor_ = simulated.at("cycles").get<double>() / last.prediction.cycles;
  energy_factor_ = simulated.at("energy_pj").get<double>() / last.prediction.energy_pj;
}

spec::Prediction LoopFit::corrected(const spec::Prediction& prediction) const {
  spec::Prediction p = prediction;
  p.cycles *= cycles_factor_;
  p.energy_pj *= energy_factor_;
  return p;
}

LoopFit LoopFit::from_state(PipelineContext& context, const nlohmann::json& state,
                            const std::string& calibration_file) {
  LoopFit fit(context);
  fit.calibration_ = machines::simba::Calibration::load(calibration_file);
  fit.cycles_factor_ = state.at("cycles_factor").get<double>();
  fit.energy_factor_ = state.at("energy_factor").get<double>();
  return fit;
}

nlohmann::json LoopFit::errors() const {
  double latency_before = 0, latency_after = 0, energy_before = 0, energy_after = 0;
  std::size_t groups = 0;
  for (const Run& run : runs_) {
    const spec::Schedule before = predicted(run, {}), after = predicted(run, calibration_);
    for (std::size_t g = 0; g < after.groups.size(); ++g, ++groups) {
      const auto& measured = run.measured.at("groups").at(g);
      const double cycles = measured.at("cycles").get<double>(), energy = measured.at("energy_pj").get<double>();
      latency_before += relative_error(before.groups[g].prediction.cycles, cycles);
      latency_after += relative_error(after.groups[g].prediction.cycles * cycles_factor_, cycles);
      energy_before += relative_error(before.groups[g].prediction.energy_pj, energy);
      energy_after += relative_error(after.groups[g].prediction.energy_pj * energy_factor_, energy);
    }
  }
  const double n = static_cast<double>(std::max<std::size_t>(1, groups));
  return {{"groups", groups},
          {"latency_error_before", latency_before / n},
          {"latency_error_after", latency_after / n},
          {"energy_error_before", energy_before / n},
          {"energy_error_after", energy_after / n}};
}

nlohmann::json LoopFit::points() const {
  nlohmann::json points = nlohmann::json::array();
  if (runs_.empty()) return points;
  const Run& run = runs_.back();
  const spec::Schedule before = predicted(run, {}), after = predicted(run, calibration_);
  for (std::size_t g = 0; g < after.groups.size(); ++g) {
    const auto& measured = run.measured.at("groups").at(g);
    points.push_back({{"group", after.groups[g].name},
                      {"predicted_cycles_before", before.groups[g].prediction.cycles},
                      {"predicted_cycles_after", after.groups[g].prediction.cycles * cycles_factor_},
                      {"measured_cycles", measured.at("cycles")},
                      {"predicted_energy_pj_before", before.groups[g].prediction.energy_pj},
                      {"predicted_energy_pj_after", after.groups[g].prediction.energy_pj * energy_factor_},
                      {"measured_energy_pj", measured.at("energy_pj")}});
  }
  return points;
}

nlohmann::json LoopFit::state() const {
  return {{"parameters", nlohmann::json::parse(machines::simba::to_json(calibration_).dump())},
          {"cycles_factor", cycles_factor_},
          {"energy_factor", energy_factor_}};
}

}  // namespace heat::offline
