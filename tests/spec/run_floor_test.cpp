// The floor of a run and its busiest units.
#include "spec/run_floor.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace heat::spec {
namespace {

TEST(RunFloor, IsTheLargestTermAndTheDistanceAMultipleOfIt) {
  const RunFloor run{{{"macs", 1000, 10}, {"weight_bytes", 600, 4}}, {{"nop_link", "nop.link0_1", 75}}, 300};
  EXPECT_EQ(run.bound().name, "weight_bytes");
  EXPECT_EQ(run.bound().cycles(), 150);
  EXPECT_EQ(run.distance(), 2);
  const auto floor = floor_json(run);
  EXPECT_EQ(floor.at("cycles"), 150);
  EXPECT_EQ(floor.at("bound"), "weight_bytes");
  EXPECT_EQ(floor.at("distance"), 2);
  EXPECT_EQ(floor.at("terms")[0].at("cycles"), 100);
  EXPECT_EQ(resources_json(run)[0].at("share"), 0.25);
  const std::string text = to_text(run);
  for (const char* part :
       {"150 cycles by weight_bytes; the run takes 2.00 times that", "nop.link0_1", " 25.0% of the run"})
    EXPECT_NE(text.find(part), std::string::npos) << text;
}

TEST(RunFloor, WithoutTermsSaysNothing) {
  EXPECT_EQ(to_text({}), "");
  EXPECT_EQ(floor_json({}).dump(), R"({"terms":[]})");
}

TEST(BusiestUnits, KeepTheFirstOfTheBusiestOfEachKind) {
  BusiestUnits units;
  units.add("a", "a0", 3);
  units.add("b", "b0", 0);
  units.add("a", "a1", 5);
  units.add("a", "a2", 5);
  ASSERT_EQ(units.list().size(), 2u);
  EXPECT_EQ(units.list()[0].busiest, "a1");
  EXPECT_EQ(units.list()[0].busy_cycles, 5);
  EXPECT_EQ(units.list()[1].busiest, "b0");
}

}  // namespace
}  // namespace heat::spec
