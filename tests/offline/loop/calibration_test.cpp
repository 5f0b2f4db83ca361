#include "offline/loop/calibration.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/atomic_file.h"
#include "machines/simba/machine.h"
#include "offline/loop/calibration_run.h"
#include "offline/mapper/search.h"
#include "offline/schedule/gemm_problem.h"

namespace heat::offline {
namespace {

using machines::Calibration;

struct Fixture {
  spec::ArchSpec arch = spec::ArchSpec::load(std::string(HEAT_SOURCE_DIR) + "/configs/arch/simba-l.yaml");
  spec::EnergyTable energy = spec::EnergyTable::load(arch.energy_config);

  // Schedules "measured" by the model itself with another calibration.
  std::vector<CalibrationSample> samples(const Calibration& truth) const {
    const machines::simba::Machine machine(arch, energy), other(arch, energy, truth);
    std::vector<CalibrationSample> list;
    for (const auto& [m, k, n] : {std::array<std::int64_t, 3>{768, 768, 384},
                                  {280, 768, 384},
                                  {768, 150, 384},
                                  {100, 70, 33},
                                  {1000, 100, 10},
                                  {64, 3072, 50}}) {
      CalibrationSample s;
      GemmProblem p = gemm_problem({m, k, n}, spec::LoopDim::kN);
      const spec::FusedGroup group = mapper::map_group(p.workload, p.group, machine, {}).group;
      const machines::GroupCost cost = machines::evaluate(p.workload, group, other);
      s.schedule.workload = std::move(p.workload);
      s.schedule.plan.groups.push_back(group);
      s.groups.push_back({cost.cycles, cost.energy_pj, cost.energy_by_component_pj.at("dram"), cost.dram_bytes});
      list.push_back(std::move(s));
    }
    return list;
  }
};

TEST(FitCalibration, FindsTheParametersThatMadeTheData) {
  const Fixture f;
  Calibration truth;
  truth.dram_latency_cycles = 100;
  truth.load_overhead_cycles = 40;
  truth.dram_pj_per_byte = 44;
  truth.dram_background_mw = 500;
  const auto samples = f.samples(truth);
  const FitQuality before = quality(samples, f.arch, f.energy, Calibration{});
  const Calibration fitted = fit_calibration(samples, f.arch, f.energy);
  const FitQuality after = quality(samples, f.arch, f.energy, fitted);
  EXPECT_EQ(before.groups, 6);
  EXPECT_GT(before.cycles_mean_error, 0.03);
  EXPECT_LT(after.cycles_mean_error, 0.02);  // the pull towards the start keeps it from zero
  EXPECT_LT(after.energy_mean_error, 0.005);
  EXPECT_NEAR(fitted.dram_pj_per_byte, 44, 1e-6);
  EXPECT_NEAR(fitted.dram_background_mw, 500, 1e-4);
  EXPECT_EQ(fitted, fit_calibration(samples, f.arch, f.energy));
}

// A group that ran beside the end of the one before it has no cycles of its own, and moves nothing.
TEST(FitCalibration, GroupWithoutCyclesThenItTellsNothing) {
  const Fixture f;
  auto samples = f.samples(Calibration{});
  for (CalibrationSample& s : samples) s.groups.front().cycles *= 2;
  samples.front().groups.front().cycles = 0;
  const FitQuality q = quality(samples, f.arch, f.energy, Calibration{});
  EXPECT_EQ(q.groups, 5);
  EXPECT_NEAR(q.cycles_mean_error, 0.5, 1e-9);
  const Calibration fitted = fit_calibration(samples, f.arch, f.energy);
  EXPECT_LT(quality(samples, f.arch, f.energy, fitted).cycles_mean_error, 0.5);
  const auto read = read_sample("x", samples.front().schedule,
                                nlohmann::json::parse(R"({"groups": [{"cycles": 0, "energy_pj": 5}]})"));
  EXPECT_TRUE(read.groups.front().is_hidden());
  EXPECT_THROW(read_sample("x", samples.front().schedule, nlohmann::json::parse(R"({"groups": [{"energy_pj": 5}]})")),
               base::TraceError);
}

TEST(FitCalibration, WhenTheModelIsRightThenNothingMoves) {
  const Fixture f;
  const Calibration fitted = fit_calibration(f.samples(Calibration{}), f.arch, f.energy);
  EXPECT_EQ(fitted.dram_latency_cycles, Calibration{}.dram_latency_cycles);
  EXPECT_EQ(fitted.overlap, 1.0);
  EXPECT_NEAR(fitted.dram_pj_per_byte, f.energy.dram_all_in_pj_per_byte(), 1e-6);
}

TEST(Spearman, ComparesOrdersAndAveragesTies) {
  EXPECT_DOUBLE_EQ(rank_correlation({1, 2, 3, 4}, {10, 100, 1000, 10000}), 1);
  EXPECT_DOUBLE_EQ(rank_correlation({1, 2, 3, 4}, {4, 3, 2, 1}), -1);
  EXPECT_NEAR(rank_correlation({1, 2, 2, 4}, {1, 3, 2, 4}), 0.9486832980505138,
              1e-12);  // ranks 0 1.5 1.5 3 against 0 2 1 3
}

TEST(ReadSample, WhenGroupsDoNotMatchThenItIsATraceError) {
  GemmProblem p = gemm_problem({16, 16, 16}, spec::LoopDim::kN);
  spec::Schedule s{std::move(p.workload), {}, "", ""};
  s.plan.groups.push_back(p.group);
  EXPECT_THROW(read_sample("x", s, nlohmann::json::parse(R"({"groups": []})")), base::TraceError);
  const auto sample = read_sample("x", s, nlohmann::json::parse(R"({"groups": [{"cycles": 10, "energy_pj": 5}],
    "nodes": [{"name": "gemm", "energy_by_component_pj": {"dram": 3}, "dram_read_bytes": 64, "dram_write_bytes": 64}]})"));
  EXPECT_EQ(sample.groups[0].cycles, 10);
  EXPECT_EQ(sample.groups[0].dram_pj, 3);
  EXPECT_EQ(sample.groups[0].dram_bytes, 128);
}

TEST(CalibrationConfig, WhenEntriesAreWrongThenOneErrorNamesThemAll) {
  const std::string path = testing::TempDir() + "calibration.yaml";
  base::write_file_atomically(
      path, "arch: a.yaml\nround: 2\ngemms: [\"1,2\"]\nlayers:\n  - {einsum: \"tc->\", sizes: {t: 2}, path: [0]}\n");
  try {
    CalibrationConfig::load(path);
    FAIL() << "expected ConfigError";
  } catch (const base::ConfigError& e) {
    const std::string text = e.what();
    for (const char* word : {"round", "1,2", "path", "einsum"}) EXPECT_NE(text.find(word), std::string::npos) << text;
  }
}

}  // namespace
}  // namespace heat::offline
