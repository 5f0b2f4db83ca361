#include "base/sqlite.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "base/errors.h"
#include "tests/support/error_of.h"

namespace heat::base {
namespace {

class SqliteFile : public ::testing::Test {
 protected:
  void SetUp() override { std::filesystem::remove(file_); }
  void TearDown() override { std::filesystem::remove(file_); }
  std::string file_ =
      (std::filesystem::temp_directory_path() / ("heat_sqlite_" + std::to_string(::getpid()) + ".sqlite")).string();
};

TEST_F(SqliteFile, ValuesComeBackAsBound) {
  Database database = Database::create(file_);
  database.execute("CREATE TABLE t(a, b, c, d, e, f)");
  Statement insert(database, "INSERT INTO t VALUES(?,?,?,?,?,?)");
  insert.run(std::int64_t{1} << 40, 0.1, std::string("x\0y", 3), RowId{7}, RowId{-1}, std::optional<double>());
  insert.run(true, 2.0f, "text", RowId{0}, RowId{-5}, std::optional<double>(0.5));
  Statement s(database, "SELECT * FROM t ORDER BY rowid");
  ASSERT_TRUE(s.step());
  EXPECT_EQ(s.integer(0), std::int64_t{1} << 40);
  EXPECT_EQ(s.real(1), 0.1);
  EXPECT_EQ(s.as_text(1), "0.1");
  EXPECT_EQ(s.text(2), std::string("x\0y", 3));
  EXPECT_EQ(s.id(3), 7);
  EXPECT_EQ(s.id(4), -1);
  EXPECT_EQ(s.real_or_none(5), std::nullopt);
  ASSERT_TRUE(s.step());
  EXPECT_EQ(s.integer(0), 1);
  EXPECT_EQ(s.id(3), 0);
  EXPECT_TRUE(s.is_null(4));
  EXPECT_EQ(s.real_or_none(5), 0.5);
  EXPECT_FALSE(s.step());
  EXPECT_EQ(s.columns(), 6);
  EXPECT_EQ(s.column_name(2), "c");
}

TEST_F(SqliteFile, AnotherTypeIsAnErrorThatNamesFileColumnAndValue) {
  Database database = Database::create(file_);
  database.execute("CREATE TABLE t(a); INSERT INTO t VALUES('many')");
  Statement s(database, "SELECT a FROM t");
  ASSERT_TRUE(s.step());
  EXPECT_EQ(test::error_of<FileError>([&] { s.integer(0); }),
            file_ + ": column a of SELECT a FROM t: 'many' where an integer is expected");
  EXPECT_NE(test::error_of<FileError>([&] { s.real(0); }), "");
  EXPECT_NE(test::error_of<FileError>([&] { s.text(1); }), "");  // no such column
}

TEST_F(SqliteFile, KindOfErrorFollowsTheAccess) {
  EXPECT_NE(test::error_of<TraceError>([&] { Database::open_read_only(file_); }).find(file_), std::string::npos);
  EXPECT_NE(test::error_of<FileError>([&] { Database::create(file_ + "/absent"); }).find(file_), std::string::npos);
  Database::create(file_).execute("CREATE TABLE t(a)");
  Database database = Database::open_read_only(file_);
  EXPECT_EQ(database.scalar("SELECT count(*) FROM t"), 0);
  EXPECT_NE(test::error_of<TraceError>([&] { database.execute("INSERT INTO t VALUES(1)"); }).find("readonly"),
            std::string::npos);
  EXPECT_NE(test::error_of<TraceError>([&] { Statement(database, "SELECT * FROM u"); }).find("no such table: u"),
            std::string::npos);
}

TEST_F(SqliteFile, ConstraintThatFailsIsAnErrorAndTheNextRowIsWritten) {
  Database database = Database::create(file_);
  database.execute("CREATE TABLE t(a PRIMARY KEY)");
  Statement insert(database, "INSERT INTO t VALUES(?)");
  insert.run(1);
  EXPECT_NE(test::error_of<FileError>([&] { insert.run(1); }).find("UNIQUE"), std::string::npos);
  Statement(database, "INSERT INTO t VALUES(?)").run(2);
  EXPECT_EQ(database.scalar("SELECT count(*) FROM t"), 2);
}

}  // namespace
}  // namespace heat::base
