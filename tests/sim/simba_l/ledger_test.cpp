// A unit's entries follow one another, and a ledger that does not add up is an error.
#include "sim/simba_l/ledger.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace heat::simba {
namespace {

const UnitId kCompute{spec::ChipletId(1), SIMBA_COMPUTE};

TEST(Ledger, WhatOverlapsThenCountsOnceAndNothingFallsBetween) {
  Ledger ledger(2, 2);
  EXPECT_EQ(ledger.add(kCompute, 0, StallReason::kCommand, 10), 0);
  EXPECT_EQ(ledger.add(kCompute, 0, std::nullopt, 30), 10);
  EXPECT_EQ(ledger.add(kCompute, 1, StallReason::kPort, 25), 25) << "it was at work then";
  EXPECT_EQ(ledger.add(kCompute, 1, waits_for_engine(SIMBA_LOAD), 34), 30);
  EXPECT_EQ(ledger.add(kCompute, 1, std::nullopt, 50), 34);
  EXPECT_EQ(ledger.cycles(kCompute, std::nullopt), 20 + 16);
  EXPECT_EQ(ledger.cycles(kCompute, StallReason::kCommand), 10);
  EXPECT_EQ(ledger.cycles(kCompute, StallReason::kPort), 0);
  EXPECT_EQ(ledger.cycles(kCompute, waits_for_engine(SIMBA_LOAD)), 4);
  EXPECT_EQ(ledger.node_cycles(1, SIMBA_COMPUTE, std::nullopt), 16);
  EXPECT_EQ(ledger.node_cycles(0, SIMBA_COMPUTE, std::nullopt), 20);
}

TEST(Ledger, UnitThatDoesNotReachTheEndOrPassesItThenLogicErrorNamesIt) {
  for (const std::int64_t reached : {99, 100, 101}) {
    Ledger ledger(1, 2);
    for (int chiplet = 0; chiplet < 2; ++chiplet)
      for (int unit = 0; unit < kUnits; ++unit) ledger.add({spec::ChipletId(chiplet), unit}, -1, std::nullopt, 99);
    for (int chiplet = 0; chiplet < 2; ++chiplet)
      for (int unit = 0; unit < kUnits; ++unit)
        ledger.add({spec::ChipletId(chiplet), unit}, -1, StallReason::kCommand, unit == SIMBA_COMPUTE ? reached : 100);
    if (reached == 100) {
      EXPECT_NO_THROW(ledger.check(100));
      continue;
    }
    try {
      ledger.check(100);
      FAIL() << reached;
    } catch (const std::logic_error& e) {
      EXPECT_NE(std::string(e.what()).find("compute of chiplet 0 has " + std::to_string(reached)), std::string::npos)
          << e.what();
    }
  }
}

}  // namespace
}  // namespace heat::simba
