// ICU holds the tables of the standard (https://unicode-org.github.io/icu/userguide/strings/properties.html); the CJK
// blocks are BERT's own choice.
#include "offline/model/unicode.h"

#include <unicode/locid.h>
#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>
#include <unicode/utf8.h>

#include <algorithm>
#include <iterator>

#include "base/errors.h"

namespace heat::offline {
namespace {

bool in_categories(char32_t c, std::uint32_t mask) {
  return (U_GET_GC_MASK(static_cast<UChar32>(c)) & mask) != 0;
}

icu::UnicodeString lowered(std::u32string_view text) {
  icu::UnicodeString out;
  for (char32_t c : text) out.append(static_cast<UChar32>(c));
  return out.toLower(icu::Locale::getRoot());
}

template <class Keep>
std::u32string code_points(const icu::UnicodeString& text, Keep keep) {
  std::u32string out;
  out.reserve(text.length());
  for (std::int32_t i = 0; i < text.length(); i = text.moveIndex32(i, 1)) {
    const auto c = static_cast<char32_t>(text.char32At(i));
    if (keep(c)) out += c;
  }
  return out;
}

}  // namespace

std::u32string decode_utf8(std::string_view text) {
  std::u32string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    UChar32 c = 0;
    U8_NEXT_OR_FFFD(text.data(), i, text.size(), c);
    out += static_cast<char32_t>(c);
  }
  return out;
}

std::string encode_utf8(std::u32string_view text) {
  std::string out;
  for (char32_t c : text) {
    char bytes[U8_MAX_LENGTH];
    int length = 0;
    U8_APPEND_UNSAFE(bytes, length, c);
    out.append(bytes, length);
  }
  return out;
}

bool is_punctuation(char32_t c) {
  return in_categories(c, U_GC_P_MASK) || (c < 128 && in_categories(c, U_GC_S_MASK));
}

bool is_control(char32_t c) {
  return c != '\t' && c != '\n' && c != '\r' && in_categories(c, U_GC_C_MASK);
}

bool is_space(char32_t c) {
  return u_isUWhiteSpace(static_cast<UChar32>(c));
}

bool is_cjk(char32_t c) {
  static constexpr struct {
    char32_t first, last;
  } kBlocks[] = {{0x3400, 0x4DBF},   {0x4E00, 0x9FFF},   {0xF900, 0xFAFF},   {0x20000, 0x2A6DF},
                 {0x2A700, 0x2B73F}, {0x2B740, 0x2B81F}, {0x2B820, 0x2CEAF}, {0x2F800, 0x2FA1F}};
  return std::any_of(std::begin(kBlocks), std::end(kBlocks),
                     [c](const auto& block) { return c >= block.first && c <= block.last; });
}

bool is_letter_or_number(char32_t c) {
  return in_categories(c, U_GC_L_MASK | U_GC_N_MASK);
}

std::u32string to_lower(std::u32string_view text) {
  return code_points(lowered(text), [](char32_t) { return true; });
}

std::u32string lower_and_strip_accents(std::u32string_view text) {
  UErrorCode status = U_ZERO_ERROR;
  const icu::Normalizer2* nfd = icu::Normalizer2::getNFDInstance(status);
  HEAT_CHECK(U_SUCCESS(status), std::string("ICU has its normalization data: ") + u_errorName(status));
  const icu::UnicodeString decomposed = nfd->normalize(lowered(text), status);
  HEAT_CHECK(U_SUCCESS(status), std::string("text can be decomposed: ") + u_errorName(status));
  return code_points(decomposed, [](char32_t c) { return !in_categories(c, U_GC_MN_MASK); });
}

}  // namespace heat::offline
