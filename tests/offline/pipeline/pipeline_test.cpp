// heat-offline run as a user runs it: a short configuration with the shipped teacher, killed again and again.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/atomic_file.h"
#include "offline/cost_table/table.h"

namespace heat::offline {
namespace {

namespace fs = std::filesystem;

const std::string kProgram = std::string(HEAT_BIN_DIR) + "/heat-offline";

class Pipeline : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / ("heat_pipeline_" + std::to_string(getpid()));
    fs::create_directories(folder_);
    // A fortieth of WordNet's nouns, and none of the rest.
    std::ifstream all("/usr/share/wordnet/data.noun");
    ASSERT_TRUE(all) << "Debian's package wordnet-base is missing";
    std::ofstream some(folder_ / "data.noun");
    int synset = 0;
    for (std::string line; std::getline(all, line);)
      if (line.rfind("  ", 0) == 0 || synset++ % 40 == 0) some << line << "\n";
    for (const char* part : {"data.verb", "data.adj", "data.adv"}) std::ofstream(folder_ / part) << "";
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string write_config(const std::string& replace = "", const std::string& by = "") {
    std::string text = R"(seed: 3
threads: 1
teacher: TEACHER
arch: ARCH
task: {name: wordnet, data: DATA, tokens: 16, train_limit: 300, dev_limit: 24, test_limit: 48, int8_limit: 40, machine_limit: 30}
level1: {methods: [svd, ttm], ratios: [0.3, 0.5], max_axes: 2, paths: 1, max_ratio: 0.6}
supernet: {max_ratio: 0.6, fractions: [0.5, 1.0], steps: 3, batch_tokens: 128}
search: {subnets: 10, trees: 20, population: 12, parents: 4, generations: 4, max_edp_ratio: 0.6}
loop: {max_rounds: 2, tolerance: 0.05}
distill: {stage_one_steps: 3, stage_two_steps: 3, batch_tokens: 128, dev_steps: 1}
)";
    const auto put = [&](const std::string& what, const std::string& with) {
      if (const auto at = text.find(what); at != std::string::npos) text.replace(at, what.size(), with);
    };
    put("TEACHER", std::string(HEAT_SOURCE_DIR) + "/examples/wordnet-bert");
    put("DATA", folder_.string());
    put("ARCH", std::string(HEAT_SOURCE_DIR) + "/configs/arch/simba-l.yaml");
    if (!replace.empty()) put(replace, by);
    const std::string file = (folder_ / "pipeline.yaml").string();
    std::ofstream(file) << text;
    return file;
  }

  // Exit status; 137 for a process that was killed.
  int run(const std::string& prefix, const std::string& config, const std::string& out, const std::string& more = "") {
    const std::string command = prefix + " " + kProgram + " run --config " + config + " --out " +
                                (folder_ / out).string() + " " + more + " > " + (folder_ / "stdout").string() + " 2> " +
                                (folder_ / "stderr").string();
    const int status = std::system(command.c_str());
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
  std::string read(const std::string& name) const { return base::read_file((folder_ / name).string()); }

  fs::path folder_;
};

TEST_F(Pipeline, KilledManyTimesThenTheSameSummaryAsUninterrupted) {
  const std::string config = write_config();
  ASSERT_EQ(run("", config, "whole"), 0) << read("stderr");
  const std::string expected = read("whole/summary.json");

  int kills = 0, status = 137;
  for (int attempt = 0; attempt < 40 && status != 0; ++attempt) {
    const char* jobs = attempt % 2 ? "--jobs processes:2" : "";
    status = run("timeout -s KILL " + std::to_string(1.5 + 1.5 * attempt), config, "killed", jobs);
    kills += status != 0;
  }
  ASSERT_EQ(status, 0) << read("stderr");
  EXPECT_GE(kills, 1);
  EXPECT_EQ(read("killed/summary.json"), expected);

  const auto summary = nlohmann::json::parse(expected);
  EXPECT_TRUE(summary.at("student").at("bit_exact").get<bool>());
  EXPECT_GT(summary.at("dense").at("edp_js").get<double>(), summary.at("student").at("edp_js").get<double>());
  EXPECT_LT(summary.at("student").at("params").get<std::int64_t>(),
            summary.at("teacher").at("params").get<std::int64_t>());
  const auto& student = summary.at("student");
  EXPECT_GE(student.at("accuracy_dev").get<double>(), student.at("projected_accuracy_dev").get<double>());
  EXPECT_GE(student.at("accuracy_dev").get<double>(), student.at("stage_one_accuracy_dev").get<double>());
  EXPECT_GE(student.at("accuracy_dev").get<double>(), student.at("stage_two_accuracy_dev").get<double>());
  EXPECT_EQ(student.at("int8_examples").get<int>(), 40);
  EXPECT_NEAR(student.at("int8_accuracy").get<double>(), student.at("int8_float_accuracy").get<double>(), 0.1);
  // Sentences padded to 16 tokens under the machine's mask.
  const auto& machine = student.at("machine");
  EXPECT_EQ(machine.at("examples").get<int>(), 30);
  EXPECT_GT(machine.at("padded").get<int>(), 10);
  EXPECT_TRUE(machine.at("bit_exact").get<bool>());
  EXPECT_NEAR(machine.at("accuracy").get<double>(), machine.at("float_accuracy").get<double>(), 0.1);
  EXPECT_EQ(expected.find(folder_.string()), std::string::npos);
  const auto& corrections = summary.at("cost_table");
  EXPECT_GE(corrections.at("measured").get<int>(), 6);  // three sizes, dense and factorised at least
  EXPECT_EQ(corrections.at("measured").get<int>() + corrections.at("corrected").get<int>(),
            corrections.at("rows").get<int>());
  EXPECT_EQ(read("killed/cost_table.sqlite"), read("whole/cost_table.sqlite"));
  const CostTable table = CostTable::open((folder_ / "killed" / "cost_table.sqlite").string());
  for (const CostRow& row : table.rows()) {
    if (!row.form.is_dense()) continue;
    ASSERT_TRUE(row.measured()) << row.key();
    EXPECT_EQ(row.best_energy_pj(), *row.measured_energy_pj);
    EXPECT_NE(row.best_energy_pj(), row.energy_pj);
  }
  for (const char* file : {"report.html", "cost_table.sqlite", "schedule.json", "schedule.bin", "weights.safetensors",
                           "calibration.json", "traces/dense.sqlite", "traces/student.sqlite"})
    EXPECT_TRUE(fs::exists(folder_ / "killed" / file)) << file;
}

TEST_F(Pipeline, SeveralMistakesThenOneErrorNamesAllAndNothingIsWritten) {
  const std::string config = write_config("threads: 1\n", "thread: 1\nthreads: 0\n");
  std::ofstream(config, std::ios::app) << "surprise: 1\n";
  EXPECT_EQ(run("", config, "wrong"), 2);
  const std::string error = read("stderr");
  for (const char* word : {"thread", "threads", "surprise"}) EXPECT_NE(error.find(word), std::string::npos) << error;
  EXPECT_NE(error.find("3 problems"), std::string::npos) << error;
  EXPECT_FALSE(fs::exists(folder_ / "wrong"));
}

}  // namespace
}  // namespace heat::offline
