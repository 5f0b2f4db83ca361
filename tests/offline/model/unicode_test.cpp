#include "offline/model/unicode.h"

#include <gtest/gtest.h>

namespace heat::offline {
namespace {

TEST(Utf8, RoundTripsOneToFourBytes) {
  const std::string text = "a\u00E9\u20AC\U0001F600";
  EXPECT_EQ(decode_utf8(text), U"a\u00E9\u20AC\U0001F600");
  EXPECT_EQ(encode_utf8(decode_utf8(text)), text);
}

TEST(Utf8, InvalidBytesBecomeTheReplacement) {
  EXPECT_EQ(decode_utf8("a\xFFz"), U"a\uFFFDz");
  EXPECT_EQ(decode_utf8("\xC0\xAF"), U"\uFFFD\uFFFD");            // overlong
  EXPECT_EQ(decode_utf8("\xED\xA0\x80"), U"\uFFFD\uFFFD\uFFFD");  // a surrogate
  EXPECT_EQ(decode_utf8("\xE2\x82"), U"\uFFFD");                  // cut short: one, as the sequence began well
  EXPECT_EQ(decode_utf8("\xF4\x90\x80\x80"), U"\uFFFD\uFFFD\uFFFD\uFFFD");  // beyond U+10FFFF
}

TEST(Fold, InterleavedAlphabetsAndHangul) {
  EXPECT_EQ(lower_and_strip_accents(U"\u0100\u0101\u0102\u0141"), U"aaa\u0142");  // l with stroke has no decomposition
  EXPECT_EQ(lower_and_strip_accents(U"\uD55C"), U"\u1112\u1161\u11AB");
  EXPECT_EQ(lower_and_strip_accents(U"\u0409\u040A"), U"\u0459\u045A");
  EXPECT_EQ(lower_and_strip_accents(U"ABCXYZ019"), U"abcxyz019");
}

// As Python's str.lower(): the sigma is final after a cased letter and before none, marks and apostrophes aside.
TEST(Fold, FinalSigmaLooksPastMarks) {
  EXPECT_EQ(to_lower(U"\u039F\u03A3 \u03A3\u0391\u03A3"), U"\u03BF\u03C2 \u03C3\u03B1\u03C2");
  EXPECT_EQ(to_lower(U"\u0391\u0301\u03A3"), U"\u03B1\u0301\u03C2");
  EXPECT_EQ(to_lower(U"\u0391\u03A3\u0301\u0391"), U"\u03B1\u03C3\u0301\u03B1");
}

TEST(Fold, MappingsThatLengthenTheText) {
  EXPECT_EQ(to_lower(U"\u0130"), U"i\u0307");
  EXPECT_EQ(lower_and_strip_accents(U"\u0130\u1E9E\uFB01"), U"i\u00DF\uFB01");  // ligatures are no canonical mapping
  EXPECT_EQ(lower_and_strip_accents(U"\U00010400\u1EA4"),
            U"\U00010428"
            U"a");  // Deseret; A with two accents
}

TEST(Classes, BordersOfRanges) {
  EXPECT_TRUE(is_punctuation(U'!') && is_punctuation(U'/') && is_punctuation(U'~') && is_punctuation(0x3001));
  EXPECT_FALSE(is_punctuation(U'0') || is_punctuation(U'a') || is_punctuation(0x20AC));
  EXPECT_TRUE(is_cjk(0x4E00) && is_cjk(0x9FFF) && is_cjk(0x20000));
  EXPECT_FALSE(is_cjk(0x4DFF) || is_cjk(0x3042) || is_cjk(0xAC00));
  EXPECT_TRUE(is_control(0) && is_control(0x200D) && is_control(0xE000) && is_control(0x378));
  EXPECT_FALSE(is_control(U'\n') || is_control(U'a'));
  EXPECT_TRUE(is_space(U' ') && is_space(U'\t') && is_space(0xA0) && is_space(0x2028) && is_space(0x3000));
  EXPECT_FALSE(is_space(0x200B) || is_space(U'_'));
  EXPECT_TRUE(is_letter_or_number(0xE9) && is_letter_or_number(0xBD) && is_letter_or_number(0x2167));
  EXPECT_FALSE(is_letter_or_number(0x301) || is_letter_or_number(U'_') || is_letter_or_number(0x20AC));
}

// Assigned by Unicode 15.0.
TEST(Classes, CharactersOfUnicode15AreKnown) {
  EXPECT_FALSE(is_control(0x1FAE8));                           // shaking face
  EXPECT_TRUE(is_punctuation(0x11F43));                        // Kawi danda
  EXPECT_TRUE(is_letter_or_number(0x11F04));                   // Kawi letter a
  EXPECT_EQ(lower_and_strip_accents(U"a\U0001E4ECb"), U"ab");  // Nag Mundari sign mojokok-ja, Mn
  EXPECT_EQ(lower_and_strip_accents(U"\U00011F04\U00011F03"), U"\U00011F04\U00011F03");  // Kawi visarga, Mc
}

}  // namespace
}  // namespace heat::offline
