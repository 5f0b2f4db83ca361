// The DRAM analysis on requests whose answers are known by construction.
#include "traces/dram_analysis.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <list>
#include <nlohmann/json.hpp>

#include "tests/traces/sample_run.h"
#include "traces/reuse_distance.h"

namespace heat::traces {
namespace {

// A run of 1000 cycles, one channel of 16 bytes a cycle (a 64-byte burst takes 4), with these requests.
DramAnalysis analyzed(const std::vector<DramTransactionRow>& rows,
                      const nlohmann::ordered_json& config = nlohmann::ordered_json::object()) {
  const std::string path =
      (std::filesystem::temp_directory_path() / ("heat_dram_" + std::to_string(::getpid()) + ".sqlite")).string();
  RunInfo info = testing::sample_info();
  info.dram_peak_bytes_per_cycle = 16;
  {
    Writer w(path, info, config);
    testing::write_sample_nodes(w, 1);
    for (const DramTransactionRow& r : rows) w.dram_transaction(r);
    w.finish({1000});
  }
  DramAnalysis a = analyze_dram(Reader(path), 10, 4);
  std::filesystem::remove(path);
  return a;
}

DramTransactionRow request(std::int64_t address, std::int64_t arrival, std::int64_t finish,
                           RowResult row = RowResult::kHit, bool write = false, int tensor = 0, int bank = 0) {
  DramTransactionRow r;
  r.address = address;
  r.bytes = 64;
  r.is_write = write;
  r.arrival_cycle = arrival;
  r.start_cycle = std::max(arrival, finish - 10);
  r.finish_cycle = finish;
  r.row_result = row;
  r.bank = bank;
  r.node = tensor;
  r.tensor = tensor;
  return r;
}

TEST(DramAnalysis, BusTimeIsDividedByWhatItWaitedFor) {
  // Bursts end at 104, 108, 150 (row), 170 (turn-around), 180 (spacing), 404 (after a pause in which nothing waited).
  const DramAnalysis a =
      analyzed({request(0, 0, 104), request(64, 0, 108), request(4096, 0, 150, RowResult::kConflict),
                request(128, 0, 170, RowResult::kHit, true), request(192, 0, 180, RowResult::kHit, true),
                request(256, 390, 404, RowResult::kHit, true)});
  EXPECT_DOUBLE_EQ(a.time.data, 24);
  EXPECT_DOUBLE_EQ(a.time.rows, 38);
  EXPECT_DOUBLE_EQ(a.time.turnaround, 16);
  EXPECT_DOUBLE_EQ(a.time.spacing, 100 + 6 + 10);
  EXPECT_DOUBLE_EQ(a.time.idle, 210 + 596);
  EXPECT_DOUBLE_EQ(a.time.total(), 1000);
  EXPECT_NE(a.limit.find("is not known"), std::string::npos) << a.limit;
  EXPECT_FALSE(a.what_if.known);
}

TEST(DramAnalysis, RefreshIsToldByItsLength) {
  const nlohmann::ordered_json config = {{"dram", {{"clock_ns", 1.0}, {"timings_cycles", {{"tRFC", 260}}}}}};
  const std::vector<DramTransactionRow> rows = {request(0, 0, 100), request(64, 0, 380)};
  EXPECT_DOUBLE_EQ(analyzed(rows, config).time.refresh, 276);
  EXPECT_DOUBLE_EQ(analyzed(rows).time.refresh, 0);
}

TEST(DramAnalysis, EveryLimitHasItsSentence) {
  const auto limit_of = [](RowResult row, bool alternate, int burst_distance) {
    std::vector<DramTransactionRow> rows;
    for (int i = 0; i * burst_distance < 990; ++i)
      rows.push_back(request(i * 64, 0, (i + 1) * burst_distance, row, alternate && i % 2));
    return analyzed(rows).limit;
  };
  EXPECT_NE(limit_of(RowResult::kHit, false, 4).find("data bus limits"), std::string::npos);
  EXPECT_NE(limit_of(RowResult::kConflict, false, 20).find("Opening rows limits"), std::string::npos);
  EXPECT_NE(limit_of(RowResult::kHit, true, 20).find("between reads and writes limits"), std::string::npos);
  EXPECT_NE(limit_of(RowResult::kHit, false, 20).find("spacing of commands limits"), std::string::npos);
  EXPECT_EQ(analyzed({}).limit, "The run recorded no DRAM requests.");
}

TEST(DramAnalysis, SumsGoToBankTensorNodeTimeAndAddress) {
  const DramAnalysis a = analyzed({request(0, 0, 50, RowResult::kMiss), request(0, 100, 120),
                                   request(1024, 100, 950, RowResult::kConflict, true, 1, 3)});
  EXPECT_EQ(a.all.requests, 3);
  ASSERT_EQ(a.by_tensor.size(), 2u);
  EXPECT_EQ(a.by_tensor[0].name, "layer.0.weight");
  EXPECT_EQ(a.by_tensor[0].read_bytes, 128);
  EXPECT_EQ(a.by_tensor[0].read_latency_cycles, 70);
  EXPECT_EQ(a.by_tensor[1].name, "hidden");
  EXPECT_EQ(a.by_node[1].name, "layer.0/1");
  ASSERT_EQ(a.by_bank.size(), 2u);
  EXPECT_EQ(a.by_bank[1].name, "channel0.bank3");
  EXPECT_EQ(a.by_bank[1].row_results[2], 1);
  EXPECT_EQ(a.read_bytes_over_time[0], 64);
  EXPECT_EQ(a.read_bytes_over_time[1], 64);
  EXPECT_EQ(a.write_bytes_over_time[9], 64);
  EXPECT_EQ(a.bytes_by_time_and_address[9][3], 64);
  EXPECT_EQ(a.first_touches, 2);
  EXPECT_EQ(a.reuse_log2_lines, std::vector<std::int64_t>{1});
  EXPECT_EQ(a.read_latency_max_cycles, 50);
  const auto j = to_json(a);
  EXPECT_EQ(j["by_tensor"][0]["row_misses"], 1);
  EXPECT_NE(to_text(a, 5).find("layer.0.weight"), std::string::npos);
}

TEST(ReuseDistance, EqualsTheLruStack) {
  ReuseDistance fast;
  std::list<std::int64_t> stack;
  std::uint64_t state = 5;
  int reused = 0;
  for (int i = 0; i < 5000; ++i) {
    state = state * 6364136223846793005ull + 1442695040888963407ull;
    const auto line = static_cast<std::int64_t>((state >> 33) % (i % 3 == 0 ? 400 : 30));
    const auto at = std::find(stack.begin(), stack.end(), line);
    const std::int64_t expected = at == stack.end() ? ReuseDistance::kFirst : std::distance(stack.begin(), at);
    ASSERT_EQ(fast.access(line), expected) << i;
    reused += expected >= 0;
    if (at != stack.end()) stack.erase(at);
    stack.push_front(line);
  }
  EXPECT_GT(reused, 4000);
}

}  // namespace
}  // namespace heat::traces
