// Reads the machine and the problem or mapping, searches or evaluates, and writes the result.
#include "offline/cli/map_levels.h"

#include <chrono>

#include "base/atomic_file.h"
#include "machines/storage_levels/cost.h"
#include "offline/cli/command.h"
#include "offline/mapper/level_search.h"
#include "offline/mapper/timeloop_export.h"
#include "offline/mapper/timeloop_input.h"

namespace heat::offline::cli {
namespace {

using nlohmann::ordered_json;
using storage_levels::Architecture;
using storage_levels::Loop;
using storage_levels::Mapping;
using storage_levels::MappingCost;
using storage_levels::Problem;

// Outermost loop first, as one reads a nest.
ordered_json loops_json(const Problem& problem, const std::vector<Loop>& loops) {
  ordered_json json = ordered_json::array();
  for (std::size_t i = loops.size(); i-- > 0;) {
    json.push_back({{"dimension", problem.dimensions[loops[i].dimension].name}, {"count", loops[i].count}});
    if (loops[i].last > 0) json.back()["final_count"] = loops[i].last;
  }
  return json;
}

ordered_json mapping_json(const Problem& problem, const Architecture& architecture, const Mapping& mapping) {
  ordered_json json = ordered_json::array();
  for (std::size_t l = 0; l < mapping.levels.size(); ++l) {
    const auto& level = mapping.levels[l];
    ordered_json keeps = ordered_json::array();
    for (std::size_t t = 0; t < problem.tensors.size(); ++t)
      if (level.keeps[t]) keeps.push_back(problem.tensors[t].name);
    json.push_back({{"level", architecture.levels[l].name},
                    {"keeps", keeps},
                    {"temporal", loops_json(problem, level.temporal)},
                    {"spatial_x", loops_json(problem, level.spatial_x)},
                    {"spatial_y", loops_json(problem, level.spatial_y)}});
  }
  return json;
}

ordered_json cost_json(const Problem& problem, const Architecture& architecture, const MappingCost& cost) {
  ordered_json json;
  json["cycles"] = cost.cycles;
  json["energy_pj"] = cost.energy_pj;
  json["edp_js"] = cost.edp_js(architecture);
  json["utilization"] = cost.utilization;
  json["macs"] = cost.macs;
  json["compute_cycles"] = cost.compute_cycles;
  for (std::size_t l = 0; l < cost.levels.size(); ++l) {
    for (std::size_t t = 0; t < problem.tensors.size(); ++t) {
      const auto& a = cost.levels[l].accesses[t];
      if (a.instances == 0) continue;
      json["accesses"][architecture.levels[l].name][problem.tensors[t].name] = {{"reads", a.reads},
                                                                                {"fills", a.fills},
                                                                                {"updates", a.updates},
                                                                                {"instances", a.instances},
                                                                                {"tile_words", a.tile_words}};
    }
  }
  for (std::size_t l = 0; l < cost.levels.size(); ++l)
    if (architecture.levels[l].stores)
      json["energy_by_component_pj"][architecture.levels[l].name] = cost.levels[l].access_pj + cost.levels[l].leak_pj;
  json["energy_by_component_pj"][architecture.macs.name] = cost.mac_pj;
  return json;
}

struct Inputs {
  Problem problem;
  Architecture architecture;
  std::optional<Mapping> mapping;
};

Inputs read_inputs(const MapLevelsRequest& request) {
  std::optional<Architecture> given;
  if (!request.arch.empty()) given = storage_levels::load_architecture(request.arch);
  if (request.timeloop_input.empty())
    return {storage_levels::gemm(request.m, request.k, request.n, request.batch), *given, std::nullopt};
  mapper::TimeloopOptions options;
  options.given = given ? &*given : nullptr;
  options.given_path = request.arch;
  options.mapping = request.evaluate;
  mapper::TimeloopInput input = load_timeloop_input(request.timeloop_input, options);
  return {std::move(input.problem), std::move(input.architecture), std::move(input.mapping)};
}

}  // namespace

void map_levels(const MapLevelsRequest& request) {
  const Inputs in = read_inputs(request);
  const auto start = std::chrono::steady_clock::now();
  mapper::LevelSearchResult result;
  if (in.mapping) {
    result.mapping = *in.mapping;
    result.cost = evaluate(in.problem, in.architecture, result.mapping);
  } else {
    result = mapper::search_levels(in.problem, in.architecture, request.objective);
  }
  ordered_json json = cost_json(in.problem, in.architecture, result.cost);
  json["proven_optimal"] = result.proven_optimal;
  json["wall_s"] = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  if (!in.mapping) {
    json["space"] =
        "perfect factors: every divisor at every level that stores in every order, spatial factors along spatial_dims, "
        "tensors at the levels in keeps";
    json["spatial_choices"] = result.spatial_choices;
    json["spatial_choices_searched"] = result.searched;
  }
  json["mapping"] = mapping_json(in.problem, in.architecture, result.mapping);
  if (!request.export_timeloop.empty())
    base::write_file_atomically(request.export_timeloop,
                                mapper::timeloop_text(in.problem, in.architecture, result.mapping));
  write_json(request.json, json);
}

}  // namespace heat::offline::cli
