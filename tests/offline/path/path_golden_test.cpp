// Exact minima of a dynamic program that is independent of ours.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>

#include "offline/path/optimal_path.h"

namespace heat::offline {
namespace {

nlohmann::json read(const std::string& path) {
  std::ifstream in(path);
  if (!in) throw std::runtime_error("golden file missing: " + path);
  return nlohmann::json::parse(in);
}

TEST(OptimalPathGolden, RowsThenExactMinimum) {
  const auto rows = read(std::string(HEAT_SOURCE_DIR) + "/tests/golden/tensor/paths.json");
  ASSERT_GE(rows.size(), 10u);
  for (const auto& row : rows) {
    const auto network =
        network_from_equation(row.at("equation"), row.at("sizes").get<std::map<spec::Index, std::int64_t>>());
    EXPECT_EQ(optimal_path(network).macs, row.at("exact_min_macs").get<std::int64_t>()) << row;
  }
}

TEST(OptimalPathGolden, FullListThenExactMinimumAndIntermediateNotLarger) {
  const char* folder = std::getenv("HEAT_REFERENCE_DIR");
  if (folder == nullptr) {
    std::printf("HEAT_REFERENCE_DIR is not set: the full reference list is absent, nothing compared\n");
    return;
  }
  const auto cases = read(std::string(folder) + "/tensor/paths.json").at("cases");
  ASSERT_FALSE(cases.empty());
  for (const auto& c : cases) {
    const auto network =
        network_from_equation(c.at("equation"), c.at("sizes").get<std::map<spec::Index, std::int64_t>>());
    const PlannedPath planned = optimal_path(network);
    EXPECT_EQ(planned.macs, c.at("exact_min_macs").at("value").get<std::int64_t>()) << c.at("id");
    EXPECT_LE(planned.largest_intermediate,
              c.at("exact_min_macs").at("largest_intermediate_excl_output").get<std::int64_t>())
        << c.at("id");
  }
}

}  // namespace
}  // namespace heat::offline
