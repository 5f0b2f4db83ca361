// The calibration loop with the real simulator: predictions get closer, and the search takes notice.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/atomic_file.h"

namespace {

TEST(CalibrateCommand, MakesPredictionsMeetTheSimulator) {
  const std::string folder = testing::TempDir() + "calibrate";
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  const std::string config = folder + "/config.yaml";
  heat::base::write_file_atomically(
      config,
      "arch: " + std::string(HEAT_SOURCE_DIR) +
          "/configs/arch/simba-l.yaml\nrounds: 2\njobs: 2\n"
          "gemms: [\"768,768,128\", \"280,768,384\", \"768,150,128\", \"100,70,33\", \"64,64,64,16\"]\n"
          "layers:\n  - {einsum: \"tc,rc,or->to\", sizes: {t: 128, c: 768, o: 768, r: 100}, path: [0, 1, 0, 1]}\n");
  const std::string command = std::string(HEAT_BIN_DIR) + "/heat-offline calibrate --config " + config + " --out " +
                              folder + "/out --json " + folder + "/fit.json";
  ASSERT_EQ(std::system((command + " 2>/dev/null").c_str()), 0);
  const auto fit = nlohmann::json::parse(heat::base::read_file(folder + "/fit.json"));
  ASSERT_EQ(fit.at("rounds").size(), 2u);
  const auto& first = fit.at("rounds")[0];
  const auto& last = fit.at("rounds")[1];
  EXPECT_LT(first.at("after").at("cycles_mean_error").get<double>(),
            first.at("before").at("cycles_mean_error").get<double>());
  EXPECT_LT(last.at("after").at("cycles_mean_error").get<double>(), 0.15);
  EXPECT_LT(last.at("after").at("energy_mean_error").get<double>(), 0.05);
  EXPECT_GT(last.at("after").at("cycles_spearman").get<double>(), 0.8);
  // The fitted parameters are what map takes.
  ASSERT_EQ(std::system((std::string(HEAT_BIN_DIR) + "/heat-offline map --arch " + HEAT_SOURCE_DIR +
                         "/configs/arch/simba-l.yaml --gemm 280,768,384 --calibration " + folder +
                         "/out/calibration.json --json " + folder + "/map.json")
                            .c_str()),
            0);
}

TEST(CalibrateCommand, ShardsRoundByRoundThenTheSameCalibration) {
  const std::string folder = testing::TempDir() + "calibrate_shards";
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  heat::base::write_file_atomically(folder + "/config.yaml",
                                    "arch: " + std::string(HEAT_SOURCE_DIR) +
                                        "/configs/arch/simba-l.yaml\nrounds: 2\njobs: 2\n"
                                        "gemms: [\"100,70,33\", \"64,64,64\", \"16,48,128\"]\n");
  const auto run = [&](const std::string& out, const std::string& more) {
    const std::string command = std::string(HEAT_BIN_DIR) + "/heat-offline calibrate --config " + folder +
                                "/config.yaml --out " + folder + "/" + out + " --json " + folder + "/" + out +
                                ".json " + more + " 2>/dev/null";
    EXPECT_EQ(std::system(command.c_str()), 0) << more;
    return nlohmann::json::parse(heat::base::read_file(folder + "/" + out + ".json"));
  };
  const auto whole = run("whole", "--jobs processes:1");
  EXPECT_FALSE(run("shards", "--shard 1/2").at("complete").get<bool>());
  EXPECT_FALSE(run("shards", "--shard 2/2").at("complete").get<bool>());  // and its part of the second round
  EXPECT_TRUE(run("shards", "--shard 1/2").at("complete").get<bool>());
  const std::string result = folder + "/shards/round-2/0.result.json";
  const auto written = std::filesystem::last_write_time(result);
  const auto merged = run("shards", "");
  EXPECT_EQ(std::filesystem::last_write_time(result), written) << "simulated again";
  EXPECT_EQ(merged, whole);
  EXPECT_EQ(heat::base::read_file(folder + "/shards/calibration.json"),
            heat::base::read_file(folder + "/whole/calibration.json"));
}

}  // namespace
