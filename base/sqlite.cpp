// SQLiteCpp (https://github.com/SRombauts/SQLiteCpp) owns the handles and checks every call; the types of columns are
// checked here.
#include "base/sqlite.h"

#include <SQLiteCpp/Column.h>
#include <sqlite3.h>

#include <charconv>

#include "base/errors.h"

namespace heat::base {

Database::Database(const std::string& file, Access access, int flags, int busy_ms)
    : file_(file),
      access_(access),
      database_(checked(file, access, [&] { return SQLite::Database(file, flags, busy_ms); })) {}

void Database::fail(const std::string& file, Access access, const std::string& reason) {
  if (access == Access::kRead) throw TraceError(file + ": " + reason);
  throw FileError(file + ": " + reason);
}

Database Database::create(const std::string& file) {
  Database database(file, Access::kWrite, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
  database.execute(
      "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA locking_mode=EXCLUSIVE; PRAGMA cache_size=-16384;");
  return database;
}

Database Database::open_read_only(const std::string& file) {
  return Database(file, Access::kRead, SQLite::OPEN_READONLY);
}

Database Database::open_or_create(const std::string& file, int busy_ms) {
  return Database(file, Access::kWrite, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE, busy_ms);
}

void Database::execute(const std::string& sql) {
  checked(file_, access_, [&] { database_.exec(sql); });
}

std::int64_t Database::scalar(const std::string& sql) const {
  Statement statement(*this, sql);
  if (!statement.step()) fail(file_, access_, "no row for " + sql);
  return statement.integer(0);
}

Statement::Statement(const Database& database, const std::string& sql)
    : file_(database.file_),
      access_(database.access_),
      statement_(checked([&] { return SQLite::Statement(database.database_, sql); })) {}

bool Statement::step() {
  return checked([&] { return statement_.executeStep(); });
}

SQLite::Column Statement::typed(int column, bool (*accepts)(int type), const char* expected) const {
  const SQLite::Column value = checked([&] { return statement_.getColumn(column); });
  if (!accepts(value.getType()))
    Database::fail(file_, access_,
                   "column " + column_name(column) + " of " + statement_.getQuery() + ": " +
                       (value.isNull() ? "NULL" : "'" + value.getString() + "'") + " where " + expected +
                       " is expected");
  return value;
}

std::int64_t Statement::integer(int column) const {
  return typed(
             column, [](int type) { return type == SQLITE_INTEGER; }, "an integer")
      .getInt64();
}

double Statement::real(int column) const {
  return typed(
             column, [](int type) { return type == SQLITE_FLOAT || type == SQLITE_INTEGER; }, "a number")
      .getDouble();
}

std::string Statement::text(int column) const {
  return typed(
             column, [](int type) { return type == SQLITE_TEXT; }, "a text")
      .getString();
}

bool Statement::is_null(int column) const {
  return checked([&] { return statement_.isColumnNull(column); });
}

std::optional<double> Statement::real_or_none(int column) const {
  if (is_null(column)) return std::nullopt;
  return real(column);
}

std::int32_t Statement::id(int column) const {
  return is_null(column) ? -1 : static_cast<std::int32_t>(integer(column));
}

std::string Statement::as_text(int column) const {
  const SQLite::Column value = typed(
      column, [](int) { return true; }, "any value");
  if (!value.isFloat()) return value.isNull() ? "" : value.getString();
  char buffer[32];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, value.getDouble()).ptr;  // reads back equal
  return std::string(buffer, end);
}

std::string Statement::column_name(int column) const {
  return checked([&] { return std::string(statement_.getColumnName(column)); });
}

}  // namespace heat::base
