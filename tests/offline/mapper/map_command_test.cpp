// The map command as a user runs it.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/atomic_file.h"

namespace {

const std::string kArch = std::string(HEAT_SOURCE_DIR) + "/configs/arch/simba-l.yaml";

int run(const std::string& arguments) {
  const int status = std::system(
      (std::string(HEAT_BIN_DIR) + "/heat-offline map " + arguments + " 2>" + testing::TempDir() + "map.err >/dev/null")
          .c_str());
  return WEXITSTATUS(status);
}

TEST(MapCommand, WritesTheKeysThatOthersScriptAgainst) {
  const std::string out = testing::TempDir() + "map.json";
  ASSERT_EQ(run("--arch " + kArch + " --gemm 768,768,384 --objective edp --json " + out), 0);
  const auto json = nlohmann::json::parse(heat::base::read_file(out));
  EXPECT_GE(json.at("cycles").get<double>(), 768.0 * 768 * 384 / 16384);
  EXPECT_NEAR(json.at("edp_js").get<double>(),
              json.at("cycles").get<double>() * 1e-9 * json.at("energy_pj").get<double>() * 1e-12, 1e-15);
  EXPECT_GT(json.at("utilization").get<double>(), 0.5);
  EXPECT_TRUE(json.at("proven_optimal").get<bool>());
  EXPECT_LT(json.at("wall_s").get<double>(), 10);
  EXPECT_TRUE(json.at("mapping").contains("gb_tile"));
  for (const char* level : {"dram", "global_buffer", "pe"})
    for (const char* tensor : {"weight", "input", "output"})
      for (const char* key : {"reads", "fills", "updates"})
        EXPECT_TRUE(json.at("accesses").at(level).at(tensor).contains(key));
  EXPECT_EQ(json.at("accesses").at("dram").at("output").at("updates").get<double>(), 768.0 * 384);
}

TEST(MapCommand, WhenOptionsAreWrongThenStatusIsTwoAndNothingIsWritten) {
  const std::string out = testing::TempDir() + "none.json";
  std::filesystem::remove(out);
  EXPECT_EQ(run("--arch " + kArch + " --gemm 768,768 --json " + out), 2);
  EXPECT_NE(heat::base::read_file(testing::TempDir() + "map.err").find("M,K,N"), std::string::npos);
  EXPECT_EQ(run("--arch " + kArch + " --gemm 1,2,3 --objective speed --json " + out), 2);
  EXPECT_EQ(run("--arch nowhere.yaml --gemm 1,2,3 --json " + out), 2);
  EXPECT_FALSE(std::filesystem::exists(out));
}

}  // namespace
