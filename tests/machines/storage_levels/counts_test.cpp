// The closed forms against a walk of the loop nest, and by hand.
#include <gtest/gtest.h>

#include <cmath>

#include "machines/storage_levels/cost.h"
#include "tests/machines/storage_levels/interpreter.h"
#include "tests/machines/storage_levels/random_mapping.h"

namespace heat::storage_levels {
namespace {

using test::random_machine;
using test::random_problem;
using test::RandomMachine;
using test::Walked;
using test::WalkedRun;
using test_support::Random;

std::int64_t of_one(std::int64_t total, std::int64_t instances) {
  return instances == 0 ? 0 : std::llround(static_cast<double>(total) / static_cast<double>(instances));
}

void compare(const Problem& problem, const RandomMachine& made) {
  ASSERT_EQ(misfits(problem, made.architecture, made.mapping), std::vector<std::string>());
  const MappingCost cost = evaluate(problem, made.architecture, made.mapping);
  const WalkedRun run = test::walk(problem, made.mapping);
  EXPECT_EQ(cost.compute_cycles, run.steps);
  EXPECT_EQ(cost.macs, run.macs);
  for (std::size_t l = 0; l < cost.levels.size(); ++l) {
    for (std::size_t t = 0; t < problem.tensors.size(); ++t) {
      const Accesses& a = cost.levels[l].accesses[t];
      const Walked& walked = run.levels[l][t];
      EXPECT_GE(a.instances, walked.instances) << l << problem.tensors[t].name;
      EXPECT_EQ(a.tile_words, walked.most) << l << problem.tensors[t].name;
      EXPECT_EQ(a.reads, of_one(walked.reads, a.instances)) << l << problem.tensors[t].name;
      EXPECT_EQ(a.fills, of_one(walked.fills, a.instances)) << l << problem.tensors[t].name;
      EXPECT_EQ(a.updates, of_one(walked.updates, a.instances)) << l << problem.tensors[t].name;
    }
  }
}

TEST(StorageLevelCounts, AreThoseOfAWalkElementByElement) {
  int walks = 0;
  for (std::uint64_t seed = 1; seed <= 400; ++seed) {
    Random random(seed);
    const Problem problem = random_problem(random);
    if (problem.macs() > 256) continue;
    SCOPED_TRACE(seed);
    compare(problem, random_machine(problem, random));
    ++walks;
    if (testing::Test::HasFailure()) return;
  }
  EXPECT_GT(walks, 200);
}

TEST(StorageLevelCounts, OfImperfectFactorsAreThoseOfAWalk) {
  int imperfect = 0;
  for (std::uint64_t seed = 1; seed <= 600; ++seed) {
    Random random(seed);
    Problem problem = random_problem(random);
    if (problem.macs() > 256) continue;
    SCOPED_TRACE(seed);
    RandomMachine made = random_machine(problem, random);
    const std::int64_t macs = problem.macs();
    test::shrink(problem, made, random);
    compare(problem, made);
    imperfect += problem.macs() < macs;
    if (testing::Test::HasFailure()) return;
  }
  EXPECT_GT(imperfect, 200);
}

// DRAM over 2 buffers of 2 MACs; the buffers keep inputs and outputs.
struct Hand {
  Problem problem = gemm(4, 2, 2);  // M, C, P
  Architecture architecture;
  Mapping mapping;
  Hand() {
    Level dram, buffer;
    dram.name = "DRAM";
    dram.keeps = {"Weights", "Inputs", "Outputs"};
    dram.block_words = 4;
    dram.energy = {8, 16, 32, 0};
    buffer.name = "buffer";
    buffer.mesh = {2, 1};
    buffer.words = 4;
    buffer.energy = {1, 2, 4, 0.5};
    architecture.levels = {dram, buffer};
    architecture.macs = {"mac", {2, 2}, 8, 0.25};
    // for C in 2, for P in 2 at the DRAM; M over 2 buffers, then over 2 MACs of each.
    mapping.levels = {{{true, true, true}, {{2, 2}, {0, 2}}, {{1, 2}}, {}}, {{false, true, true}, {}, {}, {{1, 2}}}};
  }
};

TEST(StorageLevelCounts, FirstSumsAreNeitherReadNorFilled) {
  const Hand hand;
  ASSERT_EQ(misfits(hand.problem, hand.architecture, hand.mapping), std::vector<std::string>());
  const MappingCost cost = evaluate(hand.problem, hand.architecture, hand.mapping);
  EXPECT_EQ(cost.compute_cycles, 4);
  // 2 elements of M in a buffer come 4 times, for the first time at C = 0.
  const Accesses& outputs = cost.levels[1].accesses[2];
  EXPECT_EQ(outputs.fills, 8 - 4);
  EXPECT_EQ(outputs.updates, 8);
  EXPECT_EQ(outputs.reads, 8 - 4);
  EXPECT_EQ(cost.levels[0].accesses[2].reads, 16 - 8);
  EXPECT_EQ(cost.levels[0].accesses[2].updates, 16);
  // Weights go to 4 MACs in each of 4 cycles, inputs are the same for both buffers and both MACs.
  EXPECT_EQ(cost.levels[0].accesses[0].reads, 16);
  EXPECT_EQ(cost.levels[0].accesses[1].reads, 4);
  EXPECT_EQ(cost.levels[1].accesses[1].fills, 4);
  EXPECT_EQ(cost.levels[1].accesses[1].reads, 4);
  // Blocks of 4 words: 4 + 1 + 2 reads and 4 updates; in the buffers 4 + 4 reads, 4 + 4 fills, 8 updates.
  EXPECT_DOUBLE_EQ(cost.levels[0].access_pj, 7 * 8 + 4 * 32);
  EXPECT_DOUBLE_EQ(cost.levels[1].access_pj, 2 * (8 * 1 + 8 * 2 + 8 * 4));
  EXPECT_DOUBLE_EQ(cost.levels[1].leak_pj, 2 * 4 * 0.5);
  EXPECT_DOUBLE_EQ(cost.energy_pj, 16 * 0.25 + 184 + 112 + 4);
  EXPECT_DOUBLE_EQ(cost.utilization, 1);
}

TEST(StorageLevelCounts, AClusterIsAccessedOnceForAllItsInstances) {
  Hand hand;
  hand.architecture.levels[1].cluster = 2;  // one vector access serves both buffers
  const MappingCost cost = evaluate(hand.problem, hand.architecture, hand.mapping);
  EXPECT_DOUBLE_EQ(cost.levels[1].access_pj, 8 * 1 + 8 * 2 + 8 * 4);
}

TEST(StorageLevelCounts, BandwidthStretchesTheRunAndItsLeakage) {
  Hand hand;
  hand.architecture.levels[1].bandwidth.shared = 3;  // 8 reads, 16 writes a buffer
  MappingCost cost = evaluate(hand.problem, hand.architecture, hand.mapping);
  EXPECT_EQ(cost.cycles, 8);
  EXPECT_DOUBLE_EQ(cost.levels[1].leak_pj, 2 * 8 * 0.5);
  EXPECT_DOUBLE_EQ(cost.utilization, 0.5);
  hand.architecture.levels[1].bandwidth = {std::nullopt, 1.0, 4.0};
  EXPECT_EQ(evaluate(hand.problem, hand.architecture, hand.mapping).cycles, 8);
  hand.architecture.levels[1].bandwidth = {std::nullopt, 4.0, 3.0};
  EXPECT_EQ(evaluate(hand.problem, hand.architecture, hand.mapping).cycles, 6);  // 16 / 3, rounded up
  hand.architecture.levels[1].bandwidth = {6.0, 2.0, 4.0};
  EXPECT_EQ(evaluate(hand.problem, hand.architecture, hand.mapping).cycles, 4);  // just enough
}

TEST(StorageLevelMapping, WhenItDoesNotFitThenEveryReasonIsNamed) {
  Hand hand;
  hand.architecture.levels[1].words = 2;
  hand.mapping.levels[0].spatial_x.push_back({2, 2});
  hand.mapping.levels[0].keeps[0] = false;
  const auto lines = misfits(hand.problem, hand.architecture, hand.mapping);
  ASSERT_EQ(lines.size(), 4u);
  EXPECT_NE(lines[0].find("factors of P multiply to 4"), std::string::npos);
  EXPECT_NE(lines[1].find("must keep all tensors"), std::string::npos);
  EXPECT_NE(lines[2].find("4 columns (X)"), std::string::npos);
  EXPECT_NE(lines[3].find("do not fit its 2"), std::string::npos);
  hand = Hand();
  hand.architecture.levels[1].words = 100;
  hand.architecture.levels[1].min_utilization = 0.5;
  EXPECT_EQ(misfits(hand.problem, hand.architecture, hand.mapping).size(), 1u);
  hand.architecture.levels[1].min_utilization = 0;
  hand.architecture.levels[1].multiple_buffering = 50;  // leaves 2 words
  EXPECT_EQ(misfits(hand.problem, hand.architecture, hand.mapping).size(), 1u);
}

TEST(StorageLevelProblem, WhatIsNotModelledIsNamed) {
  Problem problem = gemm(4, 2, 2);
  EXPECT_TRUE(problem.misfits().empty());
  problem.dimensions.push_back({"R", 3});
  problem.tensors[1].ranks[1].push_back({3, ""});
  ASSERT_EQ(problem.misfits().size(), 1u);
  EXPECT_NE(problem.misfits()[0].find("sliding windows"), std::string::npos);
  problem.dimensions[3].size = 1;  // a kernel of one element slides over nothing
  EXPECT_TRUE(problem.misfits().empty());
  problem.coefficients = {{"stride", 2}};
  problem.tensors[1].ranks[1][0].coefficient = "stride";
  ASSERT_EQ(problem.misfits().size(), 1u);
  EXPECT_NE(problem.misfits()[0].find("strides"), std::string::npos);
  problem.tensors[2].read_write = false;
  EXPECT_EQ(problem.misfits().size(), 2u);
}

}  // namespace
}  // namespace heat::storage_levels
