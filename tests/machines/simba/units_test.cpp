// The table of units against the names that results, docs and users' scripts know them by.
#include "machines/simba/units.h"

#include <gtest/gtest.h>

#include <set>

#include "tests/machines/simba/machines.h"

namespace heat::machines::simba {
namespace {

TEST(Units, NamesAreThoseOfTheRunDatabase) {
  std::string names;
  for (int unit = 0; unit < kUnits; ++unit) names += std::string(unit_name(unit)) + " ";
  EXPECT_EQ(names, "dma_load send_weight send_input compute drain vector dma_store signal controller ");
  EXPECT_THROW(unit_name(kUnits), std::logic_error);
}

TEST(Units, EveryReasonHasANameOfItsOwnAndEnginesComeFirst) {
  std::set<std::string> names;
  for (int r = 0; r < kStallReasons; ++r) names.insert(stall_reason_name(static_cast<StallReason>(r)));
  EXPECT_EQ(names.size(), static_cast<std::size_t>(kStallReasons));
  EXPECT_STREQ(stall_reason_name(waits_for_engine(SIMBA_STORE)), "store");
  EXPECT_STREQ(stall_reason_name(StallReason::kResults), "results");
  EXPECT_THROW(stall_reason_name(static_cast<StallReason>(kStallReasons)), std::logic_error);
}

TEST(Units, StaticPartsAreOneAPeOrOneAChiplet) {
  const spec::ArchSpec arch = simba_l();  // 4 chiplets of 16 PEs
  EXPECT_EQ(instances(arch, spec::StaticPart::kPe), 64);
  EXPECT_EQ(instances(arch, spec::StaticPart::kNocRouter), 64);
  EXPECT_EQ(instances(arch, spec::StaticPart::kGlobalBuffer), 4);
  EXPECT_EQ(instances(arch, spec::StaticPart::kController), 4);
}

}  // namespace
}  // namespace heat::machines::simba
