// Writer and Reader: what is written is read, whole or not at all, and what is no run database is refused by name.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <map>
#include <random>

#include "base/atomic_file.h"
#include "base/errors.h"
#include "base/sqlite.h"
#include "tests/traces/sample_run.h"
#include "traces/reader.h"

namespace heat::traces {
namespace {

using testing::TemporaryFolder;
using testing::write_sample_run;

std::string error_of(const std::string& path) {
  try {
    Reader reader(path);
    reader.nodes();
  } catch (const base::TraceError& e) {
    EXPECT_EQ(e.exit_code(), base::kBadUsage);
    return e.what();
  }
  return "";
}

TEST(RunDatabase, SmallTablesReadAsWritten) {
  TemporaryFolder folder;
  const auto path = folder.file("sub/run.sqlite");
  write_sample_run(path);
  const Reader reader(path);
  EXPECT_EQ(reader.run().info.program, "simba-sim");
  EXPECT_EQ(reader.run().info.seed, 7);
  EXPECT_EQ(reader.run().info.peak_macs_per_cycle, 16384);
  EXPECT_EQ(reader.run().cycles, 1000);
  EXPECT_EQ(reader.run().macs, 6000000);
  EXPECT_DOUBLE_EQ(reader.run().utilization(), 6e6 / (1000.0 * 16384));
  EXPECT_EQ(reader.config()["arch"]["name"], "simba-l");
  const auto nodes = reader.nodes();
  ASSERT_EQ(nodes.size(), 3u);
  EXPECT_EQ(nodes[1].name, "layer.0/1");
  EXPECT_EQ(nodes[1].group, 0);
  EXPECT_EQ(nodes[1].dram_write_bytes, 4096);
  EXPECT_DOUBLE_EQ(nodes[1].predicted_cycles, 370);
  EXPECT_DOUBLE_EQ(nodes[1].energy_pj, 3000 + 900.25 + 512);
  const auto groups = reader.groups();
  ASSERT_EQ(groups.size(), 2u);
  EXPECT_EQ(groups[1].start_cycle, 720);
  const auto tensors = reader.tensors();
  ASSERT_EQ(tensors.size(), 2u);
  EXPECT_EQ(tensors[1].dram_address, -1);
  const auto units = reader.units();
  ASSERT_EQ(units.size(), 4u);
  EXPECT_EQ(units[3].chiplet, -1);
  EXPECT_EQ(units[3].name, "dram.channel0");
  const auto stalls = reader.stalls();
  ASSERT_EQ(stalls.size(), 3u);
  EXPECT_EQ(stalls[2].reason, "dram_busy");
}

TEST(RunDatabase, LargeTablesReadAsWrittenInOrderOfTime) {
  TemporaryFolder folder;
  write_sample_run(folder.file("run.sqlite"));
  const Reader reader(folder.file("run.sqlite"));
  std::vector<IntervalRow> intervals;
  reader.for_each_interval([&](const IntervalRow& r) { intervals.push_back(r); });
  ASSERT_EQ(intervals.size(), 9u);
  for (std::size_t i = 1; i < intervals.size(); ++i) EXPECT_LE(intervals[i - 1].start_cycle, intervals[i].start_cycle);
  EXPECT_EQ(intervals[1].kind, "busy");
  EXPECT_EQ(intervals[1].node, -1);
  EXPECT_EQ(intervals.back().end_cycle, 1000);
  std::vector<CounterRow> counters;
  reader.for_each_counter([&](const CounterRow& r) { counters.push_back(r); });
  ASSERT_EQ(counters.size(), 2u);
  EXPECT_EQ(counters[0].name, "queue_commands");
  EXPECT_DOUBLE_EQ(counters[0].value, 2);
  std::vector<DramTransactionRow> transactions;
  reader.for_each_dram_transaction([&](const DramTransactionRow& r) { transactions.push_back(r); });
  ASSERT_EQ(transactions.size(), 8u);
  EXPECT_TRUE(transactions[3].is_write);
  EXPECT_EQ(transactions[3].tensor, -1);
  EXPECT_EQ(transactions[5].row_result, RowResult::kConflict);
  EXPECT_EQ(transactions[5].address, 320);
  EXPECT_EQ(transactions[5].finish_cycle, 90);
  EXPECT_EQ(transactions[5].row, 17);
}

// Property, on random runs: the energy rows of a node sum to the node, all rows sum to the run.
TEST(RunDatabase, EnergyRowsSumToNodesAndRun) {
  std::mt19937 random(20240601);
  for (int round = 0; round < 20; ++round) {
    TemporaryFolder folder;
    const int node_count = 1 + static_cast<int>(random() % 12);
    {
      Writer w(folder.file("r.sqlite"), testing::sample_info(), nlohmann::ordered_json::object());
      for (int n = 0; n < node_count; ++n) w.node({n, "n" + std::to_string(n), "l", -1, 1, 1, 0, 0, 0, 0, 0});
      const int rows = static_cast<int>(random() % 200);
      for (int r = 0; r < rows; ++r)
        w.energy({"pe", "mac", static_cast<int>(random() % static_cast<unsigned>(node_count + 1)) - 1, 1,
                  static_cast<double>(random() % 100000) / 7});
      w.finish({1});
    }
    const Reader reader(folder.file("r.sqlite"));
    std::map<int, double> by_node;
    double all = 0;
    for (const auto& e : reader.energies()) by_node[e.node] += e.energy_pj, all += e.energy_pj;
    for (const auto& n : reader.nodes()) EXPECT_NEAR(n.energy_pj, by_node[n.id], 1e-9 * (1 + by_node[n.id]));
    EXPECT_NEAR(reader.run().energy_pj, all, 1e-9 * (1 + all));
  }
}

TEST(RunDatabase, SameRowsGiveSameBytes) {
  TemporaryFolder folder;
  write_sample_run(folder.file("a.sqlite"));
  write_sample_run(folder.file("b.sqlite"));
  EXPECT_EQ(base::read_file(folder.file("a.sqlite")), base::read_file(folder.file("b.sqlite")));
}

TEST(RunDatabase, WriterDroppedBeforeFinishLeavesNothing) {
  TemporaryFolder folder;
  {
    Writer w(folder.file("sub/run.sqlite"), testing::sample_info(), nlohmann::ordered_json::object());
    testing::write_sample_activity(w);
  }
  EXPECT_TRUE(std::filesystem::is_empty(folder.file("sub")));
}

TEST(RunDatabase, ProcessKilledBeforeFinishLeavesNoFileOfThatName) {
  TemporaryFolder folder;
  const auto path = folder.file("run.sqlite");
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    Writer w(path, testing::sample_info(), nlohmann::ordered_json::object());
    for (int i = 0; i < 100000; ++i) w.interval(w.unit(0, "pe0"), i, i + 1, "compute");
    ::kill(::getpid(), SIGKILL);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  ASSERT_TRUE(WIFSIGNALED(status));
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(RunDatabase, RowBeyondTheEndOrToAnUnknownNodeIsAFaultAndLeavesNoFile) {
  TemporaryFolder folder;
  {
    Writer w(folder.file("a.sqlite"), testing::sample_info(), nlohmann::ordered_json::object());
    w.interval(w.unit(0, "pe0"), 0, 11, "compute");
    EXPECT_THROW(w.finish({10}), std::logic_error);
  }
  {
    Writer w(folder.file("b.sqlite"), testing::sample_info(), nlohmann::ordered_json::object());
    w.energy({"pe", "mac", 3, 1, 1.0});
    EXPECT_THROW(w.finish({10}), std::logic_error);
  }
  Writer w(folder.file("c.sqlite"), testing::sample_info(), nlohmann::ordered_json::object());
  EXPECT_THROW(w.interval(w.unit(0, "pe0"), 5, 4, "compute"), std::logic_error);
  EXPECT_THROW(w.interval(9, 0, 1, "compute"), std::logic_error);
  EXPECT_FALSE(std::filesystem::exists(folder.file("a.sqlite")));
  EXPECT_FALSE(std::filesystem::exists(folder.file("b.sqlite")));
}

TEST(RunDatabase, AbsentEmptyOrForeignFileIsRefusedByName) {
  TemporaryFolder folder;
  EXPECT_NE(error_of(folder.file("absent.sqlite")).find("absent.sqlite: no such file"), std::string::npos);
  base::write_file_atomically(folder.file("empty.sqlite"), "");
  EXPECT_NE(error_of(folder.file("empty.sqlite")).find("not a run database"), std::string::npos);
  base::write_file_atomically(folder.file("text.sqlite"), std::string(5000, 'x'));
  EXPECT_NE(error_of(folder.file("text.sqlite")).find("not a run database"), std::string::npos);
  EXPECT_NE(error_of(folder.file(".")).find("a folder"), std::string::npos);
  {
    base::Database other = base::Database::create(folder.file("other.sqlite"));
    other.execute("CREATE TABLE t(x); INSERT INTO t VALUES(1)");
  }
  EXPECT_NE(error_of(folder.file("other.sqlite")).find("not a run database of HEAT"), std::string::npos);
}

TEST(RunDatabase, TruncatedFileIsRefused) {
  TemporaryFolder folder;
  write_sample_run(folder.file("run.sqlite"));
  const std::string bytes = base::read_file(folder.file("run.sqlite"));
  for (const std::size_t kept : {std::size_t{50}, std::size_t{200}, bytes.size() / 2, bytes.size() - 1}) {
    base::write_file_atomically(folder.file("cut.sqlite"), bytes.substr(0, kept));
    EXPECT_NE(error_of(folder.file("cut.sqlite")), "") << kept << " bytes";
  }
}

TEST(RunDatabase, OtherSchemaVersionIsRefusedWithBothVersions) {
  TemporaryFolder folder;
  write_sample_run(folder.file("run.sqlite"));
  base::Database::create(folder.file("run.sqlite")).execute("PRAGMA user_version=99");
  const auto error = error_of(folder.file("run.sqlite"));
  EXPECT_NE(error.find("schema version 99"), std::string::npos);
  EXPECT_NE(error.find("reads version " + std::to_string(kSchemaVersion)), std::string::npos);
}

TEST(RunDatabase, MalformedContentIsRefusedWithTableAndColumn) {
  TemporaryFolder folder;
  write_sample_run(folder.file("run.sqlite"));
  base::Database::create(folder.file("run.sqlite")).execute("UPDATE node SET cycles='many' WHERE id=1");
  const auto error = error_of(folder.file("run.sqlite"));
  EXPECT_NE(error.find("column cycles of SELECT * FROM node"), std::string::npos) << error;
  EXPECT_NE(error.find("'many'"), std::string::npos) << error;
  base::Database::create(folder.file("run.sqlite")).execute("DROP TABLE node");
  EXPECT_NE(error_of(folder.file("run.sqlite")).find("no such table: node"), std::string::npos);
  base::Database::create(folder.file("run.sqlite")).execute("DELETE FROM run");
  EXPECT_NE(error_of(folder.file("run.sqlite")).find("table run is empty"), std::string::npos);
}

TEST(RunDatabase, DamagedPagesAreATraceErrorNotACrash) {
  TemporaryFolder folder;
  write_sample_run(folder.file("run.sqlite"));
  std::string bytes = base::read_file(folder.file("run.sqlite"));
  for (std::size_t i = 4096; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 31);
  base::write_file_atomically(folder.file("run.sqlite"), bytes);
  EXPECT_NE(error_of(folder.file("run.sqlite")).find("run.sqlite"), std::string::npos);
}

}  // namespace
}  // namespace heat::traces
