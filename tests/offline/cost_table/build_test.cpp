#include "offline/cost_table/build.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>

#include "base/errors.h"
#include "machines/simba/machine.h"
#include "offline/decompose/decomposition.h"
#include "spec/arch_spec.h"
#include "spec/energy_table.h"

namespace heat::offline {
namespace {

namespace fs = std::filesystem;

class Build : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(::testing::TempDir()) / ("heat_build_" + std::to_string(::getpid()));
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    options_.tokens = 32;
    options_.candidates.top_k = 1;
    options_.candidates.max_side_axes = 2;
    options_.candidates.max_axes = 3;
    options_.candidates.ratios = {0.2, 0.4};
    options_.iterations = 3;
    options_.paths = 2;
  }
  void TearDown() override { fs::remove_all(folder_); }

  CostTable open(const std::string& name) const { return CostTable::open((folder_ / name).string()); }
  BuildReport fill(CostTable& table, const BuildProgress& progress = {}) {
    return fill_table(table, matrices_, machine_, options_, {progress, [this] { return stop_.load(); }, {}});
  }

  fs::path folder_;
  spec::ArchSpec arch_ = spec::ArchSpec::load(std::string(HEAT_SOURCE_DIR) + "/configs/arch/simba.yaml");
  spec::EnergyTable energy_ = spec::EnergyTable::load(arch_.energy_config);
  machines::simba::Machine machine_{arch_, energy_};
  std::vector<WeightMatrix> matrices_ = {synthetic_weight(32, 48, 1)};
  BuildOptions options_;
  std::atomic<bool> stop_{false};
};

void expect_same(const std::vector<CostRow>& a, const std::vector<CostRow>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(a[i].key(), b[i].key());
    EXPECT_EQ(a[i].error, b[i].error) << a[i].key();
    EXPECT_EQ(a[i].energy_pj, b[i].energy_pj) << a[i].key();
    EXPECT_EQ(a[i].latency_ns, b[i].latency_ns) << a[i].key();
    EXPECT_EQ(a[i].path, b[i].path) << a[i].key();
    EXPECT_EQ(a[i].mapping, b[i].mapping) << a[i].key();
  }
}

TEST_F(Build, StoppedAndResumedThenSameRowsAndNothingTwice) {
  options_.threads = 1;
  CostTable whole = open("whole.sqlite"), parts = open("parts.sqlite");
  const BuildReport all = fill(whole);
  EXPECT_EQ(all.reused, 0);
  EXPECT_FALSE(all.stopped);
  ASSERT_GT(all.computed, 10);

  options_.threads = 2;
  const BuildReport first = fill(parts, [&](std::size_t done, std::size_t, const std::string&) { stop_ = done >= 4; });
  EXPECT_TRUE(first.stopped);
  EXPECT_LT(first.computed, all.computed);
  stop_ = false;
  const BuildReport second = fill(parts);
  EXPECT_EQ(second.reused, first.computed);
  EXPECT_EQ(second.computed, all.computed - first.computed);
  expect_same(parts.rows(), whole.rows());
  EXPECT_EQ(fill(parts).computed, 0);
}

TEST_F(Build, RowsThenErrorsAndParametersAreTheDecompositions) {
  CostTable table = open("t.sqlite");
  fill(table);
  int checked = 0, dense = 0;
  for (const CostRow& r : table.rows()) {
    EXPECT_TRUE(r.feasible) << r.reason;
    EXPECT_GT(r.energy_pj, 0);
    EXPECT_GT(r.latency_ns, 0);
    EXPECT_NEAR(r.edp_js, r.energy_pj * 1e-12 * r.latency_ns * 1e-9, 1e-6 * r.edp_js);
    EXPECT_FALSE(r.mapping.empty());
    if (r.form.is_dense()) {
      ++dense;
      EXPECT_EQ(r.macs, 32.0 * 48 * 32);
      EXPECT_EQ(r.error, 0);
      continue;
    }
    EXPECT_EQ(r.params, parameter_count(r.form));
    EXPECT_LE(r.ratio, 0.4);
    DecomposeOptions o;
    o.max_iterations = options_.iterations;
    EXPECT_EQ(r.error, decompose(matrices_[0].values, r.form, o).relative_error);
    ++checked;
  }
  EXPECT_GT(checked, 10);
  EXPECT_EQ(dense, 1);
}

TEST_F(Build, OtherMatrixOrOptionsThenRefusedByName) {
  CostTable table = open("t.sqlite");
  options_.methods = {&method_named("svd")};
  fill(table);
  matrices_[0].values[5] += 1;
  try {
    fill(table);
    FAIL() << "mixed two matrices in one table";
  } catch (const base::ConfigError& e) {
    EXPECT_NE(std::string(e.what()).find("matrix 32x48"), std::string::npos) << e.what();
  }
  matrices_ = {synthetic_weight(32, 48, 1)};
  options_.iterations = 4;
  EXPECT_THROW(fill(table), base::ConfigError);
}

TEST_F(Build, MorePathsThenEdpNeverWorse) {
  LayerCoster coster(arch_, energy_);
  for (const Form& form : {Form{"cp", {{32}, {6, 8}}, {10}}, Form{"tucker", {{4, 8}, {6, 8}}, {3, 5, 4, 6}},
                           Form{"ttm", {{4, 8}, {6, 8}}, {1, 6, 1}}}) {
    const TensorNetwork network = factorized_linear_network(form, 32);
    double before = 0;
    for (int paths : {1, 2, 6}) {
      options_.paths = paths;
      const double edp = cost_network(network, coster, options_).cost.edp_js;
      EXPECT_TRUE(before == 0 || edp <= before) << edp << " after " << before;
      before = edp;
    }
  }
}

TEST(SyntheticWeight, SeedThenSameBytesAndDecayingSpectrum) {
  const WeightMatrix a = synthetic_weight(40, 60, 3), b = synthetic_weight(40, 60, 3), c = synthetic_weight(40, 60, 4);
  EXPECT_EQ(a.values, b.values);
  EXPECT_NE(a.values, c.values);
  const double half = decompose(a.values, {"svd", {{40}, {60}}, {20}}).relative_error;
  EXPECT_LT(half, 0.6);
  EXPECT_GT(half, 0.05);
}

}  // namespace
}  // namespace heat::offline
