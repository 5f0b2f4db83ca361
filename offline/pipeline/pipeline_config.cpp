// Record to validated struct: every problem of the file is named at once.
#include "offline/pipeline/pipeline_config.h"

#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/atomic_file.h"
#include "base/config_reader.h"
#include "offline/decompose/methods.h"
#include "offline/loop/stage_runner.h"
#include "offline/pipeline/rank_search.h"
#include "offline/train/level_config.h"
#include "spec/arch_spec.h"

namespace heat::offline {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kMany = 1'000'000'000;

std::string existing(base::ConfigReader& r, const std::string& key, const std::string& base) {
  const std::string given = r.text(key);
  if (given.empty()) return given;
  const fs::path path = fs::path(given).is_absolute() ? fs::path(given) : fs::path(base).parent_path() / given;
  if (!fs::exists(path))
    r.problems().add(r.place(key), "'" + given + "': no such file or folder (" + path.string() + ")");
  return path.lexically_normal().string();
}

void read_level1(base::ConfigReader r, PipelineConfig& c) {
  c.level1.methods = r.texts("methods");
  for (const std::string& m : c.level1.methods) {
    try {
      method_named(m);
    } catch (const base::ConfigError& e) {
      r.problems().add(r.place("methods"), e.what());
    }
  }
  if (c.level1.methods.empty()) r.problems().add(r.place("methods"), "expected at least one method");
  c.level1.ratios = r.numbers("ratios", {0.001, 1});
  if (c.level1.ratios.empty()) r.problems().add(r.place("ratios"), "expected at least one ratio");
  c.level1.shapes = r.integer_or("shapes", 1, {1, 100});
  c.level1.max_axes = r.integer_or("max_axes", 4, {2, 8});
  c.level1.matrices = r.integer_or("matrices", 1, {1, 1000});
  c.level1.paths = r.integer_or("paths", 2, {1, 20});
  c.level1.max_ratio = r.number_or("max_ratio", 0.5, {0.001, 1});
}

// Keys that a level's own command has defaults for, and a pipeline must state.
void require(base::ConfigReader& r, std::initializer_list<const char*> keys) {
  for (const char* key : keys)
    if (!r.has(key)) r.problems().add(r.place(), std::string("missing key '") + key + "'");
}

void read_supernet_stage(base::ConfigReader r, PipelineConfig& c) {
  c.supernet_ratio = r.number("max_ratio", {0.001, 1});
  c.fractions = r.numbers("fractions", {0.001, 1});
  if (c.fractions.empty() || c.fractions.back() != 1)
    r.problems().add(r.place("fractions"), "expected ascending numbers that end with 1");
  for (std::size_t i = 1; i < c.fractions.size(); ++i)
    if (c.fractions[i] <= c.fractions[i - 1]) {
      r.problems().add(r.place("fractions"), "expected ascending numbers that end with 1");
      break;
    }
  require(r, {"steps"});
  c.supernet = read_supernet(r, c.seed);
}

void read_search(base::ConfigReader r, PipelineConfig& c) {
  c.subnets = r.integer("subnets", {10, kMany});
  c.predictor.trees = static_cast<int>(r.integer_or("trees", c.predictor.trees, {1, 10000}));
  c.evolution.population = static_cast<int>(r.integer_or("population", c.evolution.population, {4, 100000}));
  c.evolution.generations = static_cast<int>(r.integer_or("generations", c.evolution.generations, {1, 100000}));
  c.evolution.parents = static_cast<int>(r.integer_or("parents", c.evolution.parents, {1, 100000}));
  c.evolution.mutation_probability = r.number_or("mutation_probability", c.evolution.mutation_probability, {0, 1});
  c.evolution.gamma = r.number_or("gamma", c.evolution.gamma, {0, 10});
  c.max_edp_ratio = r.number("max_edp_ratio", {0.0001, 10});
  c.max_accuracy_drop = r.number_or("max_accuracy_drop", c.max_accuracy_drop, {0, 1});
  if (c.evolution.parents >= c.evolution.population)
    r.problems().add(r.place("parents"), "must be fewer than the population");
}

void read_distill_stage(base::ConfigReader r, PipelineConfig& c) {
  require(r, {"stage_one_steps", "stage_two_steps"});
  c.distill = read_distill(r, c.seed);
  c.distill_dev_limit = r.integer_or("dev_limit", c.distill_dev_limit, {0, kMany});
}

nlohmann::json teacher_values(const PipelineConfig& c) {
  nlohmann::json values{{"tokens", c.tokens}};
  for (const char* file : {"config.json", "vocab.txt", "model.safetensors"})
    if (const fs::path f = fs::path(c.teacher) / file; fs::exists(f))
      values[file] = content_key(base::read_file(f.string()));
  return values;
}

nlohmann::json machine_values(const PipelineConfig& c) {
  const spec::ArchSpec arch = spec::ArchSpec::load(c.arch);
  nlohmann::json values;
  for (const std::string& file : {c.arch, arch.energy_config, arch.dram_config})
    values["files"].push_back(content_key(base::read_file(file)));
  return values;
}

nlohmann::json values_of(const PipelineConfig& c, ConfigPart part) {
  switch (part) {
    case ConfigPart::kData:
      return {{"task", c.task}, {"data", c.data}, {"limits", {c.train_limit, c.dev_limit, c.test_limit}}};
    case ConfigPart::kTeacher:
      return teacher_values(c);
    case ConfigPart::kMachine:
      return machine_values(c);
    case ConfigPart::kLevel1:
      return {{"methods", c.level1.methods},    {"ratios", c.level1.ratios},     {"shapes", c.level1.shapes},
              {"max_axes", c.level1.max_axes},  {"matrices", c.level1.matrices}, {"paths", c.level1.paths},
              {"max_ratio", c.level1.max_ratio}};
    case ConfigPart::kSupernet:
      return {{"digest", c.supernet.digest()}, {"max_ratio", c.supernet_ratio}, {"fractions", c.fractions}};
    case ConfigPart::kPredictor:
      return {{"subnets", c.subnets}, {"trees", c.predictor.trees}};
    case ConfigPart::kSearch:
      return {{"population", c.evolution.population},
              {"generations", c.evolution.generations},
              {"parents", c.evolution.parents},
              {"mutation", c.evolution.mutation_probability},
              {"gamma", c.evolution.gamma},
              {"max_edp_ratio", c.max_edp_ratio},
              {"max_accuracy_drop", c.max_accuracy_drop}};
    case ConfigPart::kLoop:
      return {{"max_rounds", c.max_rounds}, {"tolerance", c.tolerance}, {"candidates", c.candidates}};
    case ConfigPart::kInt8:
      return {{"limit", c.int8_limit}, {"machine_limit", c.machine_limit}};
    case ConfigPart::kDistill:
      return {{"digest", c.distill.digest()}, {"dev_limit", c.distill_dev_limit}};
  }
  throw std::logic_error("no such part of the configuration");
}

}  // namespace

PipelineConfig PipelineConfig::load(const std::string& path) {
  base::Problems problems;
  base::ConfigReader r = base::ConfigReader::load(path, problems);
  PipelineConfig c;
  c.file = path;
  c.seed = static_cast<std::uint64_t>(r.integer("seed", {0, kMany}));
  c.threads = static_cast<int>(r.integer_or("threads", 2, {1, 1024}));
  c.jobs = base::read_jobs(r, "jobs", c.jobs);
  base::ConfigReader task = r.section("task");
  c.task = task.choice("name", task_names());
  c.data = task.text_or("data", "");
  c.tokens = task.integer("tokens", {4, 4096});
  c.train_limit = task.integer_or("train_limit", 0, {0, kMany});
  c.dev_limit = task.integer_or("dev_limit", 0, {0, kMany});
  c.test_limit = task.integer_or("test_limit", 0, {0, kMany});
  c.int8_limit = task.integer_or("int8_limit", c.int8_limit, {0, kMany});
  c.machine_limit = task.integer_or("machine_limit", c.machine_limit, {1, kMany});
  c.teacher = existing(r, "teacher", path);
  c.arch = existing(r, "arch", path);
  read_level1(r.section("level1"), c);
  read_supernet_stage(r.section("supernet"), c);
  read_search(r.section("search"), c);
  base::ConfigReader loop = r.section("loop");
  c.max_rounds = loop.integer("max_rounds", {1, 100});
  c.tolerance = loop.number("tolerance", {0, 10});
  c.candidates = loop.integer_or("candidates", c.candidates, {1, kRunnersUp + 1});
  read_distill_stage(r.section("distill"), c);
  r.finish();
  if (!c.arch.empty() && fs::exists(c.arch)) spec::ArchSpec::load(c.arch, problems);
  problems.throw_if_any();
  c.predictor.seed = c.evolution.seed = c.seed;
  return c;
}

const char* part_name(ConfigPart part) {
  switch (part) {
    case ConfigPart::kData:
      return "data";
    case ConfigPart::kTeacher:
      return "teacher";
    case ConfigPart::kMachine:
      return "machine";
    case ConfigPart::kLevel1:
      return "level1";
    case ConfigPart::kSupernet:
      return "supernet";
    case ConfigPart::kPredictor:
      return "predictor";
    case ConfigPart::kSearch:
      return "search";
    case ConfigPart::kLoop:
      return "loop";
    case ConfigPart::kInt8:
      return "int8";
    case ConfigPart::kDistill:
      return "distill";
  }
  throw std::logic_error("no such part of the configuration");
}

nlohmann::json key_of(const PipelineConfig& config, ConfigPart part) {
  nlohmann::json key = values_of(config, part);
  key["seed"] = config.seed;
  return key;
}

}  // namespace heat::offline
