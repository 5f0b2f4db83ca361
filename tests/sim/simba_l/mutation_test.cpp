// A schedule that the readers take computes what it says, whatever was done to it: outputs equal an independent integer
// reference of that very schedule, bit for bit. Checksums are left aside here, so that the verifier stands alone.
#include <gtest/gtest.h>

#include <fstream>

#include "spec/dram_image.h"
#include "tests/sim/simba_l/test_machine.h"
#include "tests/support/integer_reference.h"
#include "tests/support/mutations.h"
#include "tests/support/sample_schedules.h"

namespace heat::simba_test {
namespace {

using namespace test_support;

constexpr std::int64_t kMostAddress = std::int64_t{1} << 26;  // what the test's memory would take of the host's

std::vector<BuiltSchedule> samples() {
  LayerOptions chain;
  chain.tokens = 7;
  chain.random_mappings = true;
  LayerOptions through_dram = chain;
  through_dram.resident_intermediates = false;
  AttentionOptions attention;
  attention.tokens = 6;
  EncoderOptions encoder;
  encoder.random_mappings = true;
  return {factorised_layer(small_arch(), LayerMethod::kSvd, chain),
          factorised_layer(small_arch(), LayerMethod::kTtm, through_dram), attention_block(small_arch(), attention),
          encoder_layer(small_arch(), encoder)};
}

class Mutation : public testing::Test {
 protected:
  enum class End { kRefused, kTooLong, kAsTheReference };

  // What becomes of the files; a failure when it is anything but an end.
  End end_of(const nlohmann::ordered_json& json, const std::vector<std::uint8_t>& image, const std::string& what) {
    const std::string path = folder_ + "/mutated.json";
    std::ofstream(path, std::ios::binary) << json.dump();  // no fsync: hundreds of files
    BuiltSchedule built;
    try {
      built.schedule = spec::Schedule::load(path);
    } catch (const base::ScheduleError&) {
      return End::kRefused;
    }
    built.image = image;
    for (std::int64_t address : built.schedule.plan.dram_addresses)
      if (address > kMostAddress) return End::kRefused;
    Machine machine;
    machine.arch = small_arch();
    machine.options.data = true;
    machine.options.random_stall = ++stall_seed_;  // what holds only by the usual order of events must not hold
    machine.options.max_cycles = 2000000;
    const Outcome outcome = run(built, machine);
    if (!outcome.error.empty()) {
      EXPECT_TRUE(outcome.is_reported) << what << ": " << outcome.error;
      return outcome.error.find("--max-cycles") != std::string::npos ? End::kTooLong : End::kRefused;
    }
    const TensorData expected = run_reference(built.schedule, image);
    for (const auto& [name, bytes] : outcome.outputs)
      EXPECT_EQ(bytes, expected.at(name)) << what << ", tensor " << name;
    EXPECT_FALSE(outcome.outputs.empty()) << what;
    return End::kAsTheReference;
  }

  struct Ends {
    int refused = 0, same = 0;
  };
  // How `count` of them end, one or two random changes each.
  Ends mutate(const std::vector<BuiltSchedule>& originals, int count, std::uint64_t seed) {
    Random random(seed);
    Ends ends;
    for (int i = 0; i < count; ++i) {
      const BuiltSchedule& original = originals[static_cast<std::size_t>(i) % originals.size()];
      nlohmann::ordered_json json = spec::to_json(original.schedule);
      std::string what = "mutation " + std::to_string(i) + ": ";
      for (std::int64_t n = random.between(1, 2); n > 0; --n) what += mutate_schedule(json, random) + "; ";
      const End end = end_of(json, original.image, what);
      ends.refused += end == End::kRefused;
      ends.same += end == End::kAsTheReference;
    }
    return ends;
  }

  const std::string folder_ = temporary_folder();
  std::uint64_t stall_seed_ = 0;
};

TEST_F(Mutation, ThreeHundredOfSchedulesThenRefusedOrAsTheReference) {
  const Ends ends = mutate(samples(), 300, 20261126);
  EXPECT_GT(ends.refused, 100);
  EXPECT_GT(ends.same, 25);
}

TEST_F(Mutation, SumsAndNodesAheadThenRefusedOrAsTheReference) {
  AttentionOptions attention;
  attention.tokens = 6;
  attention.heads = 8;
  attention.step = 1;
  attention.ahead = true;
  DividedSumOptions sums;
  sums.fused = true;
  const Ends ends =
      mutate({attention_block(small_arch(), attention), divided_sum(small_arch(), 3, 5, 7, 6, sums)}, 100, 20261201);
  EXPECT_GT(ends.refused, 33);
  EXPECT_GT(ends.same, 5);
}

TEST_F(Mutation, ImagesThenRefusedOrAsTheReference) {
  const std::vector<BuiltSchedule> originals = samples();
  Random random(8);
  int refused = 0, same = 0;
  for (int i = 0; i < 60; ++i) {
    const BuiltSchedule& original = originals[static_cast<std::size_t>(i) % originals.size()];
    std::vector<std::uint8_t> image = original.image;
    const std::string what = "mutation " + std::to_string(i) + ": " + mutate_image(image, random);
    const End end = end_of(spec::to_json(original.schedule), image, what);
    refused += end == End::kRefused;
    same += end == End::kAsTheReference;
  }
  EXPECT_GT(refused, 5);
  EXPECT_GT(same, 25);
}

}  // namespace
}  // namespace heat::simba_test
