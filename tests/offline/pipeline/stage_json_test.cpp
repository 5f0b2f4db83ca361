// Every stage's result through its form on disk, and what decides whether one is stale.
#include "offline/pipeline/stage_json.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <set>

#include "offline/pipeline/pipeline.h"

namespace heat::offline {
namespace {

using nlohmann::json;

// Through text and back: nothing is lost, and an absent key is noticed.
template <class Result>
json round_trip(const Result& result) {
  const json written = result;
  const json again = json::parse(written.dump()).get<Result>();
  EXPECT_EQ(again, written);
  for (const auto& [key, value] : written.items()) {
    if (key == "objective" || key.find("_accuracy_dev") != std::string::npos || key == "layers_changed") continue;
    json without = written;
    without.erase(key);
    EXPECT_THROW(without.get<Result>(), json::exception) << key;
  }
  return written;
}

SimulatedSchedule simulated() {
  SimulatedSchedule s;
  s.name = "dense";
  s.schedule = "a.json";
  s.simulation = "b.json";
  s.predicted = {{1, 2, 3, 4.5e-9}, {{"pe", 1.0 / 3}}};
  s.simulated = {{5, 6, 7, 8e-9}, {{"dram", 0.1}}};
  s.macs = 9;
  s.utilization = 0.3;
  s.layers = {{"l", 1, 2, 3, 4, 5, {{"pe", 6}}}};
  s.groups = {{"g", 1, 2, 3, 4}};
  return s;
}

SearchReport report() {
  const AssessedSubNet subnet{{1, 0}, 0.5, 1, 2, 3, 4, 5, true};
  return {{{0, 1, 2, 3}, {2, 0.5, 0.75, 9}}, {{"uniform 0", subnet}}, subnet, true, 1e-6};
}

Form sample_form() {
  return {"svd", {{8}, {16}}, {4}};
}

TEST(StageJson, EveryResultThenItComesBack) {
  const Form form = sample_form();
  round_trip(BaselineResult{0.5, 0.25, 3, 4, 5});
  round_trip(TeacherResult{{0.9, 48, 1000, 500}});
  round_trip(EvaluateResult{{0.8, 48, 400, 200}});
  round_trip(CostTableResult{10, 3, {{"k", form}}, "t.sqlite"});
  round_trip(DenseResult{simulated()});
  const json schedule = round_trip(
      ScheduleResult{simulated(), true, {40, 0.5, 0.6, 0.9}, {30, 20, 0.7, 0.8, true}, {1, 2, 3, 4}, {5, 6, 7, 8}});
  EXPECT_EQ(schedule.at("simulated").at("energy_by_component_pj").at("dram"), 0.1);
  EXPECT_EQ(schedule.at("name"), "dense");

  round_trip(SupernetResult{"s.safetensors", {{"layer", {{"svd", form.shape, {2}}, form}, {48, 96}}}});
  round_trip(SearchResult{{1}, 0.5, {{0}, {1}}, "t.sqlite", 1.5, 2.5, report()});
  LoopResult loop;
  loop.subnet = {1};
  loop.cost_table.summary.rows = 4;
  loop.cost_table.summary.energy_max = 1.25;
  loop.cost_table.shapes_chosen_otherwise = 1;
  loop.pareto = {{"svd", "8x16", "4", "8x16", 0.1, 0.2, 1, 2, 3, 4, true, false, true}};
  loop.forms = {{"layer", form}};
  loop.rounds = {{1, {1}, 1, 2, 3, 4, 0.5, 0.25, 0.125, 3, 2}, {2, {0}, 1, 2, 3, 4, 0.5, 0.25, 0.125, 3, std::nullopt}};
  loop.search = report();
  loop.calibration.parameters.dram_latency_cycles = 31;
  loop.errors = {3, 0.1, 0.2, 0.3, 0.4};
  loop.points = {{"g", 1, 2, 3, 4, 5, 6}};
  const json written = round_trip(loop);
  EXPECT_EQ(written.at("rounds").at(0).at("layers_changed"), 2);
  EXPECT_FALSE(written.at("rounds").at(1).contains("layers_changed"));
  EXPECT_EQ(written.get<LoopResult>().calibration.parameters.dram_latency_cycles, 31);
}

TEST(StageJson, NoCorrelationThenNull) {
  PredictorResult result{{{{1, 0}, 0.5}}, std::numeric_limits<double>::quiet_NaN(), {{0.5, 0.25}}};
  const json written = round_trip(result);
  EXPECT_TRUE(written.at("spearman").is_null());
  EXPECT_TRUE(std::isnan(written.get<PredictorResult>().spearman));
}

TEST(StageJson, SkippedStageOfDistillationThenItsAccuracyIsAbsent) {
  StudentResult student;
  student.forms = {{"layer", sample_form()}};
  student.projected_accuracy_dev = 0.5;
  student.stage_two_accuracy_dev = 0.75;
  student.kept_stage = "stage_two";
  student.scores = {{"projected", 0, 0.5}, {"stage_two", 10, 0.75}};
  const json written = round_trip(student);
  EXPECT_FALSE(written.contains("stage_one_accuracy_dev"));
  EXPECT_EQ(written.at("stage_two_accuracy_dev"), 0.75);
}

TEST(StageJson, SummaryThenSortedOnDiskAndComesBack) {
  Summary s;
  s.task = "wordnet";
  s.arch = "simba-l";
  s.distilled.projected_accuracy_dev = 0.5;
  s.distilled.kept_stage = "projected";
  s.shapes = {{"", {"svd", {{8}, {16}}, {}}}};
  s.spearman = 0.5;
  const json written = round_trip(s);
  EXPECT_EQ(written.dump(), json::parse(ordered_json_of(s).dump()).dump());
  EXPECT_EQ(ordered_json_of(s).begin().key(), "seed");
  EXPECT_NE(summary_table(s).find("accuracy"), std::string::npos);
}

TEST(StageResults, ReadBeforeTheStageThenAnError) {
  StageResults results;
  EXPECT_FALSE(results.has<BaselineResult>());
  EXPECT_THROW(results.get<BaselineResult>(), std::logic_error);
  results.set(BaselineResult{0.5, 0, 0, 0, 0});
  EXPECT_EQ(results.get<BaselineResult>().accuracy, 0.5);
}

PipelineConfig some_config() {
  PipelineConfig c;
  c.teacher = std::string(HEAT_SOURCE_DIR) + "/examples/wordnet-bert";
  c.arch = std::string(HEAT_SOURCE_DIR) + "/configs/arch/simba.yaml";
  c.task = "wordnet";
  return c;
}

TEST(StageKeys, EveryPartThenItSaysMoreThanTheSeed) {
  std::set<std::string> names;
  const PipelineConfig config = some_config();
  for (ConfigPart part : kConfigParts) {
    const json key = key_of(config, part);
    EXPECT_GT(key.size(), 1u) << part_name(part);
    EXPECT_EQ(key.at("seed"), config.seed);
    EXPECT_TRUE(names.insert(part_name(part)).second) << part_name(part);
  }
}

// A change of any key of the configuration makes a stage stale, and the first that it does is the one that reads it.
TEST(StageKeys, ChangedKeyThenTheStageThatReadsItIsStale) {
  const auto configs = [](const std::function<void(PipelineConfig&)>& change) {
    PipelineConfig config = some_config();
    change(config);
    PipelineContext context(config, "");
    StageResults results;
    std::vector<std::string> texts;
    for (const Stage& stage : pipeline_stages(context, results))
      texts.push_back(stage.name + " " + stage.config.dump());
    return texts;
  };
  const auto before = configs([](PipelineConfig&) {});
  EXPECT_EQ(before.size(), 12u);
  const std::pair<const char*, std::function<void(PipelineConfig&)>> changes[] = {
      {"baseline", [](PipelineConfig& c) { c.seed = 2; }},
      {"baseline", [](PipelineConfig& c) { c.train_limit = 7; }},
      {"teacher", [](PipelineConfig& c) { c.tokens = 7; }},
      {"cost-table", [](PipelineConfig& c) { c.level1.ratios = {0.5}; }},
      {"cost-table", [](PipelineConfig& c) { c.arch = std::string(HEAT_SOURCE_DIR) + "/configs/arch/simba-l.yaml"; }},
      {"supernet", [](PipelineConfig& c) { c.supernet.steps = 7; }},
      {"supernet", [](PipelineConfig& c) { c.supernet_ratio = 0.7; }},
      {"predictor", [](PipelineConfig& c) { c.subnets = 7; }},
      {"search", [](PipelineConfig& c) { c.evolution.gamma = 0.7; }},
      {"search", [](PipelineConfig& c) { c.max_edp_ratio = 0.7; }},
      {"loop", [](PipelineConfig& c) { c.tolerance = 0.7; }},
      {"loop", [](PipelineConfig& c) { c.candidates = 7; }},
      {"distill", [](PipelineConfig& c) { c.distill.stage_one_steps = 7; }},
      {"distill", [](PipelineConfig& c) { c.distill_dev_limit = 7; }},
      {"schedule", [](PipelineConfig& c) { c.int8_limit = 7; }},
      {"schedule", [](PipelineConfig& c) { c.machine_limit = 7; }},
  };
  for (const auto& [stage, change] : changes) {
    const auto after = configs(change);
    std::size_t first = 0;
    while (first < before.size() && after[first] == before[first]) ++first;
    ASSERT_LT(first, before.size()) << stage;
    EXPECT_EQ(before[first].substr(0, before[first].find(' ')), stage);
  }
  // Who runs it decides nothing.
  EXPECT_EQ(configs([](PipelineConfig& c) { c.jobs.count = 7; }), before);
  EXPECT_EQ(configs([](PipelineConfig& c) { c.threads = 7; }), before);
}

}  // namespace
}  // namespace heat::offline
