#include "offline/cost_table/table.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/atomic_file.h"
#include "base/errors.h"
#include "offline/cost_table/correct.h"

namespace heat::offline {
namespace {

namespace fs = std::filesystem;

class CostTableFile : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(::testing::TempDir()) / ("heat_cost_table_" + std::to_string(::getpid()));
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }
  std::string file() const { return (folder_ / "table.sqlite").string(); }
  fs::path folder_;
};

// A row whose every field follows from n.
CostRow numbered_row(int n) {
  CostRow r;
  r.form = {"cp", {{16}, {4, 6}}, {n}};
  r.tokens = 8;
  r.params = 26 * n;
  r.ratio = 26.0 * n / 384;
  r.error = 1.0 / n;
  r.feasible = true;
  r.einsum = std::string(static_cast<std::size_t>(50 * n % 3000), 'e');
  r.path = "[[0,1]]";
  r.mapping = "group " + std::to_string(n);
  r.macs = 1000.0 * n;
  r.energy_pj = 5.0 * n;
  r.latency_ns = 7.0 * n;
  r.edp_js = 35e-21 * n * n;
  return r;
}

void expect_equal(const CostRow& a, const CostRow& b) {
  EXPECT_EQ(a.key(), b.key());
  EXPECT_EQ(a.params, b.params);
  EXPECT_EQ(a.ratio, b.ratio);
  EXPECT_EQ(a.error, b.error);
  EXPECT_EQ(a.feasible, b.feasible);
  EXPECT_EQ(a.einsum, b.einsum);
  EXPECT_EQ(a.path, b.path);
  EXPECT_EQ(a.mapping, b.mapping);
  EXPECT_EQ(a.macs, b.macs);
  EXPECT_EQ(a.energy_pj, b.energy_pj);
  EXPECT_EQ(a.latency_ns, b.latency_ns);
  EXPECT_EQ(a.edp_js, b.edp_js);
  EXPECT_EQ(a.measured_energy_pj, b.measured_energy_pj);
}

TEST_F(CostTableFile, RowsAndNotesThenReadBackEqual) {
  {
    CostTable table = CostTable::open(file());
    for (int n = 1; n <= 5; ++n) table.insert(numbered_row(n));
    table.set_note("architecture", "simba");
  }
  CostTable table = CostTable::open(file());
  EXPECT_EQ(table.note("architecture"), "simba");
  EXPECT_EQ(table.note("other"), std::nullopt);
  const auto rows = table.rows();
  ASSERT_EQ(rows.size(), 5u);
  for (int n = 1; n <= 5; ++n) expect_equal(rows[static_cast<std::size_t>(n - 1)], numbered_row(n));
  EXPECT_TRUE(table.has("16x24 t8 cp 16x4x6 r3"));
  EXPECT_FALSE(table.has("16x24 t8 cp 16x4x6 r6"));
}

TEST_F(CostTableFile, MeasuredThenCorrectionsAndBestValuesThatPersist) {
  {
    CostTable table = CostTable::open(file());
    table.replace({numbered_row(2), numbered_row(3)});
    EXPECT_EQ(apply_measurements(table, {{numbered_row(2).key(), {12, 7}}, {"no such row", {1, 1}}}), 1);
  }
  const CostTable table = CostTable::open(file());
  const CostRow row = *table.find(numbered_row(2).key());
  EXPECT_TRUE(row.measured());
  EXPECT_DOUBLE_EQ(row.energy_correction(), 1.2);
  EXPECT_DOUBLE_EQ(row.latency_correction(), 0.5);
  EXPECT_EQ(row.best_energy_pj(), 12);
  EXPECT_EQ(row.best_latency_ns(), 7);
  EXPECT_DOUBLE_EQ(row.best_edp_js(), 12e-12 * 7e-9);
  EXPECT_DOUBLE_EQ(row.edp_js, 35e-21 * 4);
  const CostRow other = *table.find(numbered_row(3).key());  // of the same shape
  EXPECT_FALSE(other.measured());
  EXPECT_DOUBLE_EQ(other.best_energy_pj(), 15 * 1.2);
  EXPECT_DOUBLE_EQ(other.best_latency_ns(), 21 * 0.5);
}

TEST_F(CostTableFile, CopyThenSameContentsAndTheSameBytesWhateverTheOrder) {
  const std::string a = file() + ".a", b = file() + ".b";
  {
    CostTable table = CostTable::open(file());
    for (int n : {3, 1, 2}) table.insert(numbered_row(n));
    table.set_note("architecture", "simba");
    table.write_copy(a);
  }
  {
    CostTable copy = CostTable::open(a);
    EXPECT_EQ(copy.rows().size(), 3u);
    EXPECT_EQ(copy.note("architecture"), "simba");
  }
  CostTable other = CostTable::open(file() + ".other");
  other.set_note("architecture", "simba");
  for (int n : {2, 3, 1}) other.insert(numbered_row(n));
  std::ofstream(b) << "to be replaced";
  other.write_copy(a);
  other.write_copy(b);
  EXPECT_EQ(base::read_file(a), base::read_file(b));
}

TEST_F(CostTableFile, WriterKilledThenEveryRowIsWholeOrAbsent) {
  int before = 0;
  for (int round = 0; round < 3; ++round) {
    int ready[2];
    ASSERT_EQ(pipe(ready), 0);
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      CostTable table = CostTable::open(file());
      for (int n = before + 1;; ++n) {
        table.insert(numbered_row(n));
        if (n == before + 1 && write(ready[1], "", 1) != 1) _exit(1);
      }
    }
    char first = 0;
    ASSERT_EQ(read(ready[0], &first, 1), 1);  // the first row is there, however busy the machine is
    for (int end : ready) close(end);
    usleep(60'000 + 20'000 * static_cast<useconds_t>(round));
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    const auto rows = CostTable::open(file()).rows();
    EXPECT_GT(static_cast<int>(rows.size()), before);
    for (const CostRow& r : rows) expect_equal(r, numbered_row(static_cast<int>(r.form.ranks[0])));
    before = static_cast<int>(rows.size());
  }
}

TEST_F(CostTableFile, OtherFileThenErrorNamesIt) {
  std::ofstream(file())
      << "this is no database, but it is longer than a header of one hundred bytes would need to be, so there";
  try {
    CostTable::open(file());
    FAIL() << "opened a text file";
  } catch (const base::FileError& e) {
    EXPECT_NE(std::string(e.what()).find("table.sqlite"), std::string::npos);
  }
  EXPECT_THROW(CostTable::open((folder_ / "absent" / "t.sqlite").string()), base::FileError);
}

}  // namespace
}  // namespace heat::offline
