// heat-offline search: scores SubNets, fits the predictor, evolves the ranks and prints the baselines beside them.
#include <filesystem>
#include <iostream>

#include "base/atomic_file.h"
#include "offline/cli/command.h"
#include "offline/decompose/rank_rules.h"
#include "offline/pipeline/choice_costs.h"
#include "offline/search/baselines.h"
#include "offline/search/predictor.h"
#include "offline/search/search_files.h"
#include "offline/train/level_config.h"
#include "offline/train/subnet_scores.h"
#include "spec/arch_spec.h"
#include "spec/energy_table.h"

namespace heat::offline::cli {
namespace {

struct SearchConfig {
  LevelCommon common;
  std::string supernet, costs;
  std::string arch;         // with a cost table: the machine it is of
  std::int64_t tokens = 0;  // and the rows' tokens
  std::int64_t samples = 256;
  bool normalize_variance = true;
  PredictorOptions predictor;
  EvolutionConfig evolution;
  std::vector<double> tensorly_ratios;
  int random_baselines = 8;
};

SearchConfig read_config(const std::string& path) {
  base::Problems problems;
  base::ConfigReader r = base::ConfigReader::load(path, problems);
  problems.throw_if_any();
  SearchConfig c;
  c.common = read_common(r);
  c.supernet = r.text("supernet");
  c.costs = r.text("costs");
  if (std::filesystem::path(c.costs).extension() == ".sqlite") {
    c.arch = r.text("arch");
    c.tokens = r.integer("tokens", {1, 65536});
  }
  c.samples = r.integer_or("samples", c.samples, {10, 1 << 20});
  c.normalize_variance = r.boolean_or("normalize_variance", c.normalize_variance);
  c.predictor.seed = c.common.seed;
  c.predictor.trees = static_cast<int>(r.integer_or("trees", c.predictor.trees, {1, 100000}));
  c.random_baselines = static_cast<int>(r.integer_or("random_baselines", c.random_baselines, {0, 10000}));
  if (r.has("tensorly_ratios")) c.tensorly_ratios = r.numbers("tensorly_ratios", {0.01, 1});
  c.evolution = EvolutionConfig{};
  c.evolution.seed = c.common.seed;
  if (auto section = r.optional_section("evolution")) c.evolution = read_evolution(*section, c.common.seed);
  r.finish();
  problems.throw_if_any();
  return c;
}

nlohmann::json read_json(const std::string& path) {
  auto json = nlohmann::json::parse(base::read_file(path), nullptr, false);
  if (json.is_discarded()) throw base::ConfigError(path + ": is no JSON");
  return json;
}

// The SuperNet folder: cores and ladders.json.
SuperNet load_supernet(const SearchConfig& c, const TorchModel& teacher) {
  Checkpoint stored = load_checkpoint(c.supernet);
  const std::string path = (std::filesystem::path(c.supernet) / "ladders.json").string();
  const nlohmann::json json = read_json(path);
  if (!json.is_object() || !json.contains("layers"))
    throw base::ConfigError(path + ": not a ladders file of heat-offline supernet");
  std::vector<RankLadder> ladders = ladders_from_json(json["layers"], path);
  return SuperNet(std::move(stored.model), std::move(ladders), c.normalize_variance ? &teacher : nullptr);
}

std::vector<double> features(const SuperNet& net, const SubNet& subnet) {
  std::vector<double> out;
  for (std::size_t i = 0; i < subnet.size(); ++i)
    out.push_back(static_cast<double>(net.ladders()[i].params[subnet[i]]) /
                  static_cast<double>(net.ladders()[i].params.back()));
  return out;
}

std::vector<Baseline> all_baselines(const SearchConfig& c, const SuperNet& net, const ChoiceTable& table) {
  std::vector<Baseline> out = uniform_baselines(table);
  const auto tensorly = rule_baselines(table, "tensorly", c.tensorly_ratios, [&](std::size_t i, double ratio) {
    const Form& form = net.ladders()[i].choices.at(0);
    return nearest_choice(table.layers[i],
                          tensorly_ranks(method_of(form).tensorly_rule(), form.shape.modes(), ratio).params);
  });
  out.insert(out.end(), tensorly.begin(), tensorly.end());
  const auto random = random_baselines(table, c.random_baselines, c.evolution);
  out.insert(out.end(), random.begin(), random.end());
  return out;
}

// The costs of every rank choice: a file of them, or the rows of a cost table, to whose copy in `out` the choices that
// it lacks are added.
ChoiceTable load_costs(const SearchConfig& c, const SuperNet& net, TorchModel& teacher, const std::string& out) {
  if (c.arch.empty()) {
    std::vector<LadderShape> shapes;
    for (const RankLadder& l : net.ladders()) {
      shapes.push_back({l.layer, {}, l.params});
      for (const Form& form : l.choices) shapes.back().choices.push_back(form.ranks);
    }
    return read_cost_table(read_json(c.costs), shapes, c.costs);
  }
  if (!std::filesystem::exists(c.costs)) throw base::ConfigError("costs: '" + c.costs + "': no such file");
  const spec::ArchSpec arch = spec::ArchSpec::load(c.arch);
  std::filesystem::create_directories(out);
  const std::string file = (std::filesystem::path(out) / "cost_table.sqlite").string();
  CostTable::open(c.costs).write_copy(file);
  CostTable table = CostTable::open(file);
  add_choice_rows(table, net.ladders(), model_matrices(teacher, 1), c.tokens, arch,
                  spec::EnergyTable::load(arch.energy_config));
  return choice_costs(table, net.ladders(), c.tokens);
}

// The predictor's samples, each with its score; of a shard its part.
std::vector<SubNetScore> score_samples(const SearchConfig& c, SuperNet& net, const LevelData& data,
                                       const std::string& out, const base::JobsOption& jobs, const base::Shard& shard) {
  ScoreOptions options;
  options.folder = out;
  options.shard = shard;
  options.threads = jobs.backend == base::JobsBackend::kThreads ? jobs.resolved_count() : 1;
  options.progress = progress_to_stderr();
  return score_subnets(net, data.dev, random_subnets(net.ladders(), c.samples, c.common.seed), options);
}

}  // namespace

int run_search(int argc, char** argv) {
  RunOptions o;
  o.jobs.emplace();
  if (!parse_run_options(
          argc, argv, "search configuration (YAML)", "folder for subnets.json, search.json and plans.json",
          "  heat-offline search --config search.yaml --out out/search\n"
          "  heat-offline search --config search.yaml --out out/search --jobs processes:4\n"
          "  heat-offline distill --config distill.yaml --out out/student   (with plans: out/search/plans.json)\n",
          o))
    return base::kDone;
  const base::JobsOption jobs = o.jobs->resolve_jobs({base::JobsBackend::kThreads, 1, {}});
  const base::Shard shard = o.jobs->resolve_shard();
  const SearchConfig c = read_config(o.config);
  if (shard.is_whole() && jobs.backend != base::JobsBackend::kThreads)
    run_shards({argv, argv + argc}, {"--jobs", "--slurm-options", "--json"}, jobs, o.out + "/array");
  LevelData data = begin_level(c.common);
  SuperNet net = load_supernet(c, data.teacher.model);
  if (!shard.is_whole()) {
    const auto scores = score_samples(c, net, data, o.out, jobs, shard);
    write_json(o.json, {{"shard", shard.text()}, {"subnets", scores.size()}});
    return base::kDone;
  }
  const ChoiceTable table = load_costs(c, net, data.teacher.model, o.out);
  std::vector<PredictorSample> samples;
  for (const SubNetScore& s : score_samples(c, net, data, o.out, jobs, shard))
    samples.push_back({features(net, s.subnet), s.accuracy});
  const AccuracyPredictor predictor(samples, c.predictor);
  const EvolutionResult result = evolve(
      table, [&](const Genes& g) { return predictor.predict(features(net, g)); }, c.evolution);
  const auto measured = [&](const Genes& g) {
    net.activate(g);
    return evaluate(net.model(), data.dev).accuracy;
  };
  nlohmann::ordered_json json = {{"seed", c.common.seed},
                                 {"spearman_held_out", predictor.spearman()},
                                 {"feasible", result.feasible},
                                 {"best", candidate_json(result.best)}};
  json["best"]["measured_accuracy"] = measured(result.best.genes);
  json["history"] = history_json(result.history);
  json["baselines"] = nlohmann::ordered_json::array();
  for (const Baseline& b : all_baselines(c, net, table)) {
    json["baselines"].push_back(
        candidate_json(assess(table, b.genes, predictor.predict(features(net, b.genes)), c.evolution)));
    json["baselines"].back()["name"] = b.name;
    json["baselines"].back()["measured_accuracy"] = measured(b.genes);
  }
  base::write_file_atomically((std::filesystem::path(o.out) / "search.json").string(), json.dump(2) + "\n");
  base::write_file_atomically((std::filesystem::path(o.out) / "plans.json").string(),
                              forms_to_json(net.forms(result.best.genes)).dump(2) + "\n");
  write_json(o.json, json);
  if (!result.feasible) throw base::Error("no SubNet keeps the limits; the nearest one is in the result");
  return base::kDone;
}

}  // namespace heat::offline::cli
