// SQLite by SQLiteCpp, with what every room wants of it: parameters bound in order, columns read as the type they must
// have, and errors that name the file. Failures of a database opened for reading are TraceErrors (an input that cannot
// be read), all others FileErrors.
#pragma once

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Exception.h>
#include <SQLiteCpp/Statement.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

namespace heat::base {

// A number by which rows refer to others: NULL when negative ("none").
struct RowId {
  std::int64_t value;
};

class Database {
 public:
  // A new database for one bulk write: no journal, no syncing (the caller renames the finished file).
  static Database create(const std::string& file);
  // An existing database, never written to.
  static Database open_read_only(const std::string& file);
  // Opens or creates; waits up to `busy_ms` for other processes.
  static Database open_or_create(const std::string& file, int busy_ms);

  void execute(const std::string& sql);
  // First column of the first row as an integer.
  std::int64_t scalar(const std::string& sql) const;
  const std::string& file() const { return file_; }

 private:
  friend class Statement;
  enum class Access { kRead, kWrite };
  Database(const std::string& file, Access access, int flags, int busy_ms = 0);
  // Runs `body`; what SQLiteCpp throws becomes our error.
  template <class Body>
  static decltype(auto) checked(const std::string& file, Access access, Body body) {
    try {
      return body();
    } catch (const SQLite::Exception& e) {
      fail(file, access, e.what());
    }
  }
  [[noreturn]] static void fail(const std::string& file, Access access, const std::string& reason);

  std::string file_;
  Access access_;
  SQLite::Database database_;
};

// A prepared statement. Columns count from 0, as in SQLite's C API. The database outlives its use.
class Statement {
 public:
  Statement(const Database& database, const std::string& sql);

  // Makes it ready for another execution with these parameters, in order: numbers, texts, RowId, or an optional of
  // them (NULL when empty).
  template <class... Values>
  Statement& bind(const Values&... values) {
    checked([&] {
      statement_.reset();
      [[maybe_unused]] int parameter = 0;
      (bind_one(++parameter, values), ...);
    });
    return *this;
  }
  // Advances to the next row; false when there is none.
  bool step();
  // Executes a statement without rows with these parameters.
  template <class... Values>
  void run(const Values&... values) {
    bind(values...);
    step();
  }

  // The column's value. An error names the column when its type is another.
  std::int64_t integer(int column) const;
  double real(int column) const;
  std::string text(int column) const;
  bool is_null(int column) const;
  std::optional<double> real_or_none(int column) const;  // nothing for NULL
  std::int32_t id(int column) const;                     // -1 for NULL
  // Any type as text, with all digits of a number; empty for NULL.
  std::string as_text(int column) const;
  int columns() const { return statement_.getColumnCount(); }
  std::string column_name(int column) const;

 private:
  template <class Value>
  void bind_one(int parameter, const Value& value) {
    if constexpr (std::is_same_v<Value, RowId>) {
      if (value.value < 0)
        statement_.bind(parameter);
      else
        statement_.bind(parameter, value.value);
    } else if constexpr (std::is_integral_v<Value>) {
      statement_.bind(parameter, static_cast<std::int64_t>(value));
    } else if constexpr (std::is_floating_point_v<Value>) {
      statement_.bind(parameter, static_cast<double>(value));
    } else {
      statement_.bind(parameter, std::string(value));
    }
  }
  template <class Value>
  void bind_one(int parameter, const std::optional<Value>& value) {
    if (value)
      bind_one(parameter, *value);
    else
      statement_.bind(parameter);
  }
  template <class Body>
  decltype(auto) checked(Body body) const {
    return Database::checked(file_, access_, body);
  }
  SQLite::Column typed(int column, bool (*accepts)(int type), const char* expected) const;

  std::string file_;
  Database::Access access_;
  SQLite::Statement statement_;
};

}  // namespace heat::base
