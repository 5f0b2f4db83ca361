// Timeline and exports: what is written, read back with code of its own, equals the run.
#include "traces/exports.h"

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "base/atomic_file.h"
#include "base/errors.h"
#include "tests/traces/sample_run.h"
#include "traces/timeline.h"

namespace heat::traces {
namespace {

using nlohmann::json;
using testing::TemporaryFolder;
using testing::write_sample_run;

json timeline_of(const TemporaryFolder& folder, const TimelineWindow& window = {}) {
  write_timeline(Reader(folder.file("run.sqlite")), folder.file("t.json"), TimelineFormat::kJson, window);
  return json::parse(base::read_file(folder.file("t.json")));
}

TEST(Timeline, SlicesLieInTheRunAreSortedAndNeverOverlapOnAThread) {
  TemporaryFolder folder;
  write_sample_run(folder.file("run.sqlite"));
  const json t = timeline_of(folder);
  std::map<std::pair<int, int>, double> end_of_thread;
  double last_start = -1;
  int slices = 0;
  for (const auto& e : t["traceEvents"]) {
    if (e["ph"] != "X" || e["cat"] == "group") continue;
    const double start = e["ts"], end = start + e["dur"].get<double>();
    EXPECT_GE(start, last_start);
    EXPECT_LE(end, 1.0 + 1e-9);  // 1000 cycles at 1 GHz are 1 us
    auto& thread_end = end_of_thread[{e["pid"], e["tid"]}];
    EXPECT_GE(start, thread_end - 1e-9);
    thread_end = end;
    last_start = start;
    ++slices;
  }
  EXPECT_EQ(slices, 9);
}

TEST(Timeline, ProcessesAreChipletsThreadsAreUnitsAndSlicesAreNamedByKindAndNode) {
  TemporaryFolder folder;
  write_sample_run(folder.file("run.sqlite"));
  const json t = timeline_of(folder);
  std::map<int, std::string> processes;
  std::map<std::pair<int, int>, std::string> threads;
  std::set<std::string> slices;
  for (const auto& e : t["traceEvents"]) {
    if (e["name"] == "process_name") processes[e["pid"]] = e["args"]["name"];
    if (e["name"] == "thread_name") threads[{e["pid"], e["tid"]}] = e["args"]["name"];
    if (e["ph"] == "X")
      slices.insert(processes.at(e["pid"]) + "|" + threads.at({e["pid"], e["tid"]}) + "|" +
                    e["name"].get<std::string>());
  }
  EXPECT_EQ(slices.count("chiplet 1|pe0|compute layer.0/1"), 1u);
  EXPECT_EQ(slices.count("chiplet 0|dma.load|load layer.1/0"), 1u);
  EXPECT_EQ(slices.count("package|dram.channel0|busy"), 1u);
  EXPECT_EQ(slices.count("package|fused groups|layer.1"), 1u);
}

TEST(Timeline, CountersBecomeCounterTracks) {
  TemporaryFolder folder;
  write_sample_run(folder.file("run.sqlite"));
  std::vector<json> samples;
  const json t = timeline_of(folder);
  for (const auto& e : t["traceEvents"])
    if (e["ph"] == "C") samples.push_back(e);
  ASSERT_EQ(samples.size(), 2u);
  EXPECT_EQ(samples[0]["name"], "dma.load queue_commands");
  EXPECT_EQ(samples[0]["args"]["queue_commands"], 2.0);
  EXPECT_DOUBLE_EQ(samples[1]["ts"], 0.1);
}

TEST(Timeline, OverlappingWorkOfAUnitGoesToAFurtherThread) {
  TemporaryFolder folder;
  {
    Writer w(folder.file("run.sqlite"), testing::sample_info(), nlohmann::ordered_json::object());
    const auto dma = w.unit(0, "dma.load");
    w.interval(dma, 0, 50, "load");
    w.interval(dma, 20, 70, "load");
    w.interval(dma, 50, 60, "load");  // the first thread is free again
    w.finish({100});
  }
  std::vector<int> threads;
  const json t = timeline_of(folder);
  for (const auto& e : t["traceEvents"])
    if (e["ph"] == "X") threads.push_back(e["tid"]);
  ASSERT_EQ(threads.size(), 3u);
  EXPECT_NE(threads[0], threads[1]);
  EXPECT_EQ(threads[0], threads[2]);
}

TEST(Timeline, WindowClipsSlices) {
  TemporaryFolder folder;
  write_sample_run(folder.file("run.sqlite"));
  int slices = 0;
  const json t = timeline_of(folder, {150, 250});
  for (const auto& e : t["traceEvents"]) {
    if (e["ph"] != "X" || e["cat"] == "group") continue;
    EXPECT_GE(e["ts"].get<double>(), 0.150 - 1e-12);
    EXPECT_LE(e["ts"].get<double>() + e["dur"].get<double>(), 0.250 + 1e-12);
    ++slices;
  }
  EXPECT_EQ(slices, 2);  // the two PEs computing node 0
}

TEST(Exports, CsvOfIntervalsReadsBackEqual) {
  TemporaryFolder folder;
  write_sample_run(folder.file("run.sqlite"));
  const Reader reader(folder.file("run.sqlite"));
  std::multiset<std::string> expected;
  const auto units = reader.units();
  const auto nodes = reader.nodes();
  reader.for_each_interval([&](const IntervalRow& i) {
    const auto& unit = units[static_cast<std::size_t>(i.unit)];
    expected.insert((unit.chiplet < 0 ? "" : std::to_string(unit.chiplet)) + "," + unit.name + "," + i.kind + "," +
                    std::to_string(i.start_cycle) + "," + std::to_string(i.end_cycle) + "," +
                    (i.node < 0 ? "" : nodes[static_cast<std::size_t>(i.node)].name));
  });
  std::stringstream csv;
  EXPECT_EQ(export_csv(reader, "interval", csv), 9);
  std::string line;
  std::getline(csv, line);
  EXPECT_EQ(line, "chiplet,unit,kind,start_cycle,end_cycle,node");
  std::multiset<std::string> read;
  while (std::getline(csv, line)) read.insert(line);
  EXPECT_EQ(read, expected);
}

TEST(Exports, CsvOfNodesHoldsEnergiesWithAllDigits) {
  TemporaryFolder folder;
  write_sample_run(folder.file("run.sqlite"), 1.0 / 3);
  const Reader reader(folder.file("run.sqlite"));
  std::stringstream csv;
  export_csv(reader, "node", csv);
  std::string line;
  std::getline(csv, line);
  std::getline(csv, line);
  std::vector<std::string> cells;
  std::stringstream split(line);
  for (std::string cell; std::getline(split, cell, ',');) cells.push_back(cell);
  ASSERT_EQ(cells.size(), 11u);
  EXPECT_EQ(cells[3], "layer.0");
  EXPECT_EQ(std::stod(cells[6]), reader.nodes()[0].energy_pj);
}

TEST(Exports, CsvQuotesCommasAndQuotes) {
  TemporaryFolder folder;
  {
    Writer w(folder.file("run.sqlite"), testing::sample_info(), nlohmann::ordered_json::object());
    w.tensor({0, "a,\"b\"", 64, 128});
    w.finish({0});
  }
  std::stringstream csv;
  export_csv(Reader(folder.file("run.sqlite")), "tensor", csv);
  EXPECT_EQ(csv.str(), "id,name,dram_address,bytes\n0,\"a,\"\"b\"\"\",64,128\n");
}

TEST(Exports, EveryTableOfTheListExportsAndAnUnknownOneIsRefusedWithASuggestion) {
  TemporaryFolder folder;
  write_sample_run(folder.file("run.sqlite"));
  const Reader reader(folder.file("run.sqlite"));
  ASSERT_EQ(csv_tables().size(), 8u);
  for (const auto& table : csv_tables()) {
    std::stringstream csv;
    EXPECT_GT(export_csv(reader, table, csv), 0) << table;
  }
  std::stringstream csv;
  try {
    export_csv(reader, "intervals", csv);
    FAIL() << "no error";
  } catch (const base::ConfigError& e) {
    EXPECT_NE(std::string(e.what()).find("did you mean 'interval'"), std::string::npos) << e.what();
  }
}

// The requests of the run, worked out from the rows: (address, is_write, arrival).
TEST(Exports, DramTracesReadBackEqual) {
  TemporaryFolder folder;
  write_sample_run(folder.file("run.sqlite"));
  const Reader reader(folder.file("run.sqlite"));
  std::stringstream dramsim, ramulator;
  EXPECT_EQ(export_dramsim3(reader, {64, 2.0}, dramsim), 8);  // cycles of a 2 GHz clock
  EXPECT_EQ(export_ramulator2(reader, {64, 0}, ramulator), 8);
  reader.for_each_dram_transaction([&](const DramTransactionRow& t) {
    std::string address, op, load_store, second_address;
    std::int64_t cycle = -1;
    dramsim >> address >> op >> cycle;
    EXPECT_EQ(std::stoll(address, nullptr, 16), t.address);
    EXPECT_EQ(address.substr(0, 2), "0x");
    EXPECT_EQ(op, t.is_write ? "WRITE" : "READ");
    EXPECT_EQ(cycle, 2 * t.arrival_cycle);
    ramulator >> load_store >> second_address;
    EXPECT_EQ(load_store, t.is_write ? "ST" : "LD");
    EXPECT_EQ(second_address, address);
  });
}

TEST(Exports, LongTransactionsAreCutIntoAlignedRequests) {
  TemporaryFolder folder;
  {
    Writer w(folder.file("run.sqlite"), testing::sample_info(), nlohmann::ordered_json::object());
    DramTransactionRow t;
    t.address = 96;
    t.bytes = 128;  // [96, 224): the requests at 64, 128 and 192
    w.dram_transaction(t);
    w.finish({0});
  }
  std::stringstream out;
  EXPECT_EQ(export_ramulator2(Reader(folder.file("run.sqlite")), {64, 0}, out), 3);
  EXPECT_EQ(out.str(), "LD 0x40\nLD 0x80\nLD 0xc0\n");
}

}  // namespace
}  // namespace heat::traces
