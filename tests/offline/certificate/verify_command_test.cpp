// map --certificate and verify as a user runs them.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/atomic_file.h"

namespace {

const std::string kConfigs = std::string(HEAT_SOURCE_DIR) + "/configs/";
const std::string kArch = kConfigs + "arch/simba-l.yaml";

struct Ran {
  int status = 0;
  std::string errors;
};

Ran run(const std::string& arguments) {
  const std::string errors = testing::TempDir() + "verify.err";
  const int status =
      std::system((std::string(HEAT_BIN_DIR) + "/heat-offline " + arguments + " 2>" + errors + " >/dev/null").c_str());
  return {WEXITSTATUS(status), heat::base::read_file(errors)};
}

nlohmann::json read(const std::string& path) {
  return nlohmann::json::parse(heat::base::read_file(path));
}

class VerifyCommand : public testing::Test {
 protected:
  const std::string proof_ = testing::TempDir() + "proof.json", out_ = testing::TempDir() + "verify.json";
  void change(const char* key, const nlohmann::json& value) {
    nlohmann::json json = read(proof_);
    json[key] = value;
    heat::base::write_file_atomically(proof_, json.dump());
  }
};

TEST_F(VerifyCommand, ConfirmsWhatMapProvedInLessThanASecond) {
  const std::string map = testing::TempDir() + "map-proof.json";
  ASSERT_EQ(run("map --arch " + kArch + " --gemm 768,768,384 --certificate " + proof_ + " --json " + map).status, 0);
  const Ran verified = run("verify " + proof_ + " --json " + out_);
  ASSERT_EQ(verified.status, 0) << verified.errors;
  const nlohmann::json mapped = read(map), json = read(out_);
  EXPECT_TRUE(json.at("verified").get<bool>());
  EXPECT_EQ(json.at("value"), mapped.at("edp_js"));
  EXPECT_EQ(json.at("lower_bound"), mapped.at("lower_bound_js"));
  EXPECT_EQ(json.at("space"), mapped.at("space"));
  EXPECT_EQ(json.at("gap"), mapped.at("gap"));
  EXPECT_GT(json.at("lower_bound").get<double>(), 0.8 * json.at("value").get<double>());
  EXPECT_GT(json.at("subspaces").get<int>(), 1000);
  EXPECT_LT(json.at("wall_s").get<double>(), 1);
}

TEST_F(VerifyCommand, RefusesWhatDoesNotHoldAndSaysWhy) {
  ASSERT_EQ(run("map --arch " + kArch + " --gemm 30,40,50 --subspaces 2000 --certificate " + proof_).status, 0);
  ASSERT_EQ(run("verify " + proof_).status, 0);
  const Ran elsewhere = run("verify " + proof_ + " --arch " + kConfigs + "arch/simba.yaml");
  EXPECT_EQ(elsewhere.status, 1);
  EXPECT_NE(elsewhere.errors.find("machine/architecture/"), std::string::npos) << elsewhere.errors;
  const std::string whole = heat::base::read_file(proof_);
  change("objective", "energy");
  const Ran other = run("verify " + proof_);
  EXPECT_EQ(other.status, 1);
  EXPECT_NE(other.errors.find("value: is "), std::string::npos) << other.errors;
  heat::base::write_file_atomically(proof_, whole.substr(0, whole.size() / 2));
  EXPECT_EQ(run("verify " + proof_).status, 2);
  EXPECT_EQ(run("verify nowhere.json").status, 1);
  EXPECT_EQ(run("verify").status, 2);
}

TEST_F(VerifyCommand, WhenTheProofsOptionsAreWrongThenMapSaysSo) {
  std::filesystem::remove(proof_);
  for (const char* wrong : {"--gap 1", "--gap -0.1", "--subspaces 0", "--subspaces 99999999999"})
    EXPECT_EQ(run("map --arch " + kArch + " --gemm 3,4,5 --certificate " + proof_ + " " + wrong).status, 2) << wrong;
  EXPECT_EQ(run("map --arch " + kArch + " --gemm 3,4,5 --gap 0.1").status, 2);
  EXPECT_FALSE(std::filesystem::exists(proof_));
}

// Twice the same run, twice the same bytes.
TEST_F(VerifyCommand, ProofsAreTheSameEveryTime) {
  const std::string map = "map --arch " + kArch + " --gemm 33,70,100 --subspaces 3000 --certificate ";
  ASSERT_EQ(run(map + proof_).status, 0);
  ASSERT_EQ(run(map + proof_ + ".2").status, 0);
  EXPECT_EQ(heat::base::read_file(proof_), heat::base::read_file(proof_ + ".2"));
}

}  // namespace
