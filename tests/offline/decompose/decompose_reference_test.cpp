// Every row of the full reference lists, when HEAT_REFERENCE_DIR names their folder.
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>

#include "tests/offline/decompose/golden_rows.h"

namespace heat::offline::testing {
namespace {

TEST(DecomposeReference, EveryRowThenErrorAndRanksHold) {
  const char* folder = std::getenv("HEAT_REFERENCE_DIR");
  if (folder == nullptr) {
    std::printf("HEAT_REFERENCE_DIR is not set: the full reference lists are absent, nothing compared\n");
    return;
  }
  const std::string base = std::string(folder) + "/tensor/";
  for (const char* file : {"cp.json", "tucker.json", "ttm.json"}) {
    const auto rows = read_rows(base + file);
    ASSERT_FALSE(rows.empty());
    for (const auto& row : rows) {
      const double limit = row.at("rel_error").get<double>() * (row.at("method") == "cp_als" ? 1.0 : 1.001);
      EXPECT_LE(run_row(row).relative_error, limit) << row.at("method") << row.at("shape") << row.at("rank");
    }
  }
  const auto rows = read_rows(base + "rank_selection.json");
  ASSERT_FALSE(rows.empty());
  for (const auto& row : rows) {
    const RankChoice choice = run_rank_row(row);
    EXPECT_EQ(choice.ranks, row_ranks(row)) << row;
    EXPECT_EQ(choice.params, row.at("params").get<std::int64_t>()) << row;
  }
}

}  // namespace
}  // namespace heat::offline::testing
