// Text tables for people: columns as wide as their widest cell, numbers to the right, words to the left.
#pragma once

#include <string>
#include <vector>

namespace heat::traces {

class TextTable {
 public:
  enum class Align { kLeft, kRight };
  struct Column {
    std::string title;
    Align align = Align::kRight;
  };

  explicit TextTable(std::vector<Column> columns) : columns_(std::move(columns)) {}
  // As many cells as columns.
  void add(std::vector<std::string> cells);
  // Lines with `indent` spaces in front, no trailing spaces, each ending in a newline.
  std::string render(int indent = 2) const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

// 1234567 -> "1,234,567".
std::string with_separators(std::int64_t value);
// Four significant digits with an SI prefix: (1.234e-6, "J") -> "1.234 uJ".
std::string with_prefix(double value, const std::string& unit);
// 0.1234 -> "12.3%".
std::string percent(double fraction);
// part / whole as percent(), "-" when whole is 0.
std::string share(double part, double whole);
// (after - before) / before with its sign: "+12.3%"; "-" when before is 0.
std::string change(double before, double after);

}  // namespace heat::traces
