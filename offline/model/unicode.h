// The character classes and foldings WordPiece asks for, from tables of the Unicode standard.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace heat::offline {

// Code points of a UTF-8 text; an invalid byte becomes U+FFFD.
std::u32string decode_utf8(std::string_view text);
std::string encode_utf8(std::u32string_view text);

bool is_punctuation(char32_t c);  // any P* category, and the ASCII symbols that BERT counts as punctuation
bool is_control(char32_t c);      // C* categories except tab, newline and carriage return
bool is_space(char32_t c);        // space, tab, newline, carriage return, and category Zs
bool is_cjk(char32_t c);          // the CJK ideograph blocks of BERT's tokenizer

// Lower case (with the final sigma), canonical decomposition, nonspacing marks dropped.
std::u32string lower_and_strip_accents(std::u32string_view text);

}  // namespace heat::offline
