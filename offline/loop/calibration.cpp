// Pattern search: every parameter is moved up and down by its step, improvements are kept, steps are halved when none
// is found. The model is cheap (microseconds a group), so that a few thousand evaluations are nothing.
#include "offline/loop/calibration.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>

#include "machines/make_machine.h"

namespace heat::offline {
namespace {

using machines::Calibration;

struct Parameter {
  double Calibration::*member;
  double step, min, max;
};

// Only what the simulator's machine can show; order matters: the strongest first.
constexpr Parameter kParameters[] = {{&Calibration::dram_request_cycles, 0.5, 0, 100},
                                     {&Calibration::dram_latency_cycles, 20, 0, 2000},
                                     {&Calibration::load_overhead_cycles, 20, 0, 2000},
                                     {&Calibration::dram_bandwidth_factor, 0.1, 0.2, 1},
                                     {&Calibration::overlap, 0.2, 0, 1},
                                     {&Calibration::wave_overhead_cycles, 8, 0, 1000},
                                     {&Calibration::command_overhead_cycles, 4, 0, 200},
                                     {&Calibration::send_factor, 0.1, 0.5, 4},
                                     {&Calibration::node_overhead_cycles, 50, 0, 10000},
                                     {&Calibration::group_overhead_cycles, 50, 0, 10000}};

constexpr double kPull = 2e-4;  // weight of a parameter's squared distance from its start, in steps
constexpr int kRounds = 40;

spec::GroupId group_id(std::size_t position) {
  return spec::GroupId(static_cast<std::int32_t>(position));
}

double loss(const std::vector<CalibrationSample>& samples, const spec::ArchSpec& arch, const spec::EnergyTable& energy,
            const Calibration& calibration) {
  const std::unique_ptr<machines::Machine> machine = machines::make_machine(arch, energy, calibration);
  double sum = 0;
  int count = 0;
  for (const CalibrationSample& s : samples) {
    const machines::PlanCost cost = machines::evaluate(s.schedule.workload, s.schedule.plan, *machine);
    for (std::size_t g = 0; g < s.groups.size(); ++g) {
      if (s.groups[g].is_hidden()) continue;
      sum += std::pow(std::log(cost.groups[group_id(g)].cycles / s.groups[g].cycles), 2);
      ++count;
    }
  }
  return count > 0 ? sum / count : 0;
}

// pJ = a * bytes + b * cycles over all groups, relative errors weighted equally; both at least 0.
void fit_dram_energy(const std::vector<CalibrationSample>& samples, const spec::ArchSpec& arch,
                     Calibration& calibration) {
  double xx = 0, xy = 0, yy = 0, xz = 0, yz = 0;
  for (const CalibrationSample& s : samples)
    for (const auto& g : s.groups) {
      if (g.dram_pj <= 0 || g.dram_bytes <= 0) continue;
      const double x = g.dram_bytes / g.dram_pj, y = g.cycles / g.dram_pj;
      xx += x * x;
      xy += x * y;
      yy += y * y;
      xz += x;
      yz += y;
    }
  if (xx == 0) return;
  const double det = xx * yy - xy * xy;
  double a = xz / xx, b = 0;
  if (det > 1e-9 * xx * yy) {
    const double a2 = (xz * yy - yz * xy) / det, b2 = (yz * xx - xz * xy) / det;
    if (b2 >= 0 && a2 >= 0) {
      a = a2;
      b = b2;
    } else if (a2 < 0) {
      a = 0;
      b = yz / yy;
    }
  }
  calibration.dram_pj_per_byte = a;
  calibration.dram_background_mw = b * arch.clock_ghz;  // pJ a cycle = mW / GHz
}

std::vector<double> ranks(const std::vector<double>& values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t i, std::size_t j) { return values[i] < values[j]; });
  std::vector<double> rank(values.size());
  for (std::size_t i = 0; i < order.size();) {
    std::size_t j = i;
    while (j < order.size() && values[order[j]] == values[order[i]]) ++j;
    for (std::size_t k = i; k < j; ++k) rank[order[k]] = (static_cast<double>(i) + static_cast<double>(j) - 1) / 2;
    i = j;
  }
  return rank;
}

}  // namespace

double rank_correlation(const std::vector<double>& x, const std::vector<double>& y) {
  const std::size_t n = x.size();
  if (n < 2 || y.size() != n) return 0;
  const std::vector<double> rx = ranks(x), ry = ranks(y);
  const double mean = (static_cast<double>(n) - 1) / 2;
  double xy = 0, xx = 0, yy = 0;
  for (std::size_t i = 0; i < n; ++i) {
    xy += (rx[i] - mean) * (ry[i] - mean);
    xx += (rx[i] - mean) * (rx[i] - mean);
    yy += (ry[i] - mean) * (ry[i] - mean);
  }
  return xx > 0 && yy > 0 ? xy / std::sqrt(xx * yy) : 0;
}

FitQuality quality(const std::vector<CalibrationSample>& samples, const spec::ArchSpec& arch,
                   const spec::EnergyTable& energy, const Calibration& calibration) {
  const std::unique_ptr<machines::Machine> machine = machines::make_machine(arch, energy, calibration);
  FitQuality q;
  std::vector<double> predicted_cycles, measured_cycles, predicted_energy, measured_energy;
  for (const CalibrationSample& s : samples) {
    const machines::PlanCost cost = machines::evaluate(s.schedule.workload, s.schedule.plan, *machine);
    for (std::size_t g = 0; g < s.groups.size(); ++g) {
      if (s.groups[g].is_hidden()) continue;
      const machines::GroupCost& predicted = cost.groups[group_id(g)];
      predicted_cycles.push_back(predicted.cycles);
      measured_cycles.push_back(s.groups[g].cycles);
      predicted_energy.push_back(predicted.energy_pj);
      measured_energy.push_back(s.groups[g].energy_pj);
      const double c = predicted.cycles / s.groups[g].cycles, e = predicted.energy_pj / s.groups[g].energy_pj;
      q.cycles_mean_error += std::abs(c - 1);
      q.energy_mean_error += std::abs(e - 1);
      q.edp_mean_error += std::abs(c * e - 1);
      q.cycles_max_error = std::max(q.cycles_max_error, std::abs(c - 1));
      q.energy_max_error = std::max(q.energy_max_error, std::abs(e - 1));
      ++q.groups;
    }
  }
  if (q.groups == 0) return q;
  for (double* mean : {&q.cycles_mean_error, &q.energy_mean_error, &q.edp_mean_error}) *mean /= q.groups;
  q.cycles_spearman = rank_correlation(predicted_cycles, measured_cycles);
  q.energy_spearman = rank_correlation(predicted_energy, measured_energy);
  return q;
}

Calibration fit_calibration(const std::vector<CalibrationSample>& samples, const spec::ArchSpec& arch,
                            const spec::EnergyTable& energy, const Calibration& start) {
  std::size_t groups = 0;
  for (const CalibrationSample& s : samples) groups += s.groups.size();
  if (groups < 3) return start;
  Calibration best = start;
  const auto value = [&](const Calibration& c) {
    double pull = 0;
    for (const Parameter& p : kParameters) pull += std::pow((c.*p.member - start.*p.member) / p.step, 2);
    return loss(samples, arch, energy, c) + kPull * pull;
  };
  double best_value = value(best), scale = 1;
  for (int round = 0; round < kRounds && scale > 1e-2; ++round) {
    bool improved = false;
    for (const Parameter& p : kParameters)
      for (double direction : {1.0, -1.0}) {
        Calibration trial = best;
        trial.*p.member = std::clamp(best.*p.member + direction * scale * p.step, p.min, p.max);
        if (trial == best) continue;
        const double v = value(trial);
        if (v >= best_value) continue;
        best = trial;
        best_value = v;
        improved = true;
      }
    if (!improved) scale /= 2;
  }
  fit_dram_energy(samples, arch, best);
  return best;
}

CalibrationSample read_sample(const std::string& name, const spec::Schedule& schedule, const nlohmann::json& result) {
  CalibrationSample sample;
  sample.name = name;
  sample.schedule = schedule;
  const auto groups = result.value("groups", nlohmann::json::array());
  if (groups.size() != schedule.plan.groups.size())
    throw base::TraceError("simulation of '" + name + "' has " + std::to_string(groups.size()) +
                           " groups, its schedule has " + std::to_string(schedule.plan.groups.size()));
  std::map<std::string, const nlohmann::json*> nodes;
  const auto listed = result.find("nodes");
  if (listed != result.end())
    for (const auto& n : *listed) nodes[n.value("name", "")] = &n;
  for (std::size_t g = 0; g < groups.size(); ++g) {
    CalibrationSample::Group m;
    m.cycles = groups[g].value("cycles", -1.0);
    m.energy_pj = groups[g].value("energy_pj", 0.0);
    if (m.cycles < 0 || m.energy_pj <= 0)
      throw base::TraceError("simulation of '" + name + "': group " + std::to_string(g) +
                             " has no cycles or no energy");
    for (const spec::PlannedNode& n : schedule.plan.groups[group_id(g)].nodes) {
      const auto found = nodes.find(schedule.workload.nodes[n.node].name);
      if (found == nodes.end()) continue;
      m.dram_pj += found->second->value("energy_by_component_pj", nlohmann::json::object()).value("dram", 0.0);
      m.dram_bytes += found->second->value("dram_read_bytes", 0.0) + found->second->value("dram_write_bytes", 0.0);
    }
    sample.groups.push_back(m);
  }
  return sample;
}

nlohmann::ordered_json to_json(const FitQuality& q) {
  return {{"groups", q.groups},
          {"cycles_mean_error", q.cycles_mean_error},
          {"cycles_max_error", q.cycles_max_error},
          {"energy_mean_error", q.energy_mean_error},
          {"energy_max_error", q.energy_max_error},
          {"edp_mean_error", q.edp_mean_error},
          {"cycles_spearman", q.cycles_spearman},
          {"energy_spearman", q.energy_spearman}};
}

}  // namespace heat::offline
