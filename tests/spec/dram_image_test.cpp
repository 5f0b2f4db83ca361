// Data that no arithmetic of spec/arithmetic.h is defined for, and images that are not those of their schedule.
#include "spec/dram_image.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/atomic_file.h"
#include "spec/arithmetic.h"
#include "tests/support/sample_schedules.h"

namespace heat::spec {
namespace {

using test_support::BuiltSchedule;
using test_support::small_arch;

BuiltSchedule encoder() {
  BuiltSchedule built = test_support::encoder_layer(small_arch());
  built.schedule.file = "s.json";
  return built;
}

TensorId named(const Schedule& s, const std::string& name) {
  for (TensorId t : s.workload.tensors.ids())
    if (s.workload.tensors[t].name == name) return t;
  throw std::logic_error("no tensor " + name);
}

// Bytes of the tensor in the image.
std::uint8_t* bytes_of(BuiltSchedule& built, const std::string& tensor) {
  return built.image.data() + built.schedule.plan.dram_addresses[named(built.schedule, tensor)];
}

std::vector<std::string> problems_of(const BuiltSchedule& built) {
  base::Problems problems;
  verify_given_data(built.schedule, built.image, problems);
  return problems.list();
}

void expect_one(const BuiltSchedule& built, const std::string& text) {
  const auto problems = problems_of(built);
  ASSERT_EQ(problems.size(), 1u) << testing::PrintToString(problems);
  EXPECT_EQ(problems.front(), text);
}

TEST(GivenData, OfSoundSchedulesThenNoProblem) {
  EXPECT_TRUE(problems_of(encoder()).empty());
}

TEST(GivenData, RequantShiftOutOfRangeThenRefusedWithTheFirstAndHowMany) {
  // The shift is the upper six bits of a record's last byte.
  for (int shift : {0, 4, 48, 63}) {
    BuiltSchedule built = encoder();
    bytes_of(built, "key.requant")[3 * 4 + 3] = static_cast<std::uint8_t>(shift << 2);
    expect_one(built,
               "s.json: node 'key': requant 'key.requant'[3]: shift " + std::to_string(shift) + " is not in 5..47");
    bytes_of(built, "key.requant")[5 * 4 + 3] = 0;
    expect_one(built, "s.json: node 'key': requant 'key.requant'[3]: shift " + std::to_string(shift) +
                          " is not in 5..47 (and 1 more)");
  }
  for (int shift : {5, 47}) {
    BuiltSchedule built = encoder();
    bytes_of(built, "key.requant")[3] = static_cast<std::uint8_t>(shift << 2);
    EXPECT_TRUE(problems_of(built).empty());
  }
}

TEST(GivenData, SoftmaxTableThatCanSumToZeroThenRefused) {
  BuiltSchedule built = encoder();
  std::uint8_t* table = bytes_of(built, "softmax.parameters");
  std::fill(table, table + kExpTableBytes, 0);
  expect_one(built,
             "s.json: node 'softmax': parameters 'softmax.parameters'[0]: is 0, expected at least 1: a row's "
             "exponentials can add up to 0");
  table[0] = 1;
  EXPECT_TRUE(problems_of(built).empty());
}

TEST(GivenData, MaskThenZerosAndOnesWithAOneAmongThem) {
  BuiltSchedule built = encoder();
  Workload& w = built.schedule.workload;
  for (Node& node : w.nodes) {
    if (node.name != "softmax") continue;
    node.vector->mask = w.tensors.push_back({"mask", TensorKind::kInput, {node.vector->columns}, 1});
    const auto address = (static_cast<std::int64_t>(built.image.size()) + 63) / 64 * 64;
    built.schedule.plan.dram_addresses.push_back(address);
    built.image.resize(static_cast<std::size_t>(address + node.vector->columns), 0);
  }
  expect_one(built, "s.json: node 'softmax': mask 'mask': has no 1, at least one column must count");
  bytes_of(built, "mask")[1] = 2;
  const std::string what = "s.json: node 'softmax': mask 'mask': byte 1 is 2, expected 0 or 1";
  EXPECT_EQ(problems_of(built).front(), what);
  bytes_of(built, "mask")[1] = 1;
  EXPECT_TRUE(problems_of(built).empty());
}

TEST(GivenData, SoftmaxSumsBeyond32BitsThenRefused) {
  BuiltSchedule built = encoder();
  built.schedule.workload.nodes[NodeId(4)].vector->columns = 65538;  // times 65535 is just above 2^32 - 1
  ASSERT_EQ(built.schedule.workload.nodes[NodeId(4)].name, "softmax");
  expect_one(
      built,
      "s.json: node 'softmax': parameters 'softmax.parameters': 65538 columns of up to 65535 add up to more than "
      "32 bits hold");
  built.schedule.workload.nodes[NodeId(4)].vector->columns = 65537;
  EXPECT_TRUE(problems_of(built).empty());
}

TEST(GivenData, LayerNormRecordOutOfRangeThenRefused) {
  BuiltSchedule built = encoder();
  std::uint8_t* record = bytes_of(built, "output.norm.parameters") + 2 * 16;
  record[8 + 3] = 0x60;  // beta_high
  const auto problems = problems_of(built);
  ASSERT_EQ(problems.size(), 1u) << testing::PrintToString(problems);
  EXPECT_NE(problems[0].find("node 'output.norm': parameters 'output.norm.parameters'[2]: beta "), std::string::npos);
  EXPECT_NE(problems[0].find(" is not within 2^61"), std::string::npos);
  record[8 + 3] = 0;
  record[12] = 9;
  expect_one(built,
             "s.json: node 'output.norm': parameters 'output.norm.parameters'[2]: its reserved word is 9, expected 0");
}

TEST(GivenData, TensorsBeyondTheImageThenEachIsNamed) {
  BuiltSchedule built = encoder();
  const TensorId x = named(built.schedule, "x"), w = named(built.schedule, "query.weight");
  const auto size = static_cast<std::int64_t>(built.image.size());
  built.schedule.plan.dram_addresses[x] = size;
  built.schedule.plan.dram_addresses[w] = size - 64;
  const auto problems = problems_of(built);
  ASSERT_EQ(problems.size(), 2u) << testing::PrintToString(problems);
  EXPECT_NE(problems[0].find("tensor 'x': ends at address"), std::string::npos);
  EXPECT_NE(problems[1].find("the DRAM image has " + std::to_string(size) + " bytes"), std::string::npos);
}

class Files : public testing::Test {
 protected:
  void SetUp() override { path_ = test_support::write_schedule(built_, folder_); }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  // The error's text of reading the files; empty when they are accepted.
  std::string error() const {
    try {
      load_with_data(path_);
    } catch (const base::ScheduleError& error) {
      return error.what();
    }
    return "";
  }
  void write_image() const {
    base::write_file_atomically(folder_ + "/schedule.bin",
                                {reinterpret_cast<const char*>(built_.image.data()), built_.image.size()});
  }
  const std::string folder_ = test_support::temporary_folder();
  BuiltSchedule built_ = encoder();
  std::string path_;
};

TEST_F(Files, AsWrittenThenTheImageComesBack) {
  EXPECT_EQ(load_with_data(path_).image, built_.image);
}

TEST_F(Files, OneBitOfAWeightChangedThenRefused) {
  bytes_of(built_, "key.weight")[17] ^= 4;
  write_image();
  const std::string found = std::to_string(data_crc32(built_.schedule, built_.image));
  EXPECT_EQ(error(), "1 problem:\n  " + path_ + ": data_crc32: is " + std::to_string(built_.schedule.data_crc32) +
                         ", the workload and its tensors in 'schedule.bin' have " + found +
                         ": one of the two files was changed, or they do not belong together");
}

TEST_F(Files, AddressesOfTwoWeightsExchangedThenRefused) {
  auto& address = built_.schedule.plan.dram_addresses;
  std::swap(address[named(built_.schedule, "key.weight")], address[named(built_.schedule, "query.weight")]);
  save(built_.schedule, path_);
  EXPECT_NE(error().find("data_crc32"), std::string::npos) << error();
}

TEST_F(Files, NumberOfTheWorkloadChangedThenRefused) {
  built_.schedule.workload.nodes.back().vector->shift += 1;
  save(built_.schedule, path_);
  EXPECT_NE(error().find("data_crc32"), std::string::npos) << error();
  EXPECT_NO_THROW(Schedule::load(path_));  // time and energy are those of what it says
}

TEST_F(Files, FaultsOfScheduleAndImageThenReportedTogether) {
  bytes_of(built_, "key.requant")[3] = 0;
  write_image();
  built_.schedule.plan.dram_addresses[named(built_.schedule, "query.weight")] = 0;
  save(built_.schedule, path_);
  const std::string text = error();
  for (const char* expected : {"3 problems", "tensor 'x': DRAM bytes 0", "shift 0 is not in 5..47", "data_crc32"})
    EXPECT_NE(text.find(expected), std::string::npos) << expected << " in\n" << text;
}

TEST_F(Files, WithoutImageThenTimingAloneIsPossible) {
  std::filesystem::remove(folder_ + "/schedule.bin");
  EXPECT_NO_THROW(Schedule::load(path_));
  EXPECT_THROW(load_with_data(path_), base::FileError);
  built_.schedule.dram_image.clear();
  save(built_.schedule, path_);
  EXPECT_NO_THROW(Schedule::load(path_));
  EXPECT_NE(error().find("dram_image: is empty, a run with data needs the tensors' content"), std::string::npos);
}

}  // namespace
}  // namespace heat::spec
