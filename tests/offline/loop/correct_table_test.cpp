// The cost table corrected by the real simulator: what is measured counts, persists, and changes decisions.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <tuple>

#include "base/atomic_file.h"
#include "offline/cost_table/pareto.h"
#include "offline/cost_table/table.h"
#include "offline/search/evolution.h"

namespace heat::offline {
namespace {

namespace fs = std::filesystem;

const std::string kProgram = std::string(HEAT_BIN_DIR) + "/heat-offline";
const std::string kArch = std::string(HEAT_SOURCE_DIR) + "/configs/arch/simba-l.yaml";

// A cost table of a small model, made by the command.
class CorrectTable : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(testing::TempDir()) / ("heat_correct_table_" + std::to_string(getpid()));
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    std::ofstream(file("model.json")) << R"({"hidden_size": 64, "intermediate_size": 256})";
    std::ofstream(file("calibration.yaml")) << "arch: " << kArch << "\nrounds: 2\njobs: 2\ntable_rows: all\n";
    ASSERT_EQ(run("cost-table --model-config " + file("model.json") + " --arch " + kArch +
                  " --seq-len 32 --top-k 1 --max-axes 3 --ratios 0.1,0.2,0.3,0.4 --threads 2 --out " + file("t")),
              0)
        << base::read_file(file("err"));
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string file(const std::string& name) const { return (folder_ / name).string(); }
  std::string table() const { return file("t/cost_table.sqlite"); }
  int run(const std::string& arguments) const {
    return WEXITSTATUS(std::system((kProgram + " " + arguments + " >" + file("out") + " 2>" + file("err")).c_str()));
  }
  std::vector<CostRow> rows() const { return CostTable::open(table()).rows(); }

  fs::path folder_;
};

// Level 2's search with one layer of every size, whose choices are the table's rows of one method and whose accuracy is
// what the errors leave, under a limit of EDP over the dense layers'; the keys of the choice.
std::vector<std::string> search_on(const std::vector<CostRow>& rows, const std::string& method, double max_edp_ratio) {
  ChoiceTable costs;
  std::vector<std::vector<const CostRow*>> layers;
  SubNetCost dense;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (i == 0 || rows[i].rows() != rows[i - 1].rows() || rows[i].cols() != rows[i - 1].cols()) {
      layers.emplace_back();
      costs.layers.emplace_back();
    }
    if (rows[i].form.is_dense()) {
      dense.energy_pj += rows[i].best_energy_pj();
      dense.latency_ns += rows[i].best_latency_ns();
    }
    if (rows[i].form.method != method || !rows[i].feasible) continue;
    layers.back().push_back(&rows[i]);
    costs.layers.back().push_back({rows[i].best_energy_pj(), rows[i].best_latency_ns(), rows[i].params});
  }
  const auto accuracy = [&](const Genes& genes) {
    double left = 1;
    for (std::size_t l = 0; l < genes.size(); ++l)
      left -= layers[l][static_cast<std::size_t>(genes[l])]->error / static_cast<double>(genes.size());
    return left;
  };
  EvolutionConfig config;
  config.generations = 100;  // the space is small: the best is found
  config.limits.edp_js = max_edp_ratio * dense.edp_js();
  const Genes best = evolve(costs, accuracy, config).best.genes;
  std::vector<std::string> keys;
  for (std::size_t l = 0; l < best.size(); ++l) keys.push_back(layers[l][static_cast<std::size_t>(best[l])]->key());
  return keys;
}

// The choices of both methods under several limits.
std::vector<std::vector<std::string>> searches_on(const std::vector<CostRow>& rows) {
  std::vector<std::vector<std::string>> choices;
  for (const char* method : {"cp", "tucker"})
    for (double limit : {0.6, 0.7, 0.9, 1.0, 1.2}) choices.push_back(search_on(rows, method, limit));
  return choices;
}

using Changes = std::multiset<std::pair<std::string, std::string>>;

Changes changed_keys(const nlohmann::json& list) {
  Changes changes;
  for (const auto& c : list) changes.emplace(c.at("before").get<std::string>(), c.at("after").get<std::string>());
  return changes;
}

// Of s* by both rules, for every size and method; both tables hold the same rows.
Changes changed_choices(const std::vector<CostRow>& before, const std::vector<CostRow>& after) {
  Changes changes;
  std::set<std::tuple<std::int64_t, std::int64_t, std::string>> seen;
  for (const CostRow& row : before) {
    if (row.form.is_dense() || !seen.emplace(row.rows(), row.cols(), row.form.method).second) continue;
    for (const auto select : {select_by_error, select_by_edp}) {
      const auto was = select(before, row, row.form.method, {}), is = select(after, row, row.form.method, {});
      if (was && is && before[*was].key() != after[*is].key()) changes.emplace(before[*was].key(), after[*is].key());
    }
  }
  return changes;
}

TEST_F(CorrectTable, CalibratedThenMeasuredValuesCountPersistAndChangeTheSearch) {
  const std::vector<CostRow> before = rows();
  ASSERT_GT(before.size(), 30u);
  const auto first = searches_on(before);
  ASSERT_EQ(run("calibrate --config " + file("calibration.yaml") + " --cost-table " + table() + " --out " +
                file("cal") + " --json " + file("fit.json")),
            0)
      << base::read_file(file("err"));

  const std::vector<CostRow> after = rows();  // the table is opened again
  ASSERT_EQ(after.size(), before.size());
  int wrong_before = 0;
  for (std::size_t i = 0; i < after.size(); ++i) {
    const CostRow& row = after[i];
    EXPECT_EQ(row.key(), before[i].key());
    EXPECT_EQ(row.error, before[i].error);
    ASSERT_TRUE(row.measured()) << row.key();
    EXPECT_EQ(row.best_energy_pj(), *row.measured_energy_pj);
    EXPECT_EQ(row.best_latency_ns(), *row.measured_latency_ns);
    EXPECT_NEAR(row.latency_ns * row.latency_correction(), *row.measured_latency_ns, 1e-6 * *row.measured_latency_ns);
    wrong_before += std::abs(before[i].latency_ns / *row.measured_latency_ns - 1) > 0.05;
  }
  EXPECT_GT(wrong_before, 10);
  EXPECT_EQ(searches_on(before), first);
  EXPECT_NE(searches_on(after), first);

  const auto fit = nlohmann::json::parse(base::read_file(file("fit.json"))).at("cost_table");
  EXPECT_EQ(fit.at("measured").get<std::size_t>(), after.size());
  EXPECT_GE(fit.at("latency_correction").at("max").get<double>(),
            fit.at("latency_correction").at("mean").get<double>());
  EXPECT_EQ(changed_keys(fit.at("changed_choices")), changed_choices(before, after));
  // The table goes on under the fitted parameters alone.
  const std::string again = "cost-table --model-config " + file("model.json") + " --arch " + kArch +
                            " --seq-len 32 --top-k 1 --max-axes 3 --ratios 0.1,0.2,0.3,0.4,0.5 --resume --out " +
                            file("t");
  EXPECT_EQ(run(again), 2);
  ASSERT_EQ(run(again + " --calibration " + file("cal/calibration.json")), 0) << base::read_file(file("err"));
  int inferred = 0;
  for (const CostRow& row : rows()) inferred += !row.measured() && row.class_latency_correction.has_value();
  EXPECT_GT(inferred, 0);
}

TEST_F(CorrectTable, TracedRunThenItsLayersAreMeasuredWithoutSimulatingAgain) {
  std::ofstream(file("bert.json")) << R"({"hidden_size": 64, "intermediate_size": 256, "num_hidden_layers": 1,
    "num_attention_heads": 2, "vocab_size": 100, "max_position_embeddings": 64, "type_vocab_size": 2})";
  ASSERT_EQ(run("schedule --model-config " + file("bert.json") + " --arch " + kArch +
                " --seq-len 32 --method dense --out " + file("dense.json")),
            0)
      << base::read_file(file("err"));
  ASSERT_EQ(
      std::system((std::string(HEAT_BIN_DIR) + "/simba-sim --arch " + kArch + " --schedule " + file("dense.json") +
                   " --trace " + file("trace") + " --json " + file("run.json") + " >/dev/null")
                      .c_str()),
      0);
  std::ofstream(file("calibration.yaml")) << "arch: " << kArch << "\nruns: [trace/run.sqlite]\ncost_table: "
                                          << "t/cost_table.sqlite\ntable_rows: s_star\nrounds: 1\n";
  ASSERT_EQ(run("calibrate --config " + file("calibration.yaml") + " --out " + file("cal")), 0)
      << base::read_file(file("err"));
  // The layer's node with its share, by cycles and by energy, of what its group took.
  const auto result = nlohmann::json::parse(base::read_file(file("run.json")));
  const auto groups = nlohmann::json::parse(base::read_file(file("dense.json"))).at("plan").at("groups");
  const std::string layer = "encoder.layer.0.output.dense";
  double expected_ns = 0, expected_pj = 0;
  for (std::size_t g = 0; g < groups.size(); ++g) {
    double cycles = 0, energy = 0, own_cycles = 0, own_energy = 0;
    for (const auto& planned : groups[g].at("nodes")) {
      const auto& name = planned.at("node");
      for (const auto& n : result.at("nodes")) {
        if (n.at("name") != name) continue;
        cycles += n.at("cycles").get<double>();
        energy += n.at("energy_pj").get<double>();
        if (name != layer) continue;
        own_cycles = n.at("cycles").get<double>();
        own_energy = n.at("energy_pj").get<double>();
      }
    }
    expected_ns += result.at("groups")[g].at("cycles").get<double>() * own_cycles / cycles;  // at 1 GHz
    expected_pj += result.at("groups")[g].at("energy_pj").get<double>() * own_energy / energy;
  }
  ASSERT_GT(expected_ns, 0);
  const auto row = CostTable::open(table()).find("64x256 t32 dense 64x256");
  ASSERT_TRUE(row && row->measured());
  EXPECT_NEAR(*row->measured_latency_ns, expected_ns, 1e-6 * expected_ns);
  EXPECT_NEAR(*row->measured_energy_pj, expected_pj, 1e-6 * expected_pj);

  EXPECT_EQ(run("calibrate --config " + file("calibration.yaml") + " --run " + file("t/cost_table.sqlite") + " --out " +
                file("cal")),
            2);
  EXPECT_EQ(run("calibrate --config " + file("calibration.yaml") + " --cost-table absent.sqlite --out " + file("cal")),
            2);
  EXPECT_NE(base::read_file(file("err")).find("absent.sqlite"), std::string::npos);
  EXPECT_FALSE(fs::exists("absent.sqlite"));
}

}  // namespace
}  // namespace heat::offline
