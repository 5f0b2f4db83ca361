// SQLite's C API (https://www.sqlite.org/c3ref/intro.html) behind RAII and exceptions.
#include "traces/sqlite.h"

#include <sqlite3.h>

#include <charconv>
#include <utility>

#include "base/errors.h"

namespace heat::traces {

using base::TraceError;

Statement::Statement(sqlite3* database, const std::string& file, const std::string& sql)
    : database_(database), file_(file) {
  check(sqlite3_prepare_v2(database_, sql.c_str(), -1, &statement_, nullptr));
}

Statement::Statement(Statement&& other) noexcept
    : database_(other.database_), statement_(std::exchange(other.statement_, nullptr)), file_(std::move(other.file_)) {}

Statement& Statement::operator=(Statement&& other) noexcept {
  if (this != &other) {
    sqlite3_finalize(statement_);
    database_ = other.database_;
    statement_ = std::exchange(other.statement_, nullptr);
    file_ = std::move(other.file_);
  }
  return *this;
}

Statement::~Statement() {
  sqlite3_finalize(statement_);
}

void Statement::fail() const {
  throw TraceError(file_ + ": " + sqlite3_errmsg(database_));
}

void Statement::check(int code) const {
  if (code != SQLITE_OK) fail();
}

Statement& Statement::bind(int parameter, std::int64_t value) {
  check(sqlite3_bind_int64(statement_, parameter, value));
  return *this;
}

Statement& Statement::bind(int parameter, double value) {
  check(sqlite3_bind_double(statement_, parameter, value));
  return *this;
}

Statement& Statement::bind(int parameter, std::string_view value) {
  check(sqlite3_bind_text(statement_, parameter, value.data(), static_cast<int>(value.size()), SQLITE_TRANSIENT));
  return *this;
}

Statement& Statement::bind_null(int parameter) {
  check(sqlite3_bind_null(statement_, parameter));
  return *this;
}

bool Statement::step() {
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code != SQLITE_DONE) fail();
  return false;
}

void Statement::run() {
  step();
  reset();
}

void Statement::reset() {
  check(sqlite3_reset(statement_));
}

void Statement::fail_type(int column, const char* expected) const {
  const char* table = sqlite3_column_table_name(statement_, column);
  const char* name = sqlite3_column_name(statement_, column);
  const unsigned char* value = sqlite3_column_text(statement_, column);
  throw TraceError(file_ + ": " + (table ? std::string(table) + "." : std::string()) + (name ? name : "?") + ": " +
                   (value ? "'" + std::string(reinterpret_cast<const char*>(value)) + "'" : std::string("NULL")) +
                   " where " + expected + " is expected");
}

std::int64_t Statement::integer(int column) const {
  if (sqlite3_column_type(statement_, column) != SQLITE_INTEGER) fail_type(column, "an integer");
  return sqlite3_column_int64(statement_, column);
}

double Statement::real(int column) const {
  const int type = sqlite3_column_type(statement_, column);
  if (type != SQLITE_FLOAT && type != SQLITE_INTEGER) fail_type(column, "a number");
  return sqlite3_column_double(statement_, column);
}

std::string Statement::text(int column) const {
  if (sqlite3_column_type(statement_, column) != SQLITE_TEXT) fail_type(column, "a text");
  const auto* data = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
  return std::string(data, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column)));
}

bool Statement::is_null(int column) const {
  return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

std::int32_t Statement::id(int column) const {
  return is_null(column) ? -1 : static_cast<std::int32_t>(integer(column));
}

std::string Statement::as_text(int column) const {
  if (sqlite3_column_type(statement_, column) == SQLITE_FLOAT) {
    char buffer[32];
    const double value = sqlite3_column_double(statement_, column);
    const auto end = std::to_chars(buffer, buffer + sizeof buffer, value).ptr;  // shortest text that reads back equal
    return std::string(buffer, end);
  }
  return is_null(column) ? "" : reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
}

int Statement::columns() const {
  return sqlite3_column_count(statement_);
}

std::string Statement::column_name(int column) const {
  return sqlite3_column_name(statement_, column);
}

Database::Database(sqlite3* handle, std::string file) : handle_(handle), file_(std::move(file)) {}

static sqlite3* open_handle(const std::string& file, int flags) {
  sqlite3* handle = nullptr;
  if (sqlite3_open_v2(file.c_str(), &handle, flags, nullptr) != SQLITE_OK) {
    const std::string reason = handle ? sqlite3_errmsg(handle) : "out of memory";
    sqlite3_close(handle);
    throw TraceError(file + ": " + reason);
  }
  return handle;
}

Database Database::create(const std::string& file) {
  Database database(open_handle(file, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE), file);
  database.execute(
      "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA locking_mode=EXCLUSIVE; PRAGMA cache_size=-16384;");
  return database;
}

Database Database::open_read_only(const std::string& file) {
  return Database(open_handle(file, SQLITE_OPEN_READONLY), file);
}

Database::Database(Database&& other) noexcept
    : handle_(std::exchange(other.handle_, nullptr)), file_(std::move(other.file_)) {}

Database& Database::operator=(Database&& other) noexcept {
  if (this != &other) {
    sqlite3_close_v2(handle_);
    handle_ = std::exchange(other.handle_, nullptr);
    file_ = std::move(other.file_);
  }
  return *this;
}

Database::~Database() {
  sqlite3_close_v2(handle_);
}

void Database::execute(const std::string& sql) {
  if (sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK)
    throw TraceError(file_ + ": " + sqlite3_errmsg(handle_));
}

Statement Database::prepare(const std::string& sql) const {
  return Statement(handle_, file_, sql);
}

std::int64_t Database::scalar(const std::string& sql) const {
  Statement statement = prepare(sql);
  if (!statement.step()) throw TraceError(file_ + ": no row for " + sql);
  return statement.integer(0);
}

void Database::close() {
  if (handle_ && sqlite3_close(handle_) != SQLITE_OK) throw TraceError(file_ + ": " + sqlite3_errmsg(handle_));
  handle_ = nullptr;
}

}  // namespace heat::traces
