// Deadlocks: the chain of causes from what units say, and runs in which nothing can move although the memory's clock ticks
// for ever. Their counterpart: waits that are merely long.
#include "sim/simba_l/deadlock.h"

#include <gtest/gtest.h>

#include "sim/simba_l/run_loop.h"
#include "tests/sim/simba_l/test_machine.h"
#include "tests/support/sample_schedules.h"

namespace heat::simba_test {
namespace {

using namespace test_support;
using simba::Blocked;

Blocked unit(int chiplet, int number, const std::string& waits, std::vector<simba::UnitId> on, bool has_work = true) {
  return {{spec::ChipletId(chiplet), number},
          "c" + std::to_string(chiplet) + "u" + std::to_string(number),
          waits,
          std::move(on),
          has_work};
}
simba::UnitId id(int chiplet, int number) {
  return {spec::ChipletId(chiplet), number};
}

TEST(DeadlockReport, CircleThenItAloneIsTheCauseAndOthersWaitToo) {
  const std::string text = simba::deadlock_report(
      {unit(0, 0, "leads in", {id(0, 1)}), unit(0, 1, "a", {id(1, 0)}), unit(1, 0, "b", {id(1, 1), id(0, 2)}, false),
       unit(1, 1, "done", {}, false), unit(0, 2, "c", {id(0, 1)})},
      10);
  EXPECT_EQ(text,
            "\n these wait for each other, each for the next and the last for the first:"
            "\n  c0u1: a\n  c1u0: b\n  c0u2: c\n waiting too:\n  c0u0: leads in");
}

TEST(DeadlockReport, NoCircleThenTheChainEndsInWhomNobodyCanHelp) {
  const std::string text = simba::deadlock_report(
      {unit(0, 0, "a", {id(7, 7), id(0, 1)}), unit(0, 1, "b", {id(0, 2)}), unit(0, 2, "has halted", {}, false)}, 10);
  EXPECT_EQ(text, "\n the chain of causes, each waiting for the next:\n  c0u0: a\n  c0u1: b\n  c0u2: has halted");
}

TEST(DeadlockReport, MoreUnitsThanLinesThenTheRestIsCounted) {
  std::vector<Blocked> units{unit(0, 0, "a", {id(0, 0)})};
  for (int i = 1; i <= 5; ++i) units.push_back(unit(0, i, "w", {id(0, 0)}));
  const std::string text = simba::deadlock_report(units, 3);
  EXPECT_NE(text.find("c0u3: w\n  and 2 more"), std::string::npos) << text;
  EXPECT_EQ(simba::deadlock_report(units, 5).find("more"), std::string::npos);
}

Machine ticking() {
  Machine m;
  m.arch = small_arch();
  m.memory_ticks = true;
  return m;
}

TEST(Deadlock, JointLoadOfChipletsThatDoNotExistThenTheyAreNamedAtOnce) {
  Machine m = ticking();
  m.before_run = [&] { m.arch.nop.width = 3; };  // the firmware believes in six chiplets, four are built
  const Outcome o = run(one_gemm(m.arch, 1, 26, 24, 37), m);
  EXPECT_NE(o.error.find("deadlock at cycle "), std::string::npos) << o.error;
  EXPECT_NE(o.error.find("nothing is under way and work is left"), std::string::npos) << o.error;
  EXPECT_NE(o.error.find("a joint load of 6 chiplets (key "), std::string::npos) << o.error;
  EXPECT_NE(o.error.find("and waits for chiplets 4 5"), std::string::npos) << o.error;
  EXPECT_NE(o.error.find("package.chiplet0.dma_load: command 1 (node 'gemm', step 0) has started"), std::string::npos)
      << o.error;
  // Those behind it: who waits for which command of whom.
  EXPECT_NE(o.error.find("package.chiplet0.send_weight: command 1 (node 'gemm', step 0) waits for dma_load to complete "
                         "command "),
            std::string::npos)
      << o.error;
  // The memory ticks every cycle: a tick is an event, and the run ends within a slice of the last thing that moved.
  EXPECT_GT(o.memory_ticks, 0);
  EXPECT_LE(o.memory_ticks, simba::kSliceCycles + 1);
}

// The controllers arrive at a barrier of more chiplets than there are.
TEST(Deadlock, BarrierOfChipletsThatDoNotExistThenTheMissingAreNamed) {
  Machine m = ticking();
  m.memory_latency_cycles = 20'000;
  m.options.watch = [&](const simba::RunProgress&) { m.arch.nop.width = 3; };  // within the first group
  const Outcome o = run(one_gemm(m.arch, 1, 26, 24, 37), m);
  EXPECT_NE(o.error.find("package.chiplet0.controller: has arrived at barrier 1 after a command of node 'gemm'; not "
                         "arrived: chiplets 4 5"),
            std::string::npos)
      << o.error;
}

TEST(Deadlock, MemoryNeverAnswersThenModuleAndNodeAreNamedAndTheDramOwes) {
  Machine m;
  m.arch = small_arch();
  m.memory_never_answers = true;
  const Outcome o = run(one_gemm(m.arch, 1, 13, 11, 37), m);
  EXPECT_NE(o.error.find("deadlock"), std::string::npos) << o.error;
  EXPECT_NE(
      o.error.find("package.chiplet0.dma_load: command 1 (node 'gemm', step 0) has started and waits for the DRAM, "
                   "which owes the package "),
      std::string::npos)
      << o.error;
}

// Longer than any time-out would be: nothing but one command is under way for 60 million cycles.
TEST(Deadlock, CommandOf60MillionCyclesThenItIsLegal) {
  Machine m;
  m.arch = small_arch();
  m.arch.pe.compute_overhead_cycles = 60'000'000;
  const Outcome o = run(one_gemm(m.arch, 1, 4, 4, 4), m);
  ASSERT_EQ(o.error, "");
  EXPECT_GT(o.cycles(), 60'000'000);
}

TEST(Deadlock, MemoryThatTakes60MillionCyclesThenItIsLegal) {
  Machine m;
  m.arch = small_arch();
  m.memory_latency_cycles = 60'000'000;
  const Outcome o = run(one_gemm(m.arch, 1, 4, 4, 4), m);
  ASSERT_EQ(o.error, "");
  EXPECT_GT(o.cycles(), 60'000'000);
}

TEST(RunLoop, MaxCyclesThenTheRunsOwnLengthIsAllowedAndOneLessIsNot) {
  Machine m;
  m.arch = small_arch();
  const BuiltSchedule built = one_gemm(m.arch, 1, 13, 11, 37);
  const Outcome plain = run(built, m);
  ASSERT_EQ(plain.error, "");
  m.options.max_cycles = plain.cycles();
  const Outcome allowed = run(built, m);
  ASSERT_EQ(allowed.error, "");
  EXPECT_EQ(allowed.report, plain.report);
  m.options.max_cycles = plain.cycles() - 1;
  const Outcome stopped = run(built, m);
  EXPECT_EQ(stopped.error, built.schedule.file + ": not done after " + std::to_string(plain.cycles() - 1) +
                               " cycles (--max-cycles): cycle " + std::to_string(plain.cycles() - 1) +
                               ", 0 of 1 nodes done, at node 'gemm'");
}

// Between slices, in order; nodes are done by groups.
TEST(RunLoop, WatchThenItSeesTheRunAdvanceAndMayStopIt) {
  Machine m;
  m.arch = small_arch();
  m.memory_latency_cycles = 20'000;
  LayerOptions layer;
  layer.resident_intermediates = false;  // each node is a group
  const BuiltSchedule built = factorised_layer(m.arch, LayerMethod::kSvd, layer);
  std::int64_t last_cycle = 0, last_done = 0, calls = 0;
  m.options.watch = [&](const simba::RunProgress& p) {
    if (p.cycle <= last_cycle || p.nodes_done < last_done || p.nodes_done >= p.nodes) throw base::Error("went back");
    last_cycle = p.cycle;
    last_done = p.nodes_done;
    if (++calls >= 3 && p.nodes_done > 0) throw base::Error("stopped: " + progress_text(p, built.schedule));
  };
  const Outcome o = run(built, m);
  EXPECT_EQ(o.error.rfind("stopped: cycle ", 0), 0u) << o.error;
  EXPECT_NE(o.error.find(", 1 of 2 nodes done, at node '"), std::string::npos) << o.error;
}

}  // namespace
}  // namespace heat::simba_test
