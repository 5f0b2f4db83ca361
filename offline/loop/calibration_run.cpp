// Round r maps every workload with the calibration of round r - 1, simulates all of them (parallel processes), and fits
// to all samples seen so far: mappings that the search has left behind still say something about the machine.
#include "offline/loop/calibration_run.h"

#include <algorithm>
#include <filesystem>
#include <sstream>

#include "base/config_reader.h"
#include "base/relative_path.h"
#include "machines/make_machine.h"
#include "offline/cost_table/provenance.h"
#include "offline/loop/pair_measurements.h"
#include "offline/loop/simulator_process.h"
#include "offline/loop/table_workloads.h"
#include "offline/mapper/fusion.h"
#include "offline/schedule/addresses.h"
#include "offline/schedule/lower_path.h"
#include "spec/arithmetic.h"

namespace heat::offline {
namespace {

// "768,768,384" or "384,64,384,12" as out[t, h, o] = sum_c x[t, h, c] w[h, o, c].
bool parse_gemm(const std::string& text, CalibrationWorkload& w) {
  std::istringstream in(text);
  std::vector<std::int64_t> values;
  for (std::string part; std::getline(in, part, ',');) {
    char* end = nullptr;
    values.push_back(std::strtoll(part.c_str(), &end, 10));
    if (part.empty() || *end != '\0' || values.back() < 1) return false;
  }
  if (values.size() < 3 || values.size() > 4) return false;
  w.name = "gemm " + text;
  if (values.size() == 3) {
    w.einsum = spec::Einsum::parse("tc,oc->to", {{"o", values[0]}, {"c", values[1]}, {"t", values[2]}});
    w.form = {"layer", spec::dense_form(values[0], values[1])};
  } else
    w.einsum =
        spec::Einsum::parse("thc,hoc->tho", {{"o", values[0]}, {"c", values[1]}, {"t", values[2]}, {"h", values[3]}});
  return true;
}

void read_layer(base::ConfigReader& r, std::vector<CalibrationWorkload>& list) {
  CalibrationWorkload w;
  const std::string equation = r.text("einsum");
  base::ConfigReader sizes = r.section("sizes");
  std::map<spec::Index, std::int64_t> values;
  for (const std::string& key : sizes.keys()) values[key] = sizes.integer(key, {1, 1 << 24});
  const std::vector<std::int64_t> flat = r.integers("path", {0, 1000});
  if (flat.size() % 2) r.problems().add(r.place("path"), "expected pairs of operand positions, one list: [0, 1, 0, 1]");
  for (std::size_t i = 0; i + 1 < flat.size(); i += 2)
    w.path.steps.push_back({static_cast<int>(flat[i]), static_cast<int>(flat[i + 1])});
  try {
    w.einsum = spec::Einsum::parse(equation, values);
    w.name = "layer " + equation;
    list.push_back(std::move(w));
  } catch (const base::ConfigError& e) {
    r.problems().add(r.place("einsum"), e.what());
  }
}

// The workload's nodes, each with requantisation records, and how they would be walked.
struct Lowered {
  spec::Workload workload;
  std::vector<mapper::ChainNode> chain;
};

Lowered lower_workload(const CalibrationWorkload& w, const spec::Extents& grain) {
  Lowered lowered;
  spec::Workload& workload = lowered.workload;
  workload.network = w.name;
  workload.method = "mixed";
  LowerRequest request;
  request.einsum = w.einsum;
  request.path = w.path;
  request.layer = "layer";
  request.output_name = "output";
  request.output_kind = spec::TensorKind::kOutput;
  request.grain = grain;
  for (std::size_t i = 0; i < w.einsum.operands.size(); ++i)
    request.operands.push_back({"operand" + std::to_string(i),
                                static_cast<int>(i) == w.input ? spec::TensorKind::kInput : spec::TensorKind::kWeight,
                                {}});
  lowered.chain = lower_path(workload, request).nodes;
  for (const mapper::ChainNode& n : lowered.chain) {
    spec::Node& node = workload.nodes[n.node];
    spec::Tensor records;
    records.name = node.name + ".requant";
    records.kind = spec::TensorKind::kParameters;
    records.shape = {node.gemm->extents.m, static_cast<std::int64_t>(sizeof(spec::RequantRecord))};
    node.gemm->epilogue.requant = workload.tensors.push_back(std::move(records));
  }
  workload.tokens = w.einsum.sizes.count("t") ? w.einsum.sizes.at("t") : 1;
  if (w.form) workload.layers.push_back(*w.form);
  return lowered;
}

// A schedule of the workload, mapped on the machine.
spec::Schedule map_workload(const CalibrationWorkload& w, const machines::Machine& machine, mapper::Objective objective,
                            mapper::SearchCache& cache) {
  Lowered lowered = lower_workload(w, machine.pe_array().grain);
  mapper::SearchOptions options;
  options.objective = objective;
  mapper::FusionResult fused = mapper::plan_fusion(lowered.workload, lowered.chain, machine, options, &cache);
  if (!fused.feasible)
    throw base::ConfigError("workload '" + w.name + "' does not fit " + machine.arch.name + ": " + fused.reason);
  spec::Schedule s{std::move(lowered.workload), {}, "", ""};
  s.plan.arch = machine.arch.name;
  for (spec::FusedGroup& group : fused.groups) s.plan.groups.push_back(std::move(group));
  assign_addresses(s.workload, s.plan);
  machines::predict(s.workload, s.plan, machine);
  return s;
}

bool same_mapping(const spec::Plan& x, const spec::Plan& y) {
  if (x.groups.size() != y.groups.size()) return false;
  for (spec::GroupId id : x.groups.ids()) {
    const spec::FusedGroup &g = x.groups[id], &h = y.groups[id];
    const bool same = std::equal(g.nodes.begin(), g.nodes.end(), h.nodes.begin(), h.nodes.end(),
                                 [](const spec::PlannedNode& a, const spec::PlannedNode& b) {
                                   return a.node == b.node && a.mapping == b.mapping;
                                 });
    if (!same || g.step != h.step || g.pinned != h.pinned) return false;
  }
  return true;
}

// A finished simulation of a schedule.
struct Finished {
  CalibrationSample sample;
  SimulationResult result;
};

// Nothing when results of other shards are missing.
std::optional<std::vector<Finished>> simulate_named(const CalibrationConfig& config,
                                                    const std::vector<std::string>& names,
                                                    const std::vector<spec::Schedule>& schedules,
                                                    const std::string& folder) {
  std::filesystem::create_directories(folder);
  std::vector<SimulationRequest> requests;
  for (std::size_t i = 0; i < schedules.size(); ++i) {
    SimulationRequest r;
    r.arch = config.arch;
    r.schedule = folder + "/" + std::to_string(i) + ".schedule.json";
    r.json = folder + "/" + std::to_string(i) + ".result.json";
    spec::save(schedules[i], r.schedule);
    requests.push_back(std::move(r));
  }
  auto results = simulate_part(requests, {config.jobs, folder + "/array", config.shard});
  if (!results) return std::nullopt;
  std::vector<Finished> finished;
  for (std::size_t i = 0; i < results->size(); ++i)
    finished.push_back({read_sample(names[i], schedules[i], (*results)[i].json), std::move((*results)[i])});
  return finished;
}

// What needs no mapping: the given schedules, simulated, and the runs that others simulated.
std::optional<std::vector<Finished>> finished_networks(const CalibrationConfig& config, const spec::ArchSpec& arch,
                                                       const std::string& folder) {
  std::vector<spec::Schedule> schedules;
  for (const std::string& file : config.schedules) schedules.push_back(spec::Schedule::load(file));
  auto finished = simulate_named(config, config.schedules, schedules, folder + "/schedules");
  if (!finished) return std::nullopt;
  for (const std::string& file : config.runs) {
    TracedRun run = read_trace(file);
    if (run.arch != arch.name)
      throw base::TraceError(file + ": was run on '" + run.arch + "', expected '" + arch.name + "'");
    finished->push_back({read_sample(file, run.schedule, run.result.json), std::move(run.result)});
  }
  return finished;
}

Measurements measurements_of(const std::vector<Finished>& finished, double clock_ghz) {
  PairMeasurements pairs;
  for (const Finished& f : finished) pairs.add(f.sample.schedule, f.result, clock_ghz);
  return pairs.means();
}

// The configuration's workloads and the cost table's.
std::vector<CalibrationWorkload> all_workloads(const CalibrationConfig& config, const spec::ArchSpec& arch,
                                               const spec::EnergyTable& energy) {
  std::vector<CalibrationWorkload> workloads = config.workloads;
  if (config.cost_table.empty()) return workloads;
  const CostTable table = CostTable::open(config.cost_table);
  check_architecture(table, arch, energy);
  for (CalibrationWorkload& w : table_workloads(table, config.table_rows)) workloads.push_back(std::move(w));
  return workloads;
}

struct MappedRound {
  std::vector<std::string> names;
  std::vector<spec::Schedule> schedules;
  int changed = 0;  // mapped otherwise than in the last round
};

MappedRound map_round(const std::vector<CalibrationWorkload>& workloads, const machines::Machine& machine,
                      mapper::Objective objective, const std::vector<spec::Schedule>& last) {
  MappedRound round;
  mapper::SearchCache cache;
  for (std::size_t i = 0; i < workloads.size(); ++i) {
    round.names.push_back(workloads[i].name);
    round.schedules.push_back(map_workload(workloads[i], machine, objective, cache));
    round.changed += !last.empty() && !same_mapping(round.schedules.back().plan, last[i].plan);
  }
  return round;
}

double measured_edp_js(const std::vector<CalibrationSample>& samples, double clock_ghz) {
  double cycles = 0, energy = 0;
  for (const CalibrationSample& s : samples)
    for (const auto& g : s.groups) {
      cycles += g.cycles;
      energy += g.energy_pj;
    }
  return spec::edp_js(spec::Picojoules(energy), spec::Nanoseconds(cycles / clock_ghz));
}

}  // namespace

void CalibrationConfig::check() const {
  base::Problems problems;
  if (workloads.empty() && schedules.empty() && runs.empty() && cost_table.empty())
    problems.add("calibration", "expected at least one of gemms, layers, schedules, runs, cost_table");
  for (const auto* files : {&schedules, &runs})
    for (const std::string& file : *files)
      if (!std::filesystem::exists(file)) problems.add(file, "no such file");
  if (!cost_table.empty() && !std::filesystem::exists(cost_table)) problems.add(cost_table, "no such cost table");
  problems.throw_if_any();
}

CalibrationConfig CalibrationConfig::load(const std::string& path) {
  base::Problems problems;
  CalibrationConfig c;
  base::ConfigReader r = base::ConfigReader::load(path, problems);
  c.arch = base::beside(path, r.text("arch"));
  c.rounds = static_cast<int>(r.integer_or("rounds", 2, {1, 20}));
  c.jobs = base::read_jobs(r, "jobs", c.jobs);
  c.objective = *mapper::parse_objective(r.choice_or("objective", "edp", {"edp", "energy", "latency"}));
  if (r.has("gemms"))
    for (const std::string& text : r.texts("gemms")) {
      CalibrationWorkload w;
      if (parse_gemm(text, w))
        c.workloads.push_back(std::move(w));
      else
        problems.add(r.place("gemms"), "'" + text + "': expected M,K,N or M,K,N,B, positive integers");
    }
  if (r.has("layers"))
    for (base::ConfigReader& layer : r.sections("layers")) read_layer(layer, c.workloads);
  if (r.has("schedules"))
    for (const std::string& file : r.texts("schedules")) c.schedules.push_back(base::beside(path, file));
  if (r.has("runs"))
    for (const std::string& file : r.texts("runs")) c.runs.push_back(base::beside(path, file));
  if (r.has("cost_table")) c.cost_table = base::beside(path, r.text("cost_table"));
  c.table_rows = r.choice_or("table_rows", c.table_rows, {"s_star", "front", "all"});
  r.finish();
  problems.throw_if_any();
  return c;
}

std::optional<CalibrationResult> run_calibration(const CalibrationConfig& config, const std::string& folder) {
  config.check();
  const spec::ArchSpec arch = spec::ArchSpec::load(config.arch);
  const spec::EnergyTable energy = spec::EnergyTable::load(arch.energy_config);
  const std::vector<CalibrationWorkload> workloads = all_workloads(config, arch, energy);
  CalibrationResult result;
  const auto networks = finished_networks(config, arch, folder);
  if (!networks) return std::nullopt;
  std::vector<CalibrationSample> all;  // of every round
  for (const Finished& f : *networks) all.push_back(f.sample);
  std::vector<spec::Schedule> last;
  const int rounds = workloads.empty() ? 1 : config.rounds;  // nothing is mapped again
  for (int round = 0; round < rounds; ++round) {
    MappedRound mapped =
        map_round(workloads, *machines::make_machine(arch, energy, result.calibration), config.objective, last);
    const auto finished =
        simulate_named(config, mapped.names, mapped.schedules, folder + "/round-" + std::to_string(round + 1));
    if (!finished) return std::nullopt;
    last = std::move(mapped.schedules);
    result.measured = measurements_of(*finished, arch.clock_ghz);
    std::vector<CalibrationSample> samples;
    for (const Finished& f : *finished) samples.push_back(f.sample);
    all.insert(all.end(), samples.begin(), samples.end());
    if (round == 0)
      for (const Finished& f : *networks) samples.push_back(f.sample);
    CalibrationRound report;
    report.changed_mappings = mapped.changed;
    report.before = quality(samples, arch, energy, result.calibration);
    result.calibration = fit_calibration(all, arch, energy);
    report.after = quality(samples, arch, energy, result.calibration);
    report.edp_js = measured_edp_js(samples, arch.clock_ghz);
    result.rounds.push_back(report);
  }
  for (const auto& [key, measurement] : measurements_of(*networks, arch.clock_ghz)) result.measured[key] = measurement;
  result.calibration.save(folder + "/calibration.json");
  return result;
}

}  // namespace heat::offline
