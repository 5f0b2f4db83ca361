// heat-offline calibrate-energy on runs of the real simulator: a table that the simulator was given is found again from
// runs under another one; the shipped configuration runs; nothing is written when something is wrong.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <regex>

#include "base/atomic_file.h"
#include "offline/loop/energy_run.h"

namespace {

namespace fs = std::filesystem;
using heat::base::read_file;
using heat::base::write_file_atomically;

const std::string kConfigs = std::string(HEAT_SOURCE_DIR) + "/configs";

int run(const std::string& command) {
  const int status = std::system((std::string(HEAT_BIN_DIR) + "/" + command).c_str());
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

nlohmann::json json_of(const std::string& path) {
  return nlohmann::json::parse(read_file(path));
}

struct Network {
  const char* name;
  const char* options;
};
// Small ones that use the machine in different ways.
constexpr Network kNetworks[] = {{"short", "--seq-len 8 --method dense"},
                                 {"long", "--seq-len 96 --method dense"},
                                 {"factorised", "--seq-len 32 --method svd --ratio 0.25"},
                                 {"layer", "--seq-len 64 --method dense --layer encoder.layer.0.output.dense"},
                                 {"wide", "--seq-len 16 --method dense --layer encoder.layer.0.intermediate.dense"}};

class CalibrateEnergyCommand : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = testing::TempDir() + "calibrate_energy";
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    write_file_atomically(file("config.json"),
                          R"({"model_type": "bert", "hidden_size": 128, "num_hidden_layers": 1,
                              "num_attention_heads": 4, "intermediate_size": 512, "vocab_size": 100,
                              "max_position_embeddings": 512})");
    for (const Network& n : kNetworks) {
      const std::string schedule = file(std::string(n.name) + ".schedule.json");
      ASSERT_EQ(run("heat-offline schedule --model-config " + file("config.json") + " --arch " + kConfigs +
                    "/arch/simba-l.yaml " + n.options + " --out " + schedule + " --json " + file("summary.json")),
                0);
      simulate(kConfigs + "/arch/simba-l.yaml", n.name, "--json " + file(std::string(n.name) + ".json"));
    }
  }
  static void simulate(const std::string& arch, const std::string& name, const std::string& options) {
    ASSERT_EQ(run("simba-sim --arch " + arch + " --schedule " + file(name + ".schedule.json") + " " + options +
                  " >/dev/null"),
              0);
  }
  static std::string file(const std::string& name) { return folder_ + "/" + name; }

  static std::string folder_;
};
std::string CalibrateEnergyCommand::folder_;

TEST_F(CalibrateEnergyCommand, FindsTheTableThatTheSimulatorWasGiven) {
  // The same machine with another table.
  std::string table = read_file(kConfigs + "/energy/5nm.yaml");
  const auto set = [&](const std::string& key, const std::string& value) {
    const std::string before = table;
    table = std::regex_replace(table, std::regex("  " + key + ": [0-9.]+"), "  " + key + ": " + value);
    ASSERT_NE(table, before) << key;
  };
  set("mac", "0.2");
  set("nop_byte_hop", "8.5");
  set("global_buffer_read", "17.6");  // 0.8 of 22
  set("global_buffer_write", "20.8");
  set("noc_byte_hop", "0.5");
  write_file_atomically(file("truth.yaml"), table);
  std::string arch = read_file(kConfigs + "/arch/simba-l.yaml");
  arch = std::regex_replace(arch, std::regex("\\.\\./energy/[a-z0-9-]+.yaml"), "truth.yaml");
  arch = std::regex_replace(arch, std::regex("\\.\\./dram/"), kConfigs + "/dram/");
  write_file_atomically(file("truth-arch.yaml"), arch);

  std::string config = "name: found\nstart: " + kConfigs + "/energy/5nm.yaml\narch: " + kConfigs +
                       "/arch/simba-l.yaml\npull: 1e-12\nfree:\n"
                       "  - {entry: action_pj.mac, lower: 0.05, upper: 0.4, source: s}\n"
                       "  - {entry: action_pj.nop_byte_hop, lower: 6, upper: 14, source: s}\n"
                       "  - {scale: gb, entries: [action_pj.global_buffer_read, action_pj.global_buffer_write], lower: "
                       "0.5, upper: 2, source: s}\n"
                       "  - {entry: action_pj.noc_byte_hop, lower: 0.1, upper: 1, source: s}\nrows:\n";
  for (const Network& n : kNetworks) {
    const std::string name = n.name;
    simulate(file("truth-arch.yaml"), name, "--json " + file(name + ".truth.json"));
    config += "  - {name: " + name + ", run: " + name +
              ".json, target_edp_js: " + json_of(file(name + ".truth.json")).at("edp_js").dump() + "}\n";
  }
  write_file_atomically(file("fit.yaml"), config);
  ASSERT_EQ(run("heat-offline calibrate-energy --config " + file("fit.yaml") + " --out " + file("found.yaml") +
                " --json " + file("fit.json") + " >" + file("fit.txt")),
            0);
  const auto fit = json_of(file("fit.json"));
  const double expected[] = {0.2, 8.5, 0.8, 0.5};
  for (std::size_t i = 0; i < 4; ++i)
    EXPECT_NEAR(fit.at("free")[i].at("value").get<double>() / expected[i], 1, 2e-3) << fit.at("free")[i].dump();
  for (const auto& row : fit.at("rows")) EXPECT_NEAR(row.at("residual").get<double>(), 0, 1e-5) << row.dump();
  EXPECT_EQ(fit.at("identifiability").at("rank"), 4);
  // The found table is one that simba-sim takes, and gives the EDP that the fit states.
  write_file_atomically(file("found-arch.yaml"), std::regex_replace(arch, std::regex("truth.yaml"), "found.yaml"));
  simulate(file("found-arch.yaml"), "long", "--json " + file("found.json"));
  EXPECT_NEAR(
      json_of(file("found.json")).at("edp_js").get<double>() / fit.at("rows")[1].at("fitted_edp_js").get<double>(), 1,
      1e-9);
}

TEST_F(CalibrateEnergyCommand, RunsTheShippedConfigurationTwiceWithTheSameBytes) {
  const std::string command = "heat-offline calibrate-energy --config " + kConfigs +
                              "/calibration-energy.yaml --run dense-384=" + file("long.json") +
                              " --run dense-128=" + file("short.json");
  for (const char* out : {"one", "two"})
    ASSERT_EQ(run(command + " --out " + file(std::string(out) + ".yaml") + " --json " + file("shipped.json") + " >" +
                  file(std::string(out) + ".txt")),
              0);
  EXPECT_EQ(read_file(file("one.yaml")), read_file(file("two.yaml")));
  const auto fit = json_of(file("shipped.json"));
  // Rows of a small network stay far below BERT-base's: nothing goes down, and the links go to their upper bound.
  for (const auto& f : fit.at("free")) EXPECT_GT(f.at("value"), f.at("start")) << f.dump();
  EXPECT_EQ(fit.at("free")[4].at("entry"), "action_pj.nop_byte_hop");
  EXPECT_EQ(fit.at("free")[4].at("bound_hit"), "upper");
  EXPECT_EQ(fit.at("free")[4].at("value"), 14.0);
  EXPECT_LT(fit.at("rows")[0].at("residual").get<double>(), -0.9);
  EXPECT_EQ(fit.at("identifiability").at("rank"), 2);
  EXPECT_NO_THROW(heat::spec::EnergyTable::load(file("one.yaml")));
}

TEST_F(CalibrateEnergyCommand, ADatabaseSaysWhatTheResultSays) {
  simulate(kConfigs + "/arch/simba-l.yaml", "factorised", "--trace " + file("trace"));
  const auto result = heat::offline::read_energy_run(file("factorised.json"));
  for (const std::string& path : {file("trace"), file("trace/run.sqlite")}) {
    const auto trace = heat::offline::read_energy_run(path);
    EXPECT_EQ(trace.pj_per_unit, result.pj_per_unit);
    EXPECT_NEAR(trace.fixed_pj / result.fixed_pj, 1, 1e-12);
    EXPECT_EQ(trace.latency_ns, result.latency_ns);
    EXPECT_EQ(trace.arch, result.arch);
  }
}

TEST_F(CalibrateEnergyCommand, WritesNothingWhenARowIsMissing) {
  EXPECT_EQ(run("heat-offline calibrate-energy --config " + kConfigs + "/calibration-energy.yaml --run dense-384=" +
                file("long.json") + " --out " + file("absent.yaml") + " 2>" + file("error.txt")),
            2);
  EXPECT_NE(read_file(file("error.txt")).find("--run dense-128=FILE"), std::string::npos);
  EXPECT_FALSE(fs::exists(file("absent.yaml")));
  EXPECT_EQ(run("heat-offline calibrate-energy --config x.yaml --out y.yaml --run here 2>" + file("error.txt")), 2);
  EXPECT_NE(read_file(file("error.txt")).find("--run: 'here': expected ROW=FILE"), std::string::npos);
}

}  // namespace
