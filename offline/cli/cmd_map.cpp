// heat-offline map: the best mapping of one GEMM on an architecture, or what a given one costs.
#include <chrono>
#include <sstream>

#include "machines/storage_levels/architecture.h"
#include "offline/cli/command.h"
#include "offline/cli/map_levels.h"
#include "offline/mapper/search.h"
#include "offline/schedule/gemm_problem.h"

namespace heat::offline::cli {
namespace {

using nlohmann::ordered_json;
using spec::LoopDim;

struct Options {
  std::string arch, gemm, objective = "edp", calibration, json, timeloop_input, export_timeloop;
  std::int64_t m = 0, k = 0, n = 0, batch = 1;
  bool evaluate = false;
};

// What a GEMM's extent may be.
bool is_size(std::int64_t extent) {
  return extent >= 1 && extent <= std::int64_t{1} << 53;
}

// "M,K,N" as three positive integers.
void parse_gemm(Options& o) {
  std::istringstream text(o.gemm);
  char comma1 = 0, comma2 = 0, rest = 0;
  const bool read = static_cast<bool>(text >> o.m >> comma1 >> o.k >> comma2 >> o.n) && !(text >> rest);
  if (!read || comma1 != ',' || comma2 != ',' || !is_size(o.m) || !is_size(o.k) || !is_size(o.n))
    throw base::ConfigError("heat-offline map: --gemm '" + o.gemm + "': expected M,K,N, three integers from 1 to 2^53");
}

bool parse(int argc, char** argv, Options& o) {
  namespace po = boost::program_options;
  po::options_description options("Options");
  options.add_options()("arch", po::value(&o.arch), "architecture, YAML: a Simba array or a list of storage levels")(
      "gemm", po::value(&o.gemm), "M,K,N: outputs, inputs (the sum), tokens")(
      "batch", po::value(&o.batch)->default_value(1), "independent GEMMs")(
      "objective", po::value(&o.objective)->default_value("edp"), "edp | energy | latency")(
      "timeloop-input", po::value(&o.timeloop_input),
      "problem and machine of a flattened Timeloop 0.4 input, in place of --gemm; --arch gives what it lacks")(
      "evaluate", po::bool_switch(&o.evaluate), "cost that input's mapping; without, search the best")(
      "export-timeloop", po::value(&o.export_timeloop),
      "write problem, machine and mapping here as a Timeloop input (storage levels)")(
      "calibration", po::value(&o.calibration), "fitted parameters, JSON (heat-offline calibrate)")(
      "json", po::value(&o.json), "write the result here (default: print it)");
  po::variables_map values;
  if (!parse_options(
          argc, argv, options, "map --arch A.yaml --gemm M,K,N | --timeloop-input I.yaml [options]",
          "  heat-offline map --arch configs/arch/simba-l.yaml --gemm 768,768,384\n"
          "  heat-offline map --arch configs/arch/simba.yaml --gemm 384,64,384 --batch 12 --objective latency\n"
          "  heat-offline map --arch configs/arch/timeloop-simba-like.yaml --gemm 768,768,384 --export-timeloop "
          "T.yaml\n"
          "  heat-offline map --arch configs/arch/timeloop-simba-like.yaml --timeloop-input T.yaml --evaluate\n",
          values))
    return false;
  if (o.gemm.empty() == o.timeloop_input.empty())
    throw base::ConfigError("heat-offline map: expected one of --gemm M,K,N and --timeloop-input");
  if (!o.gemm.empty()) parse_gemm(o);
  if (o.arch.empty() && o.timeloop_input.empty())
    throw base::ConfigError("heat-offline map: --gemm needs --arch, the machine");
  if (o.evaluate && o.timeloop_input.empty())
    throw base::ConfigError("heat-offline map: --evaluate needs --timeloop-input, which has the mapping");
  if (!is_size(o.batch))
    throw base::ConfigError("heat-offline map: --batch " + std::to_string(o.batch) + ": expected 1 to 2^53");
  if (!mapper::parse_objective(o.objective))
    throw base::ConfigError("heat-offline map: --objective '" + o.objective + "': expected edp, energy or latency");
  return true;
}

ordered_json extents_json(const spec::Extents& e) {
  return {{"b", e.b}, {"m", e.m}, {"n", e.n}, {"k", e.k}};
}

ordered_json mapping_json(const spec::Workload& workload, const spec::FusedGroup& g) {
  const spec::GemmMapping& m = g.nodes.front().mapping;
  ordered_json json;
  json["bound"] = spec::loop_dim_name(g.nodes.front().bound);
  json["step"] = g.step;
  json["pinned"] = ordered_json::array();
  for (spec::TensorId t : g.pinned) json["pinned"].push_back(workload.tensors[t].name);
  json["gb_tile"] = extents_json(m.gb_tile);
  json["gb_order"] = ordered_json::array();
  for (LoopDim d : m.gb_order) json["gb_order"].push_back(spec::loop_dim_name(d));
  json["pe_tile"] = extents_json(m.pe_tile);
  json["spatial"] = {{"b", m.spatial.b}, {"m", m.spatial.m}, {"n", m.spatial.n}, {"k", m.spatial.k}};
  json["wave_order"] = {spec::loop_dim_name(m.wave_order[0]), spec::loop_dim_name(m.wave_order[1])};
  return json;
}

ordered_json result_json(const spec::Workload& workload, const mapper::SearchResult& r, const spec::ArchSpec& arch,
                         double wall_s) {
  ordered_json json;
  json["cycles"] = r.cost.cycles;
  json["energy_pj"] = r.cost.energy_pj;
  json["edp_js"] = r.cost.edp_js(arch);
  json["utilization"] = r.cost.utilization;
  json["proven_optimal"] = r.proven_optimal;
  json["wall_s"] = wall_s;
  json["considered"] = r.considered;
  json["evaluated"] = r.evaluated;
  json["bottleneck"] = r.cost.bottleneck();
  json["macs"] = r.cost.macs;
  json["dram_bytes"] = r.cost.dram_bytes;
  json["mapping"] = mapping_json(workload, r.group);
  for (const auto& [level, tensors] : r.cost.nodes[0].accesses)
    for (const auto& [tensor, a] : tensors)
      json["accesses"][level][tensor] = {{"reads", a.reads}, {"fills", a.fills}, {"updates", a.updates}};
  for (const auto& [component, pj] : r.cost.energy_by_component_pj) json["energy_by_component_pj"][component] = pj;
  for (const auto& [resource, cycles] : r.cost.resource_cycles) json["resource_cycles"][resource] = cycles;
  return json;
}

// The storage levels' part; false: the architecture is a Simba array.
bool map_on_levels(const Options& o) {
  const bool levels = !o.timeloop_input.empty() || storage_levels::describes_storage_levels(o.arch);
  if (!levels && !o.export_timeloop.empty())
    throw base::ConfigError("heat-offline map: --export-timeloop needs an --arch of storage levels, " + o.arch +
                            " is a Simba array");
  if (levels && !o.calibration.empty())
    throw base::ConfigError("heat-offline map: --calibration is for Simba arrays, not for storage levels");
  if (levels)
    map_levels({o.arch, o.timeloop_input, o.m, o.k, o.n, o.batch, o.evaluate, *mapper::parse_objective(o.objective),
                o.export_timeloop, o.json});
  return levels;
}

}  // namespace

int run_map(int argc, char** argv) {
  Options o;
  if (!parse(argc, argv, o) || map_on_levels(o)) return base::kDone;
  const auto start = std::chrono::steady_clock::now();
  const spec::ArchSpec arch = spec::ArchSpec::load(o.arch);
  const spec::EnergyTable energy = spec::EnergyTable::load(arch.energy_config);
  const std::unique_ptr<machines::Machine> machine = machine_of(arch, energy, o.calibration);
  mapper::SearchOptions search;
  search.objective = *mapper::parse_objective(o.objective);

  // The bound dimension is free for a single GEMM: the best of all.
  spec::Workload best;
  mapper::SearchResult found;
  std::int64_t considered = 0, evaluated = 0;
  for (LoopDim bound : {LoopDim::kN, LoopDim::kM, LoopDim::kB}) {
    if (bound == LoopDim::kB && o.batch == 1) continue;
    GemmProblem problem = gemm_problem({o.m, o.k, o.n, o.batch}, bound);
    mapper::SearchResult r = mapper::map_group(problem.workload, problem.group, *machine, search);
    considered += r.considered;
    evaluated += r.evaluated;
    const auto value = [&](const mapper::SearchResult& x) {
      return mapper::objective_value(search.objective, x.cost.cycles, x.cost.energy_pj, arch);
    };
    if (!found.feasible || (r.feasible && value(r) < value(found))) {
      found = std::move(r);
      best = std::move(problem.workload);
    }
  }
  if (!found.feasible) throw base::Error("heat-offline map: no mapping fits " + o.arch + ": " + found.reason);
  found.considered = considered;
  found.evaluated = evaluated;
  const double wall_s = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  write_json(o.json, result_json(best, found, arch, wall_s));
  return base::kDone;
}

}  // namespace heat::offline::cli
