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

}  // namespace
