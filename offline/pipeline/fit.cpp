// First the model's parameters, then, for each size and method, the mean of measured over predicted of its layers.
#include "offline/pipeline/fit.h"

#include <algorithm>

#include "offline/loop/calibration.h"
#include "offline/loop/simulator_process.h"
#include "offline/pipeline/simulation.h"

namespace heat::offline {
namespace {

// "256x1024 dense" or "256x1024 factorized"; empty for what is no linear layer.
std::string key_of_layer(const EncoderShape& shape, const spec::Schedule& schedule, const std::string& layer) {
  for (std::int64_t block = 0; block < shape.layers; ++block)
    for (const LinearName& linear : block_linears(shape)) {
      if (layer != block_prefix(block) + linear.suffix) continue;
      const bool dense = std::any_of(schedule.tensors.begin(), schedule.tensors.end(),
                                     [&](const spec::Tensor& t) { return t.name == layer + ".weight"; });
      return correction_key(linear.out, linear.in, dense);
    }
  return "";
}

}  // namespace

void LoopFit::add(spec::Schedule schedule, const nlohmann::json& run) {
  runs_.push_back({std::move(schedule), run});
}

spec::Schedule LoopFit::predicted(const Run& run, const mapper::Calibration& calibration) const {
  spec::Schedule schedule = run.schedule;
  mapper::predict(schedule, {context_.arch(), context_.energy(), calibration});
  return schedule;
}

void LoopFit::update() {
  std::vector<CalibrationSample> samples;
  for (const Run& run : runs_) {
    const std::string file = context_.out() + "/" + run.measured.at("simulation").get<std::string>();
    samples.push_back(
        read_sample(run.measured.at("name").get<std::string>(), run.schedule, read_simulation(file).json));
  }
  calibration_ = fit_calibration(samples, context_.arch(), context_.energy());
  update_corrections();
  const spec::Schedule last = predicted(runs_.back(), calibration_);
  const auto& simulated = runs_.back().measured.at("simulated");
  cycles_factor_ = simulated.at("cycles").get<double>() / last.prediction.cycles;
  energy_factor_ = simulated.at("energy_pj").get<double>() / last.prediction.energy_pj;
}

void LoopFit::update_corrections() {
  struct Sum {
    double measured_cycles = 0, cycles = 0, measured_energy = 0, energy = 0;
  };
  std::map<std::string, Sum> sums;
  const EncoderShape shape = context_.shape();
  for (const Run& run : runs_) {
    const spec::Schedule schedule = predicted(run, calibration_);
    std::map<std::string, Sum> layers;
    for (const spec::Node& node : schedule.nodes) {
      layers[node.layer].cycles += node.prediction.cycles;
      layers[node.layer].energy += node.prediction.energy_pj;
    }
    for (const auto& layer : run.measured.at("layers")) {
      const std::string name = layer.at("layer").get<std::string>();
      const std::string key = key_of_layer(shape, run.schedule, name);
      if (key.empty()) continue;
      Sum& sum = sums[key];
      sum.measured_cycles += layer.at("cycles").get<double>();
      sum.measured_energy += layer.at("energy_pj").get<double>();
      sum.cycles += layers[name].cycles;
      sum.energy += layers[name].energy;
    }
  }
  corrections_ = {};
  for (const auto& [key, s] : sums) {
    if (s.cycles > 0 && s.measured_cycles > 0) corrections_.cycles[key] = s.measured_cycles / s.cycles;
    if (s.energy > 0 && s.measured_energy > 0) corrections_.energy[key] = s.measured_energy / s.energy;
  }
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
  fit.calibration_ = mapper::Calibration::load(calibration_file);
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
  return {{"parameters", nlohmann::json::parse(mapper::to_json(calibration_).dump())},
          {"corrections", to_json(corrections_)},
          {"cycles_factor", cycles_factor_},
          {"energy_factor", energy_factor_}};
}

}  // namespace heat::offline
