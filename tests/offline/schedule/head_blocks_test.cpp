// Attention walked over blocks of tokens within heads, on the simulator: bits of an independent reference, keys and
// values where they were made.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "base/atomic_file.h"
#include "machines/simba/machine.h"
#include "offline/schedule/planner.h"
#include "offline/schedule/quantize.h"
#include "tests/offline/schedule/networks.h"
#include "tests/support/integer_reference.h"
#include "tests/support/schedule_builder.h"

namespace heat::offline {
namespace {

namespace fs = std::filesystem;

class HeadBlocks : public testing::Test {
 protected:
  HeadBlocks()
      : arch_(spec::ArchSpec::load(kArch)),
        energy_(spec::EnergyTable::load(arch_.energy_config)),
        folder_(test_support::temporary_folder()) {}
  void TearDown() override { fs::remove_all(folder_); }

  // Plans, simulates with data and compares with the reference; the plan.
  spec::Plan run(std::int64_t heads, std::int64_t tokens, std::int64_t blocks, const HomeSpace& space,
                 std::int64_t step = 0) {
    const std::int64_t hidden = 16 * heads;
    const Graph graph = test::encoder(1, hidden, heads, 32);
    LoweredNetwork lowered =
        lower_network(graph, {"small", "dense", tokens}, test::random_forms(3), {AttentionLoop::kHeads, 1, blocks});
    const auto x = random_normal("x", 3, tokens * hidden, 1);
    const TensorBytes bytes = quantize_network(lowered.network, calibrate_ranges(lowered.network, {x}), x);
    mapper::SearchOptions options;
    options.step = step;
    const spec::Plan plan = plan_groups(lowered, machine_, options, nullptr, space);
    const std::string file = folder_ + "/s.json", out = folder_ + "/out.bin";
    write_schedule({lowered.network.workload, plan, "", ""}, bytes, file);
    const std::string command = std::string(HEAT_BIN_DIR) + "/simba-sim --arch " + kArch + " --schedule " + file +
                                " --data on --output " + out + " > " + folder_ + "/log 2>&1";
    EXPECT_EQ(std::system(command.c_str()), 0) << base::read_file(folder_ + "/log");
    const spec::Schedule loaded = spec::Schedule::load(file);
    const std::string image = base::read_file(folder_ + "/s.bin"), simulated = base::read_file(out);
    const auto reference = test_support::run_reference(loaded, {image.begin(), image.end()});
    const std::vector<std::int8_t>& expected = reference.at(loaded.workload.tensors[lowered.network.output].name);
    EXPECT_EQ(std::vector<std::int8_t>(simulated.begin(), simulated.end()), expected);
    return loaded.plan;
  }

  const std::string kArch = HEAT_SOURCE_DIR "/configs/arch/simba-l.yaml";
  spec::ArchSpec arch_;
  spec::EnergyTable energy_;
  machines::simba::Machine machine_{arch_, energy_};
  const std::string folder_;
};

const std::string kBlocks = "h.t";

// Queries, keys and values are divided by heads and lie where they were made; where a block ends in the middle of a step,
// too.
TEST_F(HeadBlocks, WholeHeadsAChipletThenKeysAndValuesAreUsedInPlace) {
  for (const auto& [blocks, step] : {std::pair{2, 0}, {2, 3}, {3, 1}, {6, 5}, {6, 0}}) {
    const spec::Plan plan = run(8, 24, blocks, {655360, 4}, step);
    int found = 0;
    for (const spec::FusedGroup& g : plan.groups) {
      if (g.index != kBlocks) continue;
      ++found;
      EXPECT_EQ(g.extent, 8 * blocks);
      for (const spec::Home& h : g.homes) EXPECT_TRUE(h.extent != 8 || h.in_place) << g.name;
    }
    EXPECT_GE(found, 1);
  }
}

// Two heads on four chiplets, or three on all of them: shares cut heads, so keys and values travel.
TEST_F(HeadBlocks, SharesThatCutHeadsThenTheSameBits) {
  run(2, 24, 4, {655360, 4});
  run(3, 18, 3, {655360, 4});
  run(5, 20, 2, {655360, 0});
  run(3, 18, 2, {0, 0});
  run(3, 18, 2, {0, 0}, 1);
}

}  // namespace
}  // namespace heat::offline
