// One schedule of one group each.
#include "offline/loop/measured_mappings.h"

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "base/checked.h"
#include "offline/mapper/search.h"
#include "offline/schedule/addresses.h"

namespace heat::offline {

namespace {

// A mapping with what the model says of it.
struct Candidate {
  GemmProblem gemm;
  double value = 0;
};

// Numbers of chiplets of which each has a share; all of the package, or the first few by squares where there are many.
std::vector<int> chiplet_counts(std::int64_t extent, int package) {
  std::vector<int> counts;
  for (int c = 1; c <= package; ++c) {
    const int root = static_cast<int>(std::lround(std::sqrt(c)));
    const bool all_have_some = base::ceil_div(extent, base::ceil_div(extent, c)) == c;
    if (all_have_some && (c <= 4 || c == package || root * root == c)) counts.push_back(c);
  }
  return counts;
}

}  // namespace

std::vector<GemmProblem> best_mappings(const GemmSize& size, const machines::Machine& machine,
                                       machines::Objective objective, std::size_t count) {
  mapper::SearchOptions options;
  options.objective = objective;
  options.keep = count;
  std::vector<Candidate> candidates;
  const std::unique_ptr<machines::CostModel> costs = machine.cost_model();
  for (spec::LoopDim bound : {spec::LoopDim::kN, spec::LoopDim::kM, spec::LoopDim::kB}) {
    if (bound == spec::LoopDim::kB && size.b == 1) continue;
    const GemmProblem problem = gemm_problem(size, bound, true);
    for (int chiplets : chiplet_counts(problem.group.extent, machine.arch.chiplets())) {
      spec::FusedGroup group = problem.group;
      group.chiplets = chiplets;
      for (spec::FusedGroup& kept : mapper::map_group(problem.workload, group, machine, options).kept) {
        const machines::Cost cost = costs->group(problem.workload, kept)->cost({kept.nodes.front().mapping});
        candidates.push_back({{problem.workload, std::move(kept)}, options.goal().value(cost.cycles, cost.energy_pj)});
      }
    }
  }
  std::stable_sort(candidates.begin(), candidates.end(),
                   [](const Candidate& x, const Candidate& y) { return x.value < y.value; });
  std::vector<GemmProblem> best;
  for (Candidate& c : candidates)
    if (best.size() < count) best.push_back(std::move(c.gemm));
  return best;
}

std::vector<MeasuredMapping> measure_mappings(std::vector<GemmProblem> mapped, const machines::Machine& machine,
                                              machines::Objective objective, const SimulationFarm& farm) {
  std::filesystem::create_directories(farm.folder);
  std::vector<MeasuredMapping> list;
  std::vector<SimulationRequest> requests;
  for (GemmProblem& gemm : mapped) {
    const std::string name = farm.folder + "/" + std::to_string(list.size());
    spec::Schedule schedule{gemm.workload, {}, "", ""};
    schedule.plan.arch = machine.arch.name;
    schedule.plan.groups.push_back(gemm.group);
    assign_addresses(schedule.workload, schedule.plan);
    machines::predict(schedule.workload, schedule.plan, machine);
    spec::save(schedule, name + ".schedule.json");
    requests.push_back({machine.arch.file, name + ".schedule.json", false, "", name + ".result.json", {}});
    list.push_back({std::move(gemm), schedule.plan.prediction, {}, name + ".schedule.json"});
  }
  std::vector<SimulationResult> results = simulate_all(requests, farm);
  for (std::size_t i = 0; i < list.size(); ++i) list[i].measured = std::move(results[i]);
  const auto value = [&](const MeasuredMapping& m) {
    return machines::objective_value(objective, m.measured.cycles, m.measured.energy_pj, machine.arch);
  };
  std::stable_sort(list.begin(), list.end(), [&](const auto& x, const auto& y) { return value(x) < value(y); });
  return list;
}

}  // namespace heat::offline
