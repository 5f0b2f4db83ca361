// A window of 256 KiB slides over the bytes; lines are views into it. A line longer than kMaxLine is an error, so that
// no input makes the window grow.
#include "sim/dram/trace_reader.h"

#include <array>

#include "base/errors.h"

namespace heat::dram {
namespace {

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

std::string_view take_word(std::string_view& text) {
  std::size_t i = 0;
  while (i < text.size() && is_blank(text[i])) ++i;
  std::size_t j = i;
  while (j < text.size() && !is_blank(text[j])) ++j;
  const std::string_view word = text.substr(i, j - i);
  text.remove_prefix(j);
  return word;
}

// By character: its value as a hexadecimal digit, or kNoDigit.
constexpr std::uint8_t kNoDigit = 0xFF;
constexpr std::array<std::uint8_t, 256> kHexDigit = [] {
  std::array<std::uint8_t, 256> table{};
  for (auto& value : table) value = kNoDigit;
  for (unsigned i = 0; i < 10; ++i) table['0' + i] = static_cast<std::uint8_t>(i);
  for (unsigned i = 0; i < 6; ++i) table['a' + i] = table['A' + i] = static_cast<std::uint8_t>(10 + i);
  return table;
}();

}  // namespace

void TraceReader::fail(const std::string& message, std::string_view text) const {
  std::string shown;
  for (const char c : text.substr(0, 80)) shown += c >= 32 && c < 127 ? c : '?';
  throw base::TraceError(place() + ": " + message + " in '" + shown + (text.size() > 80 ? "..." : "") + "'");
}

bool TraceReader::next(TraceRequest& request) {
  std::string_view text;
  if (!lines_.next(text)) return false;
  parse(text, request);
  return true;
}

void TraceReader::expect_format(Format format) {
  if (format_ == Format::kUnknown) format_ = format;
  if (format_ != format) throw base::TraceError(place() + ": line in another trace format than the lines before it");
}

std::uint64_t TraceReader::number(std::string_view word, const char* what) const {
  const bool hex = word.size() > 2 && word[0] == '0' && (word[1] == 'x' || word[1] == 'X');
  std::uint64_t value = 0;
  bool good = !word.empty();
  if (hex) {
    unsigned seen = 0;
    for (const char c : word.substr(2)) {
      const std::uint8_t digit = kHexDigit[static_cast<unsigned char>(c)];
      seen |= digit;
      value = value << 4 | (digit & 15u);
    }
    good = word.size() <= 18 && seen < 16;
  } else {
    for (const char c : word) {
      good = good && c >= '0' && c <= '9' && !__builtin_mul_overflow(value, std::uint64_t{10}, &value) &&
             !__builtin_add_overflow(value, static_cast<std::uint64_t>(c - '0'), &value);
    }
  }
  if (!good) fail(std::string("expected ") + what + " (hexadecimal with 0x, or decimal)", word);
  return value;
}

void TraceReader::parse(std::string_view text, TraceRequest& request) {
  request.has_levels = false;
  request.cycle = 0;
  const bool digit = text[0] >= '0' && text[0] <= '9';
  if (digit)
    parse_address_first(text, request);
  else
    parse_kind_first(text, request);
}

void TraceReader::parse_kind_first(std::string_view text, TraceRequest& request) {
  std::string_view rest = text;
  const std::string_view kind = take_word(rest);
  if (kind == "R" || kind == "r" || kind == "LD")
    request.write = false;
  else if (kind == "W" || kind == "w" || kind == "ST")
    request.write = true;
  else
    fail("expected 'R 0xADDR', 'W 0xADDR', 'LD ADDR', 'ST ADDR' or '0xADDR READ|WRITE CYCLE'", text);
  const std::string_view where = take_word(rest);
  if (where.find(',') != std::string_view::npos) {
    expect_format(Format::kLevels);
    parse_levels(where, request);
  } else {
    expect_format(Format::kKindFirst);
    request.address = number(where, "an address");
  }
  if (!take_word(rest).empty()) fail("unexpected text after the address", text);
}

void TraceReader::parse_levels(std::string_view text, TraceRequest& request) {
  request.has_levels = true;
  std::string_view rest = text;
  for (int i = 0; i < 6; ++i) {
    const std::size_t comma = rest.find(',');
    const bool last = comma == std::string_view::npos;
    if (last != (i == 5)) fail("expected six coordinates (channel,rank,bank group,bank,row,column)", text);
    const std::uint64_t value = number(rest.substr(0, comma), "a coordinate");
    if (value > (std::uint64_t{1} << 40)) fail("coordinate too large", text);
    request.levels[i] = static_cast<std::int64_t>(value);
    rest = last ? std::string_view() : rest.substr(comma + 1);
  }
}

void TraceReader::parse_address_first(std::string_view text, TraceRequest& request) {
  expect_format(Format::kAddressFirst);
  std::string_view rest = text;
  request.address = number(take_word(rest), "an address");
  const std::string_view kind = take_word(rest);
  if (kind == "READ" || kind == "P_MEM_RD")
    request.write = false;
  else if (kind == "WRITE" || kind == "P_MEM_WR")
    request.write = true;
  else
    fail("expected READ or WRITE after the address", text);
  const std::uint64_t cycle = number(take_word(rest), "a cycle");
  if (cycle > (std::uint64_t{1} << 60)) fail("cycle beyond 2^60", text);
  request.cycle = static_cast<std::int64_t>(cycle);
  if (request.cycle < last_cycle_) fail("cycle below the one before (" + std::to_string(last_cycle_) + ")", text);
  last_cycle_ = request.cycle;
  if (!take_word(rest).empty()) fail("unexpected text after the cycle", text);
}

}  // namespace heat::dram
