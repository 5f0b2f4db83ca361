// A thin owner of SQLite handles: every call is checked, every failure is a TraceError that names the file.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace heat::traces {

// A prepared statement. Parameters count from 1, columns from 0, as in SQLite's C API.
class Statement {
 public:
  Statement(sqlite3* database, const std::string& file, const std::string& sql);
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&& other) noexcept;
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;
  ~Statement();

  Statement& bind(int parameter, std::int64_t value);
  Statement& bind(int parameter, int value) { return bind(parameter, static_cast<std::int64_t>(value)); }
  Statement& bind(int parameter, double value);
  Statement& bind(int parameter, std::string_view value);
  Statement& bind_null(int parameter);
  // NULL for a negative id ("none"), else the id.
  Statement& bind_id(int parameter, std::int64_t id) { return id < 0 ? bind_null(parameter) : bind(parameter, id); }

  // Advances to the next row; false when there is none. Throws TraceError.
  bool step();
  // Runs a statement without rows and makes it ready for the next bindings.
  void run();
  void reset();

  // The column's value. Throws TraceError naming the column when its type is another.
  std::int64_t integer(int column) const;
  double real(int column) const;
  std::string text(int column) const;
  bool is_null(int column) const;
  // -1 for NULL.
  std::int32_t id(int column) const;
  // Any type as text, with all digits of a number; empty for NULL.
  std::string as_text(int column) const;
  int columns() const;
  std::string column_name(int column) const;

 private:
  [[noreturn]] void fail_type(int column, const char* expected) const;
  [[noreturn]] void fail() const;
  void check(int code) const;

  sqlite3* database_ = nullptr;
  sqlite3_stmt* statement_ = nullptr;
  std::string file_;
};

// A database connection.
class Database {
 public:
  // A new database for one bulk write: no journal, no syncing (the caller renames the finished file).
  static Database create(const std::string& file);
  // An existing database, never written to.
  static Database open_read_only(const std::string& file);

  Database(Database&& other) noexcept;
  Database& operator=(Database&& other) noexcept;
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  ~Database();

  void execute(const std::string& sql);
  Statement prepare(const std::string& sql) const;
  // First column of the first row as an integer.
  std::int64_t scalar(const std::string& sql) const;
  // Closes the file; throws when statements are still alive.
  void close();
  const std::string& file() const { return file_; }

 private:
  Database(sqlite3* handle, std::string file);
  sqlite3* handle_ = nullptr;
  std::string file_;
};

}  // namespace heat::traces
