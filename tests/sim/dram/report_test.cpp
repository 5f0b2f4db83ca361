// What dram-sim tells.
#include "sim/dram/report.h"

#include <nlohmann/json.hpp>

#include "tests/sim/dram/dram_testing.h"

namespace heat::dram {
namespace {

using testing::spec_of;

TEST(Report, BandwidthIsOfTheBusAndAbsorbedBytesAreApart) {
  std::string trace = testing::sequential(32, 0);
  for (int i = 0; i < 20000; ++i) trace += "W 0x100000\n";
  for (int i = 0; i < 100; ++i) trace += "R 0x100000\n";
  const spec::DramSpec spec = spec_of("ddr4-3200.yaml");
  const auto r = testing::replay(spec, trace);
  const auto j = result_json(spec, r.result, 0);
  const auto columns = j["commands"]["rd"].get<std::int64_t>() + j["commands"]["wr"].get<std::int64_t>();
  EXPECT_EQ(j["bus_bytes"], columns * 64);
  EXPECT_EQ(j["bus_bytes"].get<std::int64_t>() + j["absorbed_bytes"].get<std::int64_t>(), 64 * (32 + 20000 + 100));
  EXPECT_GT(j["absorbed_bytes"], 64 * 15000);
  EXPECT_LE(j["peak_percent"], 100.0);
  EXPECT_DOUBLE_EQ(j["bandwidth_gb_per_s"].get<double>(),
                   j["bus_bytes"].get<double>() / (static_cast<double>(r.result.total_cycles) * 0.625));
  EXPECT_EQ(j["longest_wait"]["cycles"], r.result.statistics.longest_wait.cycles);
  const std::string text = result_text(spec, r.result, 0);
  EXPECT_NE(text.find("absorbed by the write queue"), std::string::npos) << text;
  EXPECT_NE(text.find("longest wait"), std::string::npos) << text;
}

TEST(Report, NothingWaitedIsNull) {
  const spec::DramSpec spec = spec_of("hbm2.yaml");
  const auto j = result_json(spec, testing::replay(spec, "").result, 0);
  EXPECT_TRUE(j["longest_wait"].is_null());
}

}  // namespace
}  // namespace heat::dram
