// Column widths are counted in bytes: names in run databases are ASCII.
#include "traces/text_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/errors.h"

namespace heat::traces {

void TextTable::add(std::vector<std::string> cells) {
  HEAT_CHECK(cells.size() == columns_.size(), "cells in a row: " + std::to_string(cells.size()));
  rows_.push_back(std::move(cells));
}

std::string TextTable::render(int indent) const {
  std::vector<std::size_t> widths;
  for (std::size_t c = 0; c < columns_.size(); ++c) {
    std::size_t width = columns_[c].title.size();
    for (const auto& row : rows_) width = std::max(width, row[c].size());
    widths.push_back(width);
  }
  std::string text;
  const auto line = [&](auto cell_of) {
    std::string out(static_cast<std::size_t>(indent), ' ');
    for (std::size_t c = 0; c < columns_.size(); ++c) {
      const std::string& cell = cell_of(c);
      if (c > 0) out += "  ";
      out += columns_[c].align == Align::kLeft ? fmt::format("{:<{}}", cell, widths[c])
                                               : fmt::format("{:>{}}", cell, widths[c]);
    }
    out.erase(out.find_last_not_of(' ') + 1);
    text += out + "\n";
  };
  line([&](std::size_t c) -> const std::string& { return columns_[c].title; });
  for (const auto& row : rows_) line([&](std::size_t c) -> const std::string& { return row[c]; });
  return text;
}

std::string with_separators(std::int64_t value) {
  const std::string digits = fmt::format("{}", value);
  const std::size_t first = value < 0 ? 1 : 0;
  std::string text;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i > first && (digits.size() - i) % 3 == 0) text += ',';
    text += digits[i];
  }
  return text;
}

std::string with_prefix(double value, const std::string& unit) {
  static constexpr struct {
    double factor;
    const char* prefix;
  } kPrefixes[] = {{1e12, "T"}, {1e9, "G"},  {1e6, "M"},  {1e3, "k"},   {1, ""},
                   {1e-3, "m"}, {1e-6, "u"}, {1e-9, "n"}, {1e-12, "p"}, {1e-15, "f"}};
  if (value == 0) return "0 " + unit;
  for (const auto& p : kPrefixes)
    if (std::abs(value) >= p.factor * 0.99995) return fmt::format("{:.4g} {}{}", value / p.factor, p.prefix, unit);
  return fmt::format("{:.3e} {}", value, unit);
}

std::string percent(double fraction) {
  return fmt::format("{:.1f}%", 100 * fraction);
}

std::string share(double part, double whole) {
  return whole == 0 ? "-" : percent(part / whole);
}

std::string change(double before, double after) {
  if (before == 0) return "-";
  return fmt::format("{:+.1f}%", 100 * (after - before) / before);
}

}  // namespace heat::traces
