// The character classes and foldings WordPiece asks for, by ICU (Unicode 15 with Debian 12's).
#pragma once

#include <string>
#include <string_view>

namespace heat::offline {

// Code points of a UTF-8 text; each ill-formed sequence (its longest well-formed beginning, as Unicode recommends)
// becomes U+FFFD.
std::u32string decode_utf8(std::string_view text);
std::string encode_utf8(std::u32string_view text);

bool is_punctuation(char32_t c);       // any P* category, and the ASCII symbols that BERT counts as punctuation
bool is_control(char32_t c);           // C* categories (unassigned ones too) except tab, newline and carriage return
bool is_space(char32_t c);             // the property White_Space
bool is_cjk(char32_t c);               // the CJK ideograph blocks of BERT's tokenizer
bool is_letter_or_number(char32_t c);  // L* and N* categories

// Lower case by Unicode's full mapping (with the final sigma), whatever the locale.
std::u32string to_lower(std::u32string_view text);
// Lower case, canonical decomposition, nonspacing marks (Mn) dropped.
std::u32string lower_and_strip_accents(std::u32string_view text);

}  // namespace heat::offline
