// finetune, evaluate, supernet, search and distill as a script meets them, on a toy task; a real kill -9 in between.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

class TrainingCommands : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(::testing::TempDir()) / ("heat_training_commands_" + std::to_string(::getpid()));
    fs::remove_all(folder_);
    fs::create_directories(folder_ / "data");
    write_split("train", 0, 160);
    write_split("dev", 160, 40);
    write("finetune.yaml", R"(
task: sst2
data: )" + file("data") + R"(
threads: 1
max_length: 16
checkpoint_steps: 4
save_dtype: F32
model: {vocab_size: 64, layers: 1, hidden_size: 16, heads: 2, intermediate_size: 32, max_positions: 16}
phases:
  - {name: task, epochs: 30, batch_tokens: 128, learning_rate: 5.0e-3}
)");
    write("common",
          "teacher: " + file("teacher") + "\ntask: sst2\ndata: " + file("data") + "\nthreads: 1\nmax_length: 16\n");
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string file(const std::string& name) const { return (folder_ / name).string(); }
  void write(const std::string& name, const std::string& text) const { std::ofstream(file(name)) << text; }
  std::string text(const std::string& name) const {
    std::ifstream in(file(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  void write_split(const std::string& name, int first, int count) const {
    const char* const words[2][4] = {{"dull", "flat", "weak", "empty"}, {"bright", "warm", "funny", "rich"}};
    std::string tsv = "sentence\tlabel\n";
    for (int i = first; i < first + count; ++i)
      tsv += std::string("a ") + words[i % 2][(i / 2) % 4] + " and " + words[i % 2][(i / 8) % 4] + " film\t" +
             std::to_string(i % 2) + "\n";
    write("data/" + name + ".tsv", tsv);
  }
  std::string line(const std::string& command) const {
    return "exec " + std::string(HEAT_BIN_DIR) + "/heat-offline " + command + " --json " + file("out.json") + " 2>" +
           file("err");
  }
  int run(const std::string& command) const {
    fs::remove(file("out.json"));
    return WEXITSTATUS(std::system(line(command).c_str()));
  }
  json result() const { return json::parse(text("out.json")); }

  fs::path folder_;
};

TEST_F(TrainingCommands, KilledFinetuneGoesOnToTheSameBytes) {
  const std::string config = "finetune --config " + file("finetune.yaml") + " --out ";
  ASSERT_EQ(run(config + file("whole")), 0) << text("err");
  EXPECT_GT(result()["dev_accuracy"].get<double>(), 0.9);
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    execl("/bin/sh", "sh", "-c", line(config + file("parts")).c_str(), nullptr);
    _exit(127);
  }
  for (int i = 0; i < 60000 && !fs::exists(file("parts/training.safetensors")); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  ASSERT_TRUE(fs::exists(file("parts/training.safetensors")));
  ASSERT_FALSE(fs::exists(file("parts/model.safetensors"))) << "killed too late to mean anything";
  ASSERT_EQ(run(config + file("parts")), 0) << text("err");
  EXPECT_NE(text("err").find("going on from"), std::string::npos);
  EXPECT_EQ(text("parts/model.safetensors"), text("whole/model.safetensors"));
}

TEST_F(TrainingCommands, LevelsTwoAndThreeFromCheckpointToStudent) {
  ASSERT_EQ(run("finetune --config " + file("finetune.yaml") + " --out " + file("teacher")), 0) << text("err");
  write("supernet.yaml", text("common") +
                             "decomposition: {method: svd, ratio: 0.9}\nfractions: [0.3, 0.6, 1.0]\n"
                             "supernet: {steps: 10, batch_tokens: 128}\n");
  ASSERT_EQ(run("supernet --config " + file("supernet.yaml") + " --out " + file("supernet")), 0) << text("err");
  EXPECT_GT(result()["largest_params"].get<int>(), result()["smallest_params"].get<int>());

  json costs = {{"layers", json::object()}};
  const json ladders = json::parse(text("supernet/ladders.json"));
  for (const json& layer : ladders["layers"])
    for (const json& form : layer["choices"]) {
      const int rank = form["ranks"][0];
      costs["layers"][layer["layer"].get<std::string>()].push_back(
          {{"ranks", form["ranks"]}, {"energy_pj", 1000.0 * rank}, {"latency_ns", 10.0 * rank}});
    }
  write("costs.json", costs.dump());
  write("search.yaml", text("common") + "supernet: " + file("supernet") + "\ncosts: " + file("costs.json") +
                           "\nsamples: 20\ntensorly_ratios: [0.5]\nrandom_baselines: 2\nevolution: {population: 20, "
                           "generations: 5, parents: 5, limits: {params: 1800}}\n");
  ASSERT_EQ(run("search --config " + file("search.yaml") + " --out " + file("search")), 0) << text("err");
  const json search = result();
  // Scored by shards, the rest follows alike.
  const std::string shards = "search --config " + file("search.yaml") + " --out " + file("shards");
  ASSERT_EQ(run(shards + " --shard 2/2"), 0) << text("err");
  EXPECT_EQ(run("merge --out " + file("shards")), 2);
  ASSERT_EQ(run(shards + " --shard 1/2"), 0) << text("err");
  ASSERT_EQ(run("merge --out " + file("shards")), 0) << text("err");
  EXPECT_EQ(text("shards/subnets.json"), text("search/subnets.json"));
  ASSERT_EQ(run(shards + " --jobs processes:2"), 0) << text("err");
  EXPECT_EQ(text("shards/search.json"), text("search/search.json"));
  EXPECT_EQ(text("shards/subnets.json"), text("search/subnets.json"));
  EXPECT_LE(search["best"]["params"].get<int>(), 1800);
  EXPECT_EQ(search["history"].size(), 6u);
  EXPECT_EQ(search["baselines"].size(), 3u + 1u + 2u);

  write("distill.yaml", text("common") + "plans: " + file("search/plans.json") +
                            "\ndistill: {stage_one_steps: 10, stage_two_steps: 10, batch_tokens: 128}\n");
  ASSERT_EQ(run("distill --config " + file("distill.yaml") + " --out " + file("student")), 0) << text("err");
  EXPECT_EQ(result()["student_encoder_params"], search["best"]["params"]);
  const double reported = result()["student_dev_accuracy"];
  ASSERT_EQ(run("evaluate --task sst2 --data " + file("data") + " --checkpoint " + file("student") + " --threads 1"), 0)
      << text("err");
  EXPECT_EQ(result()["accuracy"], reported);
}

// A method whose cores close a ring goes the same way as any other.
TEST_F(TrainingCommands, TensorRingThenSuperNetStudentAndItsCheckpointTakeIt) {
  ASSERT_EQ(run("finetune --config " + file("finetune.yaml") + " --out " + file("teacher")), 0) << text("err");
  write("supernet.yaml", text("common") +
                             "decomposition: {method: tr, ratio: 0.9}\nfractions: [0.5, 1.0]\n"
                             "supernet: {steps: 10, batch_tokens: 128}\n");
  ASSERT_EQ(run("supernet --config " + file("supernet.yaml") + " --out " + file("supernet")), 0) << text("err");
  EXPECT_GT(result()["largest_params"].get<int>(), result()["smallest_params"].get<int>());
  for (const json& layer : json::parse(text("supernet/ladders.json"))["layers"]) {
    EXPECT_EQ(layer["choices"].back()["method"], "tr");
    EXPECT_EQ(layer["choices"].back()["ranks"].size(), 3u);
  }
  write("distill.yaml", text("common") +
                            "decomposition: {method: tr, ratio: 0.6}\n"
                            "distill: {stage_one_steps: 10, stage_two_steps: 10, batch_tokens: 128}\n");
  ASSERT_EQ(run("distill --config " + file("distill.yaml") + " --out " + file("student")), 0) << text("err");
  const double reported = result()["student_dev_accuracy"];
  ASSERT_EQ(run("evaluate --task sst2 --data " + file("data") + " --checkpoint " + file("student") + " --threads 1"), 0)
      << text("err");
  EXPECT_EQ(result()["accuracy"], reported);
}

TEST_F(TrainingCommands, WrongUseEndsWithStatusTwoAndNamesEverything) {
  EXPECT_EQ(run("evaluate --task sst2"), 2);
  EXPECT_EQ(run("evaluate --task squad"), 2);
  write("bad.yaml", "teacher: nowhere\nseeds: 1\ndecomposition: {method: qr}\nfractions: [2]\nsupernet: {steps: 0}\n");
  EXPECT_EQ(run("supernet --config " + file("bad.yaml") + " --out " + file("never")), 2);
  for (const char* part : {"did you mean 'seed'", "method", "fractions", "steps"})
    EXPECT_NE(text("err").find(part), std::string::npos) << part;
  EXPECT_FALSE(fs::exists(file("never")));
}

}  // namespace
