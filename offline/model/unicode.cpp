// Lookups by binary search in tables written by make_unicode_tables.py. Hangul syllables are decomposed by the
// arithmetic of the Unicode standard, section 3.12.
#include "offline/model/unicode.h"

#include <algorithm>
#include <iterator>

namespace heat::offline {
namespace {

struct CodeRange {
  char32_t first, last;
};
// Every step-th code point of [first, last] maps to target + (cp - first).
struct FoldRun {
  char32_t first, last;
  unsigned step;
  char32_t target;
};
struct FoldLong {
  char32_t from;
  char32_t to[4];
};

#include "offline/model/unicode_tables.inc"

template <std::size_t N>
bool contains(const CodeRange (&table)[N], char32_t c) {
  const auto* it = std::upper_bound(std::begin(table), std::end(table), c,
                                    [](char32_t value, const CodeRange& r) { return value < r.first; });
  return it != std::begin(table) && c <= std::prev(it)->last;
}

void append_hangul(std::u32string& out, char32_t c) {
  const char32_t index = c - 0xAC00;
  out += 0x1100 + index / 588;
  out += 0x1161 + (index % 588) / 28;
  if (index % 28) out += 0x11A7 + index % 28;
}

void append_folded(std::u32string& out, char32_t c) {
  if (c >= 0xAC00 && c <= 0xD7A3) return append_hangul(out, c);
  const auto* wide = std::lower_bound(std::begin(kLowerStripLong), std::end(kLowerStripLong), c,
                                      [](const FoldLong& f, char32_t value) { return f.from < value; });
  if (wide != std::end(kLowerStripLong) && wide->from == c) {
    for (char32_t to : wide->to)
      if (to) out += to;
    return;
  }
  const auto* run = std::upper_bound(std::begin(kLowerStripRuns), std::end(kLowerStripRuns), c,
                                     [](char32_t value, const FoldRun& r) { return value < r.first; });
  // Two runs of step two may interleave, so the one before may be the one that holds c.
  for (int back = 0; back < 2 && run != std::begin(kLowerStripRuns); ++back) {
    --run;
    if (c <= run->last && (c - run->first) % run->step == 0) {
      out += run->target + (c - run->first);
      return;
    }
  }
  if (!contains(kMarks, c)) out += c;
}

}  // namespace

std::u32string decode_utf8(std::string_view text) {
  std::u32string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const int length = lead < 0x80                   ? 1
                       : lead >= 0xC2 && lead < 0xE0 ? 2
                       : lead >= 0xE0 && lead < 0xF0 ? 3
                       : lead >= 0xF0 && lead < 0xF5 ? 4
                                                     : 0;
    char32_t c = length == 1 ? lead : length ? lead & (0x7F >> length) : 0xFFFD;
    bool good = length > 0 && i + length <= text.size();
    for (int k = 1; good && k < length; ++k) {
      const auto next = static_cast<unsigned char>(text[i + k]);
      good = (next & 0xC0) == 0x80;
      c = (c << 6) | (next & 0x3F);
    }
    static constexpr char32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
    if (good && (c < kLeast[length] || (c >= 0xD800 && c < 0xE000) || c > 0x10FFFF)) good = false;
    out += good ? c : 0xFFFD;
    i += good ? length : 1;
  }
  return out;
}

std::string encode_utf8(std::u32string_view text) {
  std::string out;
  for (char32_t c : text) {
    if (c < 0x80) {
      out += static_cast<char>(c);
    } else if (c < 0x800) {
      out += {static_cast<char>(0xC0 | (c >> 6)), static_cast<char>(0x80 | (c & 0x3F))};
    } else if (c < 0x10000) {
      out += {static_cast<char>(0xE0 | (c >> 12)), static_cast<char>(0x80 | ((c >> 6) & 0x3F)),
              static_cast<char>(0x80 | (c & 0x3F))};
    } else {
      out += {static_cast<char>(0xF0 | (c >> 18)), static_cast<char>(0x80 | ((c >> 12) & 0x3F)),
              static_cast<char>(0x80 | ((c >> 6) & 0x3F)), static_cast<char>(0x80 | (c & 0x3F))};
    }
  }
  return out;
}

bool is_punctuation(char32_t c) {
  if ((c >= 33 && c <= 47) || (c >= 58 && c <= 64) || (c >= 91 && c <= 96) || (c >= 123 && c <= 126)) return true;
  return c >= 128 && contains(kPunctuation, c);
}

bool is_control(char32_t c) {
  if (c == '\t' || c == '\n' || c == '\r') return false;
  return contains(kControl, c);
}

bool is_space(char32_t c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) ||
         c == 0x202F || c == 0x205F || c == 0x3000;
}

bool is_cjk(char32_t c) {
  static constexpr CodeRange kCjk[] = {{0x3400, 0x4DBF},   {0x4E00, 0x9FFF},   {0xF900, 0xFAFF},   {0x20000, 0x2A6DF},
                                       {0x2A700, 0x2B73F}, {0x2B740, 0x2B81F}, {0x2B820, 0x2CEAF}, {0x2F800, 0x2FA1F}};
  return contains(kCjk, c);
}

std::u32string lower_and_strip_accents(std::u32string_view text) {
  std::u32string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool final_sigma = text[i] == 0x3A3 && i > 0 && contains(kCased, text[i - 1]) &&
                             (i + 1 == text.size() || !contains(kCased, text[i + 1]));
    if (final_sigma)
      out += 0x3C2;
    else
      append_folded(out, text[i]);
  }
  return out;
}

}  // namespace heat::offline
