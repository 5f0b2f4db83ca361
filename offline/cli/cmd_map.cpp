// heat-offline map: the best mapping of one GEMM on an architecture, or what a given one costs.
#include <algorithm>
#include <chrono>
#include <sstream>

#include "base/checked.h"
#include "machines/storage_levels/architecture.h"
#include "offline/certificate/certify.h"
#include "offline/cli/command.h"
#include "offline/cli/map_levels.h"
#include "offline/loop/measured_mappings.h"
#include "offline/mapper/search.h"
#include "offline/schedule/gemm_problem.h"

namespace heat::offline::cli {
namespace {

using nlohmann::ordered_json;
using spec::LoopDim;

struct Options {
  std::string arch, gemm, objective = "edp", calibration, certificate, out, json, timeloop_input, export_timeloop;
  std::size_t simulate = 0;
  certificate::Effort effort;
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

boost::program_options::options_description options_of(Options& o) {
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
      "certificate", po::value(&o.certificate),
      "prove the result over every legal mapping and write the proof here (heat-offline verify)")(
      "gap", po::value(&o.effort.gap)->default_value(o.effort.gap),
      "with --certificate: done when its bound is so near")(
      "subspaces", po::value(&o.effort.subspaces)->default_value(o.effort.subspaces), "or when it has cut so often")(
      "simulate", po::value(&o.simulate), "simulate so many of the best mappings, take the one that is measured best")(
      "out", po::value(&o.out), "folder for the schedules and results of --simulate")(
      "json", po::value(&o.json), "write the result here (default: print it)");
  return options;
}

// What the options of one kind of run ask of the others.
void check(const Options& o, const boost::program_options::variables_map& values) {
  if (o.certificate.empty() && (!values["gap"].defaulted() || !values["subspaces"].defaulted()))
    throw base::ConfigError(
        "heat-offline map: --gap and --subspaces say when a proof is done: expected with --certificate");
  if (!(o.effort.gap >= 0 && o.effort.gap < 1))
    throw base::ConfigError("heat-offline map: --gap " + std::to_string(o.effort.gap) + ": expected from 0 to below 1");
  if (o.effort.subspaces < 1 || o.effort.subspaces > 10'000'000)
    throw base::ConfigError("heat-offline map: --subspaces " + std::to_string(o.effort.subspaces) +
                            ": expected 1 to 10^7");
  if (values.count("simulate") != values.count("out") || (values.count("simulate") && o.simulate < 1))
    throw base::ConfigError("heat-offline map: expected --simulate with a number from 1 and --out, both or none");
  if (!o.timeloop_input.empty() && !values["batch"].defaulted())
    throw base::ConfigError("heat-offline map: --batch is for --gemm: a Timeloop input has its own sizes");
  if (o.evaluate && !values["objective"].defaulted())
    throw base::ConfigError("heat-offline map: --objective is for a search: expected without --evaluate");
  if (!o.certificate.empty() && std::max({o.m, o.k, o.n, o.batch}) > certificate::kLargestSize)
    throw base::ConfigError("heat-offline map: --certificate: expected sizes up to 2^30");
  if (o.simulate > 0 && !o.certificate.empty())
    throw base::ConfigError(
        "heat-offline map: --certificate is about the model's figures: expected without --simulate");
}

bool parse(int argc, char** argv, Options& o) {
  boost::program_options::variables_map values;
  if (!parse_options(
          argc, argv, options_of(o), "map --arch A.yaml --gemm M,K,N | --timeloop-input I.yaml [options]",
          "  heat-offline map --arch configs/arch/simba-l.yaml --gemm 768,768,384\n"
          "  heat-offline map --arch configs/arch/simba.yaml --gemm 384,64,384 --batch 12 --objective latency\n"
          "  heat-offline map --arch configs/arch/simba-l.yaml --gemm 768,768,384 --certificate proof.json\n"
          "  heat-offline map --arch configs/arch/timeloop-simba-like.yaml --gemm 64,64,64 --export-timeloop T.yaml\n"
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
  check(o, values);
  return true;
}

ordered_json extents_json(const spec::Extents& e) {
  return {{"b", e.b}, {"m", e.m}, {"n", e.n}, {"k", e.k}};
}

ordered_json mapping_json(const spec::Workload& workload, const spec::FusedGroup& g, const spec::ArchSpec& arch) {
  const spec::GemmMapping& m = g.nodes.front().mapping;
  ordered_json json;
  json["bound"] = spec::loop_dim_name(g.nodes.front().bound);
  json["chiplets"] = g.chiplets_of(arch.chiplets());
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

// The best mapping, and what is known of better ones.
struct Found {
  spec::Workload workload;
  mapper::SearchResult result;
  std::vector<MeasuredMapping> measured;  // of --simulate, the best first
  std::string space = mapper::kGemmSpace;
  double lower_bound = 0;  // of the objective
};

double value_of(const mapper::SearchResult& r, mapper::Objective objective, const spec::ArchSpec& arch) {
  return mapper::objective_value(objective, r.cost.cycles, r.cost.energy_pj, arch);
}

// The bound dimension is free for a single GEMM: the best of all.
Found search(const Options& o, mapper::Objective objective, const machines::Machine& machine) {
  Found found;
  std::int64_t considered = 0, evaluated = 0;
  mapper::SearchOptions options;
  options.objective = objective;
  const auto value = [&](const mapper::SearchResult& r) { return value_of(r, objective, machine.arch); };
  for (LoopDim bound : {LoopDim::kN, LoopDim::kM, LoopDim::kB}) {
    if (bound == LoopDim::kB && o.batch == 1) continue;
    GemmProblem problem = gemm_problem({o.m, o.k, o.n, o.batch}, bound);
    mapper::SearchResult r = mapper::map_group(problem.workload, problem.group, machine, options);
    considered += r.considered;
    evaluated += r.evaluated;
    if (!found.result.feasible || (r.feasible && value(r) < value(found.result))) {
      found.result = std::move(r);
      found.workload = std::move(problem.workload);
    }
  }
  if (!found.result.feasible)
    throw base::Error("heat-offline map: no mapping fits " + o.arch + ": " + found.result.reason);
  found.result.considered = considered;
  found.result.evaluated = evaluated;
  found.lower_bound = value(found.result);
  return found;
}

// Writes a proof over every legal mapping; one that is better than the search's takes its place.
void prove(const Options& o, mapper::Objective objective, const machines::Machine& machine, Found& found) {
  const spec::FusedGroup& group = found.result.group;
  const auto pinned = [&](const char* name) {
    return std::any_of(group.pinned.begin(), group.pinned.end(),
                       [&](spec::TensorId t) { return found.workload.tensors[t].name == name; });
  };
  const std::int64_t share = machine.largest_share(group.extent, group.chiplets);
  const certificate::Known known{
      {group.nodes[0].bound, static_cast<int>(base::ceil_div(group.extent, share)), pinned("weight"), pinned("input")},
      group.nodes[0].mapping};
  const GemmSize size{o.m, o.k, o.n, o.batch};
  const certificate::Certificate proof = certificate::certify(size, objective, known, machine, o.effort);
  write_json(o.certificate, certificate::to_json(proof));
  GemmProblem best = certificate::configured(size, proof.configuration);
  best.group.nodes[0].mapping = proof.mapping;
  found.workload = std::move(best.workload);
  found.result.cost = machines::evaluate(found.workload, best.group, machine);
  found.result.group = std::move(best.group);
  found.result.proven_optimal = proof.lower_bound >= proof.value;
  found.space = certificate::kSpace;
  found.lower_bound = proof.lower_bound;
}

// Takes the mapping that is measured best.
void simulate(const Options& o, mapper::Objective objective, const machines::Machine& machine, Found& found) {
  found.measured = measure_mappings(best_mappings({o.m, o.k, o.n, o.batch}, machine, objective, o.simulate), machine,
                                    objective, {{base::JobsBackend::kProcesses, 0, {}}, o.out, {}});
  if (found.measured.empty())
    throw base::Error("heat-offline map: no mapping of a GEMM with requantisation records fits " + o.arch);
  const GemmProblem& best = found.measured.front().gemm;
  found.workload = best.workload;
  found.result.group = best.group;
  found.result.cost = machines::evaluate(found.workload, found.result.group, machine);
  // What is proven is about the model's figures.
  found.result.proven_optimal = false;
}

ordered_json figures_json(double cycles, double energy_pj, const spec::ArchSpec& arch) {
  return {{"cycles", cycles},
          {"energy_pj", energy_pj},
          {"edp_js", mapper::objective_value(mapper::Objective::kEdp, cycles, energy_pj, arch)}};
}

ordered_json measured_json(const std::vector<MeasuredMapping>& measured, const spec::ArchSpec& arch) {
  ordered_json list = ordered_json::array();
  for (const MeasuredMapping& m : measured)
    list.push_back({{"schedule", m.schedule},
                    {"mapping", mapping_json(m.gemm.workload, m.gemm.group, arch)},
                    {"predicted", figures_json(m.predicted.cycles, m.predicted.energy_pj, arch)},
                    {"measured", figures_json(m.measured.cycles, m.measured.energy_pj, arch)}});
  return list;
}

ordered_json result_json(const Found& found, mapper::Objective objective, const spec::ArchSpec& arch, double wall_s) {
  const mapper::SearchResult& r = found.result;
  const double value = value_of(r, objective, arch);
  ordered_json json;
  json["cycles"] = r.cost.cycles;
  json["energy_pj"] = r.cost.energy_pj;
  json["edp_js"] = r.cost.edp_js(arch);
  json["utilization"] = r.cost.utilization;
  json["proven_optimal"] = r.proven_optimal;
  if (found.measured.empty()) {
    json["space"] = found.space;
    json[std::string("lower_bound_") + machines::objective_unit(objective)] = found.lower_bound;
    json["gap"] = machines::gap(value, found.lower_bound);
  } else {
    const ordered_json simulated = measured_json(found.measured, arch);
    json["measured"] = simulated.front()["measured"];
    json["simulated"] = simulated;
  }
  json["wall_s"] = wall_s;
  json["considered"] = r.considered;
  json["evaluated"] = r.evaluated;
  json["bottleneck"] = r.cost.bottleneck();
  json["macs"] = r.cost.macs;
  json["dram_bytes"] = r.cost.dram_bytes;
  json["mapping"] = mapping_json(found.workload, r.group, arch);
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
  if (levels && (o.simulate > 0 || !o.certificate.empty()))
    throw base::ConfigError(
        "heat-offline map: --simulate and --certificate are for Simba arrays, not for storage levels");
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
  const mapper::Objective objective = *mapper::parse_objective(o.objective);
  Found found = search(o, objective, *machine);
  if (!o.certificate.empty()) prove(o, objective, *machine, found);
  if (o.simulate > 0) simulate(o, objective, *machine, found);
  const double wall_s = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  write_json(o.json, result_json(found, objective, arch, wall_s));
  return base::kDone;
}

}  // namespace heat::offline::cli
