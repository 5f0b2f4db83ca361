// map --simulate as a user runs it.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>

#include "base/atomic_file.h"

namespace {

namespace fs = std::filesystem;

const std::string kMap = std::string(HEAT_BIN_DIR) + "/heat-offline map --arch " + HEAT_SOURCE_DIR +
                         "/configs/arch/simba-l.yaml --gemm 100,70,33 ";

int run(const std::string& options) {
  return WEXITSTATUS(std::system((kMap + options + " >/dev/null 2>&1").c_str()));
}

nlohmann::json read(const std::string& path) {
  return nlohmann::json::parse(heat::base::read_file(path));
}

TEST(MapSimulate, TakesTheMappingThatIsMeasuredBest) {
  const std::string folder = testing::TempDir() + "map-simulate", out = folder + "/map.json";
  fs::remove_all(folder);
  ASSERT_EQ(run("--simulate 6 --out " + folder + " --json " + out), 0);
  const nlohmann::json json = read(out);
  const nlohmann::json& simulated = json.at("simulated");
  ASSERT_EQ(simulated.size(), 6u);
  std::set<std::string> mappings;
  double last = 0, least_predicted = 1;
  for (const nlohmann::json& one : simulated) {
    const nlohmann::json schedule = read(one.at("schedule"));
    EXPECT_EQ(schedule.at("plan").at("groups")[0].at("nodes")[0].at("mapping").at("pe_tile"),
              one.at("mapping").at("pe_tile"));
    mappings.insert(one.at("mapping").dump());
    const double measured = one.at("measured").at("edp_js"), predicted = one.at("predicted").at("edp_js");
    EXPECT_GE(measured, last);
    EXPECT_NEAR(predicted, measured, 0.5 * measured);
    last = measured;
    least_predicted = std::min(least_predicted, predicted);
  }
  EXPECT_EQ(mappings.size(), 6u);
  EXPECT_EQ(json.at("mapping"), simulated[0].at("mapping"));
  EXPECT_EQ(json.at("measured"), simulated[0].at("measured"));
  EXPECT_EQ(json.at("edp_js"), simulated[0].at("predicted").at("edp_js"));
  EXPECT_FALSE(json.at("proven_optimal").get<bool>());
  // With one candidate it is the best predicted of these.
  const std::string best = folder + "/best.json";
  ASSERT_EQ(run("--simulate 1 --out " + folder + "/one --json " + best), 0);
  EXPECT_DOUBLE_EQ(read(best).at("edp_js").get<double>(), least_predicted);
}

TEST(MapSimulate, WhenOptionsAreWrongThenStatusIsTwo) {
  const std::string folder = testing::TempDir() + "map-simulate-wrong";
  EXPECT_EQ(run("--simulate 0 --out " + folder), 2);
  EXPECT_EQ(run("--simulate 3"), 2);
  EXPECT_EQ(run("--out " + folder), 2);
  EXPECT_EQ(run("--simulate 3 --out " + folder + " --certificate " + folder + "/c.json"), 2);
  EXPECT_FALSE(fs::exists(folder));
}

}  // namespace
