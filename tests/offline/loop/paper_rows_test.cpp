// The machine of configs/arch/simba-l.yaml with its fitted energy table against rows that HEAT publishes for BERT-base.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/atomic_file.h"
#include "spec/energy_table.h"

namespace {

const std::string kConfigs = std::string(HEAT_SOURCE_DIR) + "/configs";

class PaperRows : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = testing::TempDir() + "paper_rows";
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string file(const std::string& name) const { return folder_ + "/" + name; }
  void run(const std::string& command) const {
    const int status = std::system((std::string(HEAT_BIN_DIR) + "/" + command + " > /dev/null").c_str());
    ASSERT_EQ(WIFEXITED(status) ? WEXITSTATUS(status) : -1, 0) << command;
  }
  // Simulated EDP in uJ*s of the encoder as `options` describe it; its run's result is NAME.json.
  double edp(const std::string& name, const std::string& options) const {
    const std::string arch = " --arch " + kConfigs + "/arch/simba-l.yaml ", schedule = file(name + ".schedule.json");
    run("heat-offline schedule --model-config " + kConfigs + "/models/bert-base.json" + arch + options + " --out " +
        schedule + " --json " + file("summary.json"));
    run("simba-sim" + arch + "--schedule " + schedule + " --json " + file(name + ".json"));
    return 1e6 * nlohmann::json::parse(heat::base::read_file(file(name + ".json"))).at("edp_js").get<double>();
  }

  std::string folder_;
};

TEST_F(PaperRows, DenseThenWithinFivePercentAndTheTableIsTheFitted) {
  EXPECT_NEAR(edp("dense-384", "--seq-len 384 --method dense"), 34.31, 0.05 * 34.31);
  EXPECT_NEAR(edp("dense-128", "--seq-len 128 --method dense"), 5.21, 0.05 * 5.21);
  run("heat-offline calibrate-energy --config " + kConfigs + "/calibration-energy.yaml --run dense-384=" +
      file("dense-384.json") + " --run dense-128=" + file("dense-128.json") + " --out " + file("fitted.yaml"));
  const heat::spec::EnergyTable shipped = heat::spec::EnergyTable::load(kConfigs + "/energy/simba-l.yaml"),
                                fitted = heat::spec::EnergyTable::load(file("fitted.yaml"));
  for (const heat::spec::ActionInfo& a : heat::spec::kActions)
    EXPECT_NEAR(shipped.pj(a.value), fitted.pj(a.value), 0.01 * fitted.pj(a.value)) << a.name;
  for (const heat::spec::StaticPartInfo& p : heat::spec::kStaticParts)
    EXPECT_NEAR(shipped.static_mw(p.value), fitted.static_mw(p.value), 0.01 * fitted.static_mw(p.value));
}

}  // namespace
