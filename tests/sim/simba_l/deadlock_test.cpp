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

// An event every cycle, for ever, as of a memory's clock.
class Ticking : public sc_core::sc_module {
 public:
  SC_HAS_PROCESS(Ticking);
  explicit Ticking(sc_core::sc_module_name name) : sc_core::sc_module(name) { SC_METHOD(tick); }
  std::int64_t ticks = 0;

 private:
  void tick() {
    ++ticks;
    next_trigger(1, sc_core::SC_NS);
  }
};

// Seven cycles of work, then nothing although work is left: a tick is an event, and yet the run ends within a slice.
TEST(Deadlock, MemoryTicksThenTheRunEndsWithinASlice) {
  const spec::ArchSpec arch = small_arch();
  const BuiltSchedule built = one_gemm(arch, 1, 4, 4, 4);
  const std::string text = in_child([&] {
    simba::RunContext context(built.schedule, arch, {});
    Ticking memory("memory");
    sc_core::sc_spawn([&] { context.wait_until(7); });
    try {
      simba::run_to_end(context,
                        {[] { return false; }, [] { return std::vector<Blocked>{unit(0, 1, "a", {id(0, 1)})}; }});
    } catch (const base::Error& e) {
      return std::string(e.what()) + " after " + std::to_string(memory.ticks) + " ticks";
    }
    return std::string("no deadlock");
  });
  EXPECT_EQ(text, built.schedule.file +
                      ": deadlock at cycle 7: nothing is under way and work is left\n these wait for " +
                      "each other, each for the next and the last for the first:\n  c0u1: a after " +
                      std::to_string(simba::kSliceCycles + 1) + " ticks");
}

// A factorised layer of two groups, the first of them chiplet 0's alone.
BuiltSchedule first_group_on_one_chiplet(const spec::ArchSpec& arch, std::int64_t tokens, std::int64_t step) {
  LayerOptions layer;
  layer.tokens = tokens;
  layer.step = step;                     // 0: chosen
  layer.resident_intermediates = false;  // each node is a group
  BuiltSchedule built = factorised_layer(arch, LayerMethod::kSvd, layer);
  built.schedule.plan.groups[spec::GroupId(0)].chiplets = 1;
  return built;
}

// Chiplet 0 does not come to the second group's joint loads, as its own in the first are not answered.
TEST(Deadlock, JointLoadWithoutAChipletThenItIsNamedAtOnce) {
  Machine m;
  m.arch = small_arch();
  m.memory_never_answers = true;
  const Outcome o = run(first_group_on_one_chiplet(m.arch, 8, 0), m);
  EXPECT_NE(o.error.find("deadlock at cycle "), std::string::npos) << o.error;
  EXPECT_NE(o.error.find("nothing is under way and work is left"), std::string::npos) << o.error;
  EXPECT_NE(o.error.find("package.chiplet1.dma_load: command 1 (node 'layer/2', step 0) has started, a joint load of 4 "
                         "chiplets (key "),
            std::string::npos)
      << o.error;
  EXPECT_NE(o.error.find("and waits for chiplets 0;"), std::string::npos) << o.error;
  // Those behind it: who waits for which command of whom.
  EXPECT_NE(o.error.find("package.chiplet1.send_weight: command 1 (node 'layer/2', step 0) waits for dma_load to "
                         "complete command "),
            std::string::npos)
      << o.error;
}

// Chiplet 0's store is not acknowledged, so it never signals, and the others wait for its results.
TEST(Deadlock, ResultsThatNeverComeThenTheSignalThatIsMissingIsNamed) {
  Machine m;
  m.arch = small_arch();
  m.arch.controller.queue_depth = 16;
  m.memory_never_answers_writes = true;
  // In one step: chiplet 0 comes to the second group's loads before its store is answered.
  const Outcome o = run(first_group_on_one_chiplet(m.arch, 4, 4), m);
  EXPECT_NE(o.error.find("waits for signal 1 of every chiplet (came: 0)"), std::string::npos) << o.error;
  EXPECT_NE(
      o.error.find("package.chiplet0.signal: command 1 (node 'layer/1', step 0) waits for dma_store to complete "),
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
