// Which measured rows speak for a row that is not measured, and what becomes of them when the model is fitted anew.
#include "offline/cost_table/correct.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>

#include "base/errors.h"
#include "machines/simba/machine.h"
#include "spec/arch_spec.h"
#include "spec/energy_table.h"

namespace heat::offline {
namespace {

namespace fs = std::filesystem;

class Correct : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(::testing::TempDir()) / ("heat_correct_" + std::to_string(::getpid()));
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }
  CostTable open(const std::string& name = "t.sqlite") const { return CostTable::open((folder_ / name).string()); }

  fs::path folder_;
};

CostRow row(std::int64_t rows, const std::string& method, const std::string& shape, const std::string& rank) {
  CostRow r;
  r.tokens = 8;
  r.form = parse_form(method, shape, rank, rows, 64);
  r.feasible = true;
  r.energy_pj = 100;
  r.latency_ns = 10;
  return r;
}

TEST_F(Correct, UnmeasuredRowsThenTheClosestClassSpeaks) {
  const CostRow dense = row(64, "dense", "64x64", ""), other_dense = row(32, "dense", "32x64", "");
  const CostRow a = row(64, "cp", "64x8x8", "4"), b = row(64, "cp", "64x8x8", "8"), c = row(64, "cp", "8x8x64", "4");
  const CostRow same_shape = row(64, "cp", "64x8x8", "16"), same_method = row(64, "cp", "8x8x8x8", "4");
  const CostRow same_size = row(64, "tucker", "64x8x8", "4,4,4"), only_method = row(32, "cp", "32x8x8", "4");
  const CostRow alike = row(32, "ttm", "4x8,8x8", "1,2,1");
  CostTable table = open();
  table.replace({dense, other_dense, a, b, c, same_shape, same_method, same_size, only_method, alike});
  EXPECT_EQ(apply_measurements(table, {}), 0);
  EXPECT_EQ(table.find(alike.key())->best_energy_pj(), 100);

  EXPECT_EQ(apply_measurements(
                table, {{dense.key(), {300, 30}}, {a.key(), {200, 10}}, {b.key(), {800, 10}}, {c.key(), {50, 20}}}),
            4);
  const auto energy = [&](const CostRow& r) { return table.find(r.key())->energy_correction(); };
  const double shape = std::sqrt(2.0 * 8.0), method = std::cbrt(2.0 * 8.0 * 0.5);
  EXPECT_DOUBLE_EQ(energy(same_shape), shape);
  EXPECT_DOUBLE_EQ(energy(same_method), method);
  EXPECT_DOUBLE_EQ(energy(same_size), method);
  EXPECT_DOUBLE_EQ(energy(only_method), method);
  EXPECT_DOUBLE_EQ(energy(alike), method);
  EXPECT_DOUBLE_EQ(energy(other_dense), 3);
  EXPECT_DOUBLE_EQ(table.find(same_shape.key())->best_energy_pj(), 100 * shape);
  EXPECT_DOUBLE_EQ(table.find(c.key())->latency_correction(), 2);

  const CorrectionSummary s = summarize_corrections(table.rows());
  EXPECT_EQ(s.rows, 10);
  EXPECT_EQ(s.measured, 4);
  EXPECT_EQ(s.corrected, 6);
  EXPECT_DOUBLE_EQ(s.energy_mean, (3 + 2 + 8 + 0.5) / 4);
  EXPECT_DOUBLE_EQ(s.energy_min, 0.5);
  EXPECT_DOUBLE_EQ(s.energy_max, 8);
  EXPECT_DOUBLE_EQ(s.latency_max, 3);
}

TEST_F(Correct, FittedAnewThenPredictionsFollowAndMeasurementsStay) {
  const spec::ArchSpec arch = spec::ArchSpec::load(std::string(HEAT_SOURCE_DIR) + "/configs/arch/simba.yaml");
  const spec::EnergyTable energy = spec::EnergyTable::load(arch.energy_config);
  BuildOptions options;
  options.tokens = 32;
  options.candidates.top_k = 1;
  options.candidates.max_axes = 2;
  options.candidates.ratios = {0.3};
  options.methods = {&method_named("svd"), &method_named("ttm")};
  const std::vector<WeightMatrix> two = {synthetic_weight(32, 48, 1), synthetic_weight(32, 48, 2)};
  CostTable table = open(), one = open("one.sqlite"), fitted = open("fitted.sqlite");
  fill_table(table, two, machines::simba::Machine(arch, energy), options);
  fill_table(one, {two[0]}, machines::simba::Machine(arch, energy), options);
  machines::Calibration calibration;
  calibration.dram_latency_cycles = 500;
  const machines::simba::Machine machine(arch, energy, calibration);
  fill_table(fitted, two, machine, options);

  const std::vector<CostRow> before = table.rows(), expected = fitted.rows();
  ASSERT_GT(before.size(), 2u);
  EXPECT_EQ(correct_table(table, machine, {{before[0].key(), {1, 2}}}, 2), 1);
  EXPECT_EQ(correct_table(table, machine, {{before[1].key(), {3, 4}}}, 1), 1);
  const std::vector<CostRow> after = table.rows();
  for (std::size_t i = 0; i < after.size(); ++i) {
    EXPECT_EQ(after[i].latency_ns, expected[i].latency_ns) << after[i].key();
    EXPECT_EQ(after[i].mapping, expected[i].mapping);
    EXPECT_GT(after[i].latency_ns, before[i].latency_ns);
    EXPECT_EQ(after[i].error, before[i].error);
  }
  EXPECT_EQ(after[0].measured_energy_pj, 1);
  EXPECT_EQ(after[1].measured_latency_ns, 4);
  // Errors are means over the matrices of a size.
  const auto single = one.rows();
  for (std::size_t i = 0; i < single.size(); ++i) {
    if (single[i].form.is_dense()) continue;
    EXPECT_NE(table.find(single[i].key())->error, single[i].error);
  }
  const spec::ArchSpec other = spec::ArchSpec::load(std::string(HEAT_SOURCE_DIR) + "/configs/arch/simba-l.yaml");
  EXPECT_THROW(correct_table(table, machines::simba::Machine(other, energy, calibration), {}, 1), base::ConfigError);
}

}  // namespace
}  // namespace heat::offline
