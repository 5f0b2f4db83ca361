// Schedule::load against files that nobody would write on purpose: always a ScheduleError with a message, or a schedule
// that passes all checks; never a crash, a hang or another exception. Everything is seeded; run it under the asan
// preset too.
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "machines/simba/gb_layout.h"
#include "machines/simba/misfits.h"
#include "spec/schedule.h"
#include "tests/support/integer_reference.h"
#include "tests/support/sample_schedules.h"

namespace heat::spec {
namespace {

using Json = nlohmann::ordered_json;
using test_support::Random;

enum class Outcome { kAccepted, kRefused };

Outcome load(const std::string& text) {
  static const std::string path = test_support::temporary_folder() + "/negative.json";
  std::ofstream(path, std::ios::binary) << text;  // no fsync: thousands of files
  try {
    const Schedule schedule = Schedule::load(path);
    // What is accepted must be safe to work with.
    const ArchSpec arch = test_support::small_arch();
    if (machines::simba::misfits(schedule, arch).empty()) {
      for (const auto& group : schedule.plan.groups)
        EXPECT_LE(machines::simba::gb_layout(schedule.workload, group, arch).total_bytes, 8192);
    }
    to_json(schedule);
    return Outcome::kAccepted;
  } catch (const base::ScheduleError& error) {
    EXPECT_NE(std::string(error.what()).find("negative.json"), std::string::npos) << error.what();
    return Outcome::kRefused;
  } catch (const std::exception& error) {
    ADD_FAILURE() << "not a ScheduleError: " << error.what() << "; see " << path;
    return Outcome::kRefused;
  }
}

Json layer_json() {
  test_support::LayerOptions options;
  options.tokens = 4;
  return to_json(
      test_support::factorised_layer(test_support::small_arch(), test_support::LayerMethod::kSvd, options).schedule);
}

TEST(ScheduleNegative, TruncatedFilesAreRefused) {
  const std::string text = layer_json().dump(1);
  int count = 0;
  for (std::size_t length = 0; length + 2 < text.size(); length += 37, ++count) {
    EXPECT_EQ(load(text.substr(0, length)), Outcome::kRefused) << "cut at " << length;
  }
  EXPECT_GT(count, 50);
}

TEST(ScheduleNegative, NonsenseFilesAreRefused) {
  const std::string nul(100, '\0');
  const std::vector<std::string> texts{
      "",
      " ",
      "{}",
      "[]",
      "null",
      "7",
      "\"text\"",
      "{",
      "}",
      "]",
      "&a *a",
      "&a [*a]",
      "{a: &a {b: *a}}",
      "\xff\xfe\x00",
      nul,
      "%YAML 1.2\n---\n",
      "--- 1\n--- 2\n",
      "!!binary x",
      "{format: heat-schedule/9, workload: {tensors: &t [*t]}}",
      "{format: heat-schedule/9, plan: &p {prediction: *p}}",
      "{\"format\": \"heat-schedule/9\", \"workload\": {\"tensors\": [[[]]], \"nodes\": {}}, \"plan\": 3}",
      "{? {a: b} : c}",
      "{[1, 2]: 3, nodes: ~}",
      "\xef\xbb\xbf{}",
      "<?xml version=\"1.0\"?>",
      "{\"format\": \"\\ud800\"}"};
  for (const auto& text : texts) EXPECT_EQ(load(text), Outcome::kRefused) << text;
}

TEST(ScheduleNegative, DeepNestingIsRefused) {
  for (int depth : {100, 1000, 100000}) {
    for (const char* open : {"[", "{\"a\":", "- ", "{format: heat-schedule/9, workload: {nodes: ["}) {
      std::string text;
      for (int i = 0; i < depth; ++i) text += open;
      EXPECT_EQ(load(text), Outcome::kRefused) << depth << " x " << open;
      EXPECT_EQ(load("{\"nodes\": " + text), Outcome::kRefused) << depth << " x " << open;
    }
    const std::string closed =
        std::string(static_cast<std::size_t>(depth), '[') + std::string(static_cast<std::size_t>(depth), ']');
    EXPECT_EQ(load("{\"nodes\": " + closed + "}"), Outcome::kRefused) << depth;
  }
}

// Every scalar, list and map of the file in turn, replaced by `value`.
void replace_each(const Json& value, int* refused, int* accepted) {
  const Json original = layer_json();
  const auto flat = original.flatten();  // items() keeps no temporary alive
  for (const auto& item : flat.items()) {
    Json::json_pointer at(item.key());
    for (; !at.empty(); at.pop_back()) {
      Json changed = original;
      changed[at] = value;
      ++*(load(changed.dump()) == Outcome::kRefused ? refused : accepted);
      if (at.back() != "0") break;  // containers once, at their first element
    }
  }
}

TEST(ScheduleNegative, EveryValueOfAnotherTypeOrSizeIsRefusedOrHarmless) {
  const std::vector<Json> values{nullptr,
                                 true,
                                 "",
                                 "NaN",
                                 ".inf",
                                 -1,
                                 0,
                                 4294967296,
                                 9223372036854775807,
                                 "1e400",
                                 1e308,
                                 3.5,
                                 "0x7fffffffffffffff",
                                 Json::array(),
                                 Json::object(),
                                 {1, 2, 3},
                                 {{"b", 1}},
                                 "\n\t\"\\ü",
                                 18446744073709551615u};
  int refused = 0, accepted = 0;
  for (const auto& value : values) replace_each(value, &refused, &accepted);
  EXPECT_GT(refused, 1500);
  EXPECT_GT(accepted, 0);  // free texts (names, layers, einsum) take anything
  EXPECT_GT(refused, 4 * accepted);
}

TEST(ScheduleNegative, EveryMissingKeyIsRefusedOrHasADefault) {
  const Json original = layer_json();
  std::set<std::string> optional;
  const auto flat = original.flatten();  // items() keeps no temporary alive
  for (const auto& item : flat.items()) {
    Json::json_pointer at(item.key());
    const std::string key = at.back();
    at.pop_back();
    Json changed = original;
    if (!changed[at].is_object()) continue;
    changed[at].erase(key);
    if (load(changed.dump()) == Outcome::kAccepted) optional.insert(key);
  }
  EXPECT_EQ(optional, (std::set<std::string>{"dram_image", "n_channels"}));
}

TEST(ScheduleNegative, ProductsBeyond64BitsAreRefused) {
  const std::int64_t huge = std::int64_t{1} << 32;
  Json shape = layer_json();
  shape["workload"]["tensors"][0]["shape"] = {huge, huge, huge};
  EXPECT_EQ(load(shape.dump()), Outcome::kRefused);
  Json extents = layer_json();
  auto& gemm = extents["workload"]["nodes"][0]["gemm"];
  for (const char* dim : {"b", "m", "n", "k"}) gemm["extents"][dim] = huge;
  EXPECT_EQ(load(extents.dump()), Outcome::kRefused);
  Json view = layer_json();
  for (auto& dim : view["workload"]["nodes"][0]["gemm"]["input"]["dims"]) dim["size"] = dim["stride"] = huge;
  EXPECT_EQ(load(view.dump()), Outcome::kRefused);
  Json channels = layer_json();
  channels["workload"]["nodes"][0]["gemm"]["epilogue"]["n_channels"] = huge;
  EXPECT_EQ(load(channels.dump()), Outcome::kRefused);
  Json tiles = layer_json();
  for (const char* tile : {"gb_tile", "pe_tile"}) {
    for (const char* dim : {"b", "m", "n", "k"}) tiles["plan"]["groups"][0]["nodes"][0]["mapping"][tile][dim] = huge;
  }
  EXPECT_EQ(load(tiles.dump()), Outcome::kRefused);
}

TEST(ScheduleNegative, RandomByteChangesNeverCrash) {
  const std::string original = layer_json().dump(1);
  Random random(20240601);
  int refused = 0;
  for (int i = 0; i < 400; ++i) {
    std::string text = original;
    for (std::int64_t edits = random.between(1, 6); edits > 0; --edits) {
      const auto at = static_cast<std::size_t>(random.between(0, static_cast<std::int64_t>(text.size()) - 1));
      switch (random.between(0, 3)) {
        case 0:
          text[at] = static_cast<char>(random.between(0, 255));
          break;
        case 1:
          text.erase(at, static_cast<std::size_t>(random.between(1, 40)));
          break;
        case 2:
          text.insert(at, text.substr(static_cast<std::size_t>(random.between(0, static_cast<std::int64_t>(at))),
                                      static_cast<std::size_t>(random.between(1, 60))));
          break;
        default:
          text[at] = "0123456789-+.eE{}[],:\"#&*!|>%@`"[random.between(0, 30)];
      }
    }
    refused += load(text) == Outcome::kRefused;
  }
  EXPECT_GT(refused, 200);
}

}  // namespace
}  // namespace heat::spec
