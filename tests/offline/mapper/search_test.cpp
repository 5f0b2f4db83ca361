#include "offline/mapper/search.h"

#include <gtest/gtest.h>

#include <random>

#include "base/atomic_file.h"
#include "machines/simba/machine.h"
#include "machines/simba/misfits.h"
#include "offline/schedule/gemm_problem.h"
#include "tests/machines/simba/machines.h"

namespace heat::offline::mapper {
namespace {

using machines::Calibration;
using machines::simba::energy_of;
using machines::simba::Machine;
using machines::simba::simba_l;
using machines::simba::tiny;

using spec::LoopDim;

TEST(MapGroup, BranchAndBoundFindsWhatExhaustiveSearchFindsOrComesAsNearAsAskedFor) {
  spec::ArchSpec arch = tiny();
  arch.noc.base_cycles = arch.noc.hop_cycles = 1;  // sums over several PEs pay even where there is little to compute
  const spec::EnergyTable energy = energy_of(arch);
  Calibration fitted;
  fitted.overlap = 0.7;
  fitted.dram_bandwidth_factor = 0.8;
  fitted.load_overhead_cycles = 30;
  fitted.compute_factor = 0.9;
  fitted.dynamic_energy_factor = 1.2;
  fitted.group_overhead_cycles = 100;
  const Machine neutral(arch, energy), calibrated(arch, energy, fitted);
  std::mt19937 rng(11);
  std::int64_t pruned = 0, spared = 0;
  for (int round = 0; round < 36; ++round) {
    const Machine& machine = round % 4 < 2 ? neutral : calibrated;
    const auto pick = [&](int high) { return 1 + static_cast<std::int64_t>(rng() % static_cast<unsigned>(high)); };
    const bool long_sums = round >= 24;
    const std::int64_t m = pick(long_sums ? 6 : 24), k = pick(24) + (long_sums ? 40 : 0), n = pick(long_sums ? 6 : 24),
                       b = round % 3 == 0 ? pick(3) : 1;
    const LoopDim bound = b > 1 && round % 2 ? LoopDim::kB : round % 2 ? LoopDim::kM : LoopDim::kN;
    SearchOptions options;
    options.objective = static_cast<Objective>(round % 3);
    const GemmProblem p = gemm_problem({m, k, n, b}, bound);
    const SearchResult fast = map_group(p.workload, p.group, machine, options);
    options.exhaustive = true;
    const SearchResult all = map_group(p.workload, p.group, machine, options);
    ASSERT_EQ(fast.feasible, all.feasible);
    ASSERT_TRUE(all.feasible) << all.reason;
    const auto value = [&](const SearchResult& r) {
      return objective_value(options.objective, r.cost.cycles, r.cost.energy_pj, arch);
    };
    EXPECT_DOUBLE_EQ(value(fast), value(all))
        << m << "," << k << "," << n << "," << b << " " << objective_name(options.objective);
    EXPECT_TRUE(fast.proven_optimal);
    EXPECT_LE(fast.evaluated, all.evaluated);
    pruned += all.evaluated - fast.evaluated;
    options.exhaustive = false;
    options.gap = 0.1;
    const SearchResult near = map_group(p.workload, p.group, machine, options);
    EXPECT_GE(value(all), (1 - options.gap) * value(near));
    EXPECT_FALSE(near.proven_optimal);
    EXPECT_LE(near.evaluated, fast.evaluated);
    spared += fast.evaluated - near.evaluated;
  }
  EXPECT_GT(pruned, 0);
  EXPECT_GT(spared, 0);
}

// PEs with a part of k each need no weights and inputs again for the next output tile.
TEST(MapGroup, WhereOnePeCannotHoldAllOfKThenItIsSplitOverPesForTheBetter) {
  const spec::ArchSpec arch = simba_l();
  const spec::EnergyTable energy = energy_of(arch);
  const Machine machine(arch, energy);
  const GemmProblem p = gemm_problem({384, 384, 128}, LoopDim::kN);
  const SearchResult r = map_group(p.workload, p.group, machine, {});
  ASSERT_TRUE(r.feasible) << r.reason;
  const spec::GemmMapping& m = r.group.nodes[0].mapping;
  EXPECT_GT(m.spatial.k, 1);
  spec::FusedGroup one_by_one = r.group;  // the same tiles, each PE with the whole of k
  one_by_one.nodes[0].mapping.spatial.k = 1;
  EXPECT_LT(r.cost.edp_js(arch), evaluate(p.workload, one_by_one, machine).edp_js(arch));
}

TEST(MapGroup, TwoRunsFindTheSameMapping) {
  const spec::ArchSpec arch = simba_l();
  const spec::EnergyTable energy = energy_of(arch);
  const Machine machine(arch, energy);
  const GemmProblem p = gemm_problem({768, 280, 384}, LoopDim::kN);
  const SearchResult a = map_group(p.workload, p.group, machine, {}), b = map_group(p.workload, p.group, machine, {});
  EXPECT_EQ(a.group.nodes[0].mapping, b.group.nodes[0].mapping);
  EXPECT_EQ(a.group.pinned, b.group.pinned);
  EXPECT_EQ(a.cost.cycles, b.cost.cycles);
}

TEST(MapGroup, MoreBufferOrBandwidthIsNeverWorse) {
  const spec::EnergyTable energy = energy_of(simba_l());
  double last_buffer = 0, last_bandwidth = 0;
  for (std::int64_t factor : {1, 2, 4, 8}) {
    spec::ArchSpec arch = simba_l();
    arch.global_buffer.capacity = spec::Bytes(65536 * factor);
    const GemmProblem p = gemm_problem({768, 768, 384}, LoopDim::kN);
    const double edp = map_group(p.workload, p.group, Machine(arch, energy), {}).cost.edp_js(arch);
    if (factor > 1) {
      EXPECT_LE(edp, last_buffer);
    }
    last_buffer = edp;
    arch = simba_l();
    arch.dram_ports.bytes_per_cycle = 25.0 * static_cast<double>(factor);
    const double faster = map_group(p.workload, p.group, Machine(arch, energy), {}).cost.edp_js(arch);
    if (factor > 1) {
      EXPECT_LT(faster, last_bandwidth);
    }
    last_bandwidth = faster;
  }
}

// The architecture file with one value replaced.
spec::ArchSpec edited(const std::string& from, const std::string& to) {
  const std::string folder = std::string(HEAT_SOURCE_DIR) + "/configs/";
  std::string text = base::read_file(folder + "arch/simba-l.yaml");
  const auto replace = [&](const std::string& what, const std::string& by) {
    const std::size_t at = text.find(what);
    ASSERT_NE(at, std::string::npos) << what;
    text.replace(at, what.size(), by);
  };
  replace(from, to);
  replace("../dram/", folder + "dram/");
  replace("../energy/", folder + "energy/");
  const std::string path = testing::TempDir() + "edited-arch.yaml";
  base::write_file_atomically(path, text);
  return spec::ArchSpec::load(path);
}

TEST(MapGroup, WhenTheArchitectureFileChangesThenTheChoiceChangesForTheBetter) {
  const spec::ArchSpec base = simba_l();
  const spec::EnergyTable energy = energy_of(base);
  for (const spec::ArchSpec& arch :
       {edited("bytes: 1048576", "bytes: 131072"), edited("port_bytes_per_cycle: 64", "port_bytes_per_cycle: 8")}) {
    const GemmProblem p = gemm_problem({768, 3072, 384}, LoopDim::kN);
    const SearchResult old = map_group(p.workload, p.group, Machine(base, energy), {});
    const SearchResult chosen = map_group(p.workload, p.group, Machine(arch, energy), {});
    ASSERT_TRUE(chosen.feasible) << chosen.reason;
    const bool same =
        old.group.nodes[0].mapping == chosen.group.nodes[0].mapping && old.group.pinned == chosen.group.pinned;
    EXPECT_FALSE(same);
    // The old choice on the new machine: impossible, or dearer.
    if (machines::simba::group_misfits(p.workload, old.group, arch).empty()) {
      EXPECT_LT(chosen.cost.edp_js(arch), evaluate(p.workload, old.group, Machine(arch, energy)).edp_js(arch));
    }
  }
}

TEST(MapGroup, WhenNothingFitsThenTheReasonSaysWhatAndTheGroupIsAsBefore) {
  spec::ArchSpec arch = tiny();
  const spec::EnergyTable energy = energy_of(arch);
  arch.global_buffer.capacity = spec::Bytes(8);
  const GemmProblem p = gemm_problem({24, 24, 24}, LoopDim::kN);
  const SearchResult r = map_group(p.workload, p.group, Machine(arch, energy), {});
  EXPECT_FALSE(r.feasible);
  EXPECT_NE(r.reason.find("bytes"), std::string::npos) << r.reason;
  EXPECT_EQ(r.group.nodes[0].mapping, p.group.nodes[0].mapping);
}

TEST(MapGroup, LatencyAndEnergyObjectivesAreEachBestAtTheirOwn) {
  const spec::ArchSpec arch = simba_l();
  const spec::EnergyTable energy = energy_of(arch);
  const Machine machine(arch, energy);
  std::array<GroupCost, 3> costs;
  for (int o = 0; o < 3; ++o) {
    const GemmProblem p = gemm_problem({300, 500, 200}, LoopDim::kN);
    SearchOptions options;
    options.objective = static_cast<Objective>(o);
    costs[static_cast<std::size_t>(o)] = map_group(p.workload, p.group, machine, options).cost;
  }
  for (const GroupCost& c : costs) {
    EXPECT_LE(costs[0].edp_js(arch), c.edp_js(arch));
    EXPECT_LE(costs[1].energy_pj, c.energy_pj);
    EXPECT_LE(costs[2].cycles, c.cycles);
  }
}

TEST(MapGroup, WhenSeveralAreOfInterestThenTheyAreTheBestOfAll) {
  const spec::ArchSpec arch = tiny();
  const spec::EnergyTable energy = energy_of(arch);
  const Machine machine(arch, energy);
  const GemmProblem p = gemm_problem({13, 22, 9}, LoopDim::kN);
  const auto values = [&](bool exhaustive, std::size_t keep) {
    SearchOptions options;
    options.exhaustive = exhaustive;
    options.keep = keep;
    const SearchResult r = map_group(p.workload, p.group, machine, options);
    EXPECT_EQ(r.kept.size(), keep);
    EXPECT_EQ(r.kept.front().nodes[0].mapping, r.group.nodes[0].mapping);
    std::vector<double> list;
    for (const spec::FusedGroup& group : r.kept) list.push_back(evaluate(p.workload, group, machine).edp_js(arch));
    EXPECT_TRUE(std::is_sorted(list.begin(), list.end()));
    return list;
  };
  const std::vector<double> few = values(false, 8), all = values(true, 60);
  EXPECT_DOUBLE_EQ(few.front(), all.front());
  for (double value : all) {
    if (value >= few.back()) break;
    EXPECT_TRUE(std::any_of(few.begin(), few.end(), [&](double v) { return std::abs(v - value) < 1e-12 * v; }));
  }
}

}  // namespace
}  // namespace heat::offline::mapper
