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
  EXPECT_EQ(decode_utf8("\xE2\x82"), U"\uFFFD\uFFFD");            // cut short
}

TEST(Fold, InterleavedAlphabetsAndHangul) {
  EXPECT_EQ(lower_and_strip_accents(U"\u0100\u0101\u0102\u0141"), U"aaa\u0142");  // l with stroke has no decomposition
  EXPECT_EQ(lower_and_strip_accents(U"\uD55C"), U"\u1112\u1161\u11AB");
  EXPECT_EQ(lower_and_strip_accents(U"\u0409\u040A"), U"\u0459\u045A");
  EXPECT_EQ(lower_and_strip_accents(U"ABCXYZ019"), U"abcxyz019");
}

TEST(Classes, BordersOfRanges) {
  EXPECT_TRUE(is_punctuation(U'!') && is_punctuation(U'/') && is_punctuation(U'~') && is_punctuation(0x3001));
  EXPECT_FALSE(is_punctuation(U'0') || is_punctuation(U'a') || is_punctuation(0x20AC));
  EXPECT_TRUE(is_cjk(0x4E00) && is_cjk(0x9FFF) && is_cjk(0x20000));
  EXPECT_FALSE(is_cjk(0x4DFF) || is_cjk(0x3042) || is_cjk(0xAC00));
  EXPECT_TRUE(is_control(0) && is_control(0x200D));
  EXPECT_FALSE(is_control(U'\n') || is_control(U'a'));
}

}  // namespace
}  // namespace heat::offline
