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

const std::string kLevels = std::string(HEAT_SOURCE_DIR) + "/configs/arch/timeloop-simba-like.yaml";
const std::string kInput = std::string(HEAT_SOURCE_DIR) + "/tests/golden/timeloop/gemm_M16_K48_N128.yaml";

nlohmann::json result_of(const std::string& arguments) {
  const std::string out = testing::TempDir() + "levels.json";
  std::filesystem::remove(out);
  EXPECT_EQ(run(arguments + " --json " + out), 0) << heat::base::read_file(testing::TempDir() + "map.err");
  return nlohmann::json::parse(heat::base::read_file(out));
}

TEST(MapCommand, OnStorageLevelsHasTheSameKeysAndBeatsTimeloop) {
  const auto json = result_of("--arch " + kLevels + " --gemm 768,768,384 --objective edp");
  EXPECT_EQ(json.at("cycles").get<double>(), 884736);
  EXPECT_LE(json.at("edp_js").get<double>(), 6.93e3 / 2 * 1e-9);
  EXPECT_NEAR(json.at("edp_js").get<double>(),
              json.at("cycles").get<double>() * 1e-9 * json.at("energy_pj").get<double>() * 1e-12, 1e-15);
  EXPECT_TRUE(json.at("proven_optimal").get<bool>());
  EXPECT_EQ(json.at("utilization").get<double>(), 1);
  EXPECT_LT(json.at("wall_s").get<double>(), 1);
  EXPECT_EQ(json.at("mapping").size(), 9u);
  EXPECT_TRUE(json.at("space").is_string());
  EXPECT_EQ(json.at("accesses").at("DRAM").at("Outputs").at("updates").get<double>(), 768.0 * 384);
}

TEST(MapCommand, ATimeloopInputIsCostedAndWhatIsExportedReadsBackTheSame) {
  const auto json = result_of("--arch " + kLevels + " --timeloop-input " + kInput + " --evaluate");
  EXPECT_EQ(json.at("cycles").get<int>(), 1536);
  EXPECT_EQ(json.at("accesses").at("PEAccuBuffer").at("Outputs").at("fills").get<int>(), 512);
  const std::string exported = testing::TempDir() + "exported.yaml";
  auto best = result_of("--arch " + kLevels + " --timeloop-input " + kInput + " --export-timeloop " + exported);
  EXPECT_LT(best.at("edp_js").get<double>(), json.at("edp_js").get<double>());
  EXPECT_TRUE(best.at("proven_optimal").get<bool>());
  const auto back = result_of("--timeloop-input " + exported + " --evaluate");
  for (const char* key : {"cycles", "energy_pj", "edp_js", "utilization", "accesses", "mapping"})
    EXPECT_EQ(back.at(key), best.at(key)) << key;
}

TEST(MapCommand, OptionsThatDoNotGoTogetherAreRefused) {
  const auto refused = [](const std::string& arguments, const std::string& why) {
    EXPECT_EQ(run(arguments), 2) << arguments;
    EXPECT_NE(heat::base::read_file(testing::TempDir() + "map.err").find(why), std::string::npos) << why;
  };
  refused("--arch " + kLevels, "one of --gemm M,K,N and --timeloop-input");
  refused("--arch " + kLevels + " --gemm 1,2,3 --timeloop-input " + kInput, "one of --gemm M,K,N and --timeloop-input");
  refused("--arch " + kLevels + " --gemm 1,2,3 --evaluate", "--evaluate needs --timeloop-input");
  refused("--gemm 1,2,3", "--gemm needs --arch");
  refused("--arch " + kArch + " --gemm 1,2,3 --export-timeloop x.yaml",
          "--export-timeloop needs an --arch of storage levels");
  refused("--arch " + kLevels + " --gemm 1,2,3 --calibration c.json", "--calibration is for Simba arrays");
  refused("--timeloop-input " + kInput + " --batch 2", "--batch is for --gemm");
  refused("--timeloop-input " + kInput + " --evaluate --objective energy", "--objective is for a search");
  refused("--arch " + kArch + " --gemm 1,2,1073741825 --certificate c.json", "expected sizes up to 2^30");
  refused("--timeloop-input " + kInput + " --evaluate", "no energies");
  refused("--arch " + kArch + " --timeloop-input " + kInput + " --evaluate", "storage_levels");
}

std::string error_of(const std::string& arguments) {
  EXPECT_EQ(run("--arch " + kArch + " " + arguments), 2) << arguments;
  return heat::base::read_file(testing::TempDir() + "map.err");
}

TEST(MapCommand, WhenSizesAreTooLargeThenTheErrorNamesThem) {
  EXPECT_NE(error_of("--gemm 3037000500,3037000500,1").find("3037000500 times 3037000500 is too large"),
            std::string::npos);
  EXPECT_NE(error_of("--gemm 100000000,100000000,1")
                .find("1 x 100000000 x 1 x 100000000: 10000000000000000 MACs, expected at most 2^53"),
            std::string::npos);
  EXPECT_NE(error_of("--gemm 9223372036854775807,1,1").find("9223372036854775807,1,1"), std::string::npos);
  EXPECT_NE(error_of("--gemm 4,4,4 --batch 9223372036854775807").find("--batch 9223372036854775807"),
            std::string::npos);
  EXPECT_NE(error_of("--gemm 9007199254740992,9007199254740992,9").find("is too large"), std::string::npos);
}

TEST(MapCommand, WhenSizesAreTheLargestThenAllFiguresAreAboveZero) {
  const std::string out = testing::TempDir() + "large.json";
  for (const char* gemm :
       {"67108864,67108864,2", "1,1,9007199254740992", "9007199254740881,1,1", "1,9007199254740992,1"}) {
    ASSERT_EQ(run("--arch " + kArch + " --gemm " + gemm + " --json " + out), 0) << gemm;
    const auto json = nlohmann::json::parse(heat::base::read_file(out));
    for (const char* key : {"cycles", "energy_pj", "edp_js", "dram_bytes", "macs"})
      EXPECT_GT(json.at(key).get<double>(), 0) << gemm << " " << key;
    EXPECT_GE(json.at("cycles").get<double>(), json.at("macs").get<double>() / 16384) << gemm;
    for (const auto& [level, tensors] : json.at("accesses").items())
      for (const auto& [tensor, counts] : tensors.items())
        for (const auto& [name, count] : counts.items()) EXPECT_GE(count.get<double>(), 0) << gemm << level << tensor;
  }
}

}  // namespace
