// Golden cases derived by hand from the rules of Hugging Face's BertTokenizer.
#include "offline/model/wordpiece.h"

#include <gtest/gtest.h>

#include "base/errors.h"

namespace heat::offline {
namespace {

using Words = std::vector<std::string>;

Vocabulary small_vocabulary() {
  return Vocabulary({"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "want", "##want", "##ed", "wa", "un", "runn",
                     "##ing", ",", "low", "lowest", "##est", "a"});
}

Words names(const WordPieceTokenizer& tokenizer, const std::vector<std::int32_t>& ids) {
  Words out;
  for (std::int32_t id : ids) out.push_back(tokenizer.vocabulary().pieces()[id]);
  return out;
}

TEST(BasicTokenize, UppercaseAndAccentsAreFolded) {
  EXPECT_EQ(basic_tokenize(" \tHeLLo!how  \n Are yoU?  "), (Words{"hello", "!", "how", "are", "you", "?"}));
  EXPECT_EQ(basic_tokenize("H\u00E9llo"), (Words{"hello"}));
  EXPECT_EQ(basic_tokenize("He\u0301llo"), (Words{"hello"}));        // a combining acute
  EXPECT_EQ(basic_tokenize("\u0130stanbul"), (Words{"istanbul"}));   // lower() gives i and a combining dot
  EXPECT_EQ(basic_tokenize("Stra\u00DFe"), (Words{"stra\u00DFe"}));  // sharp s stays in lower()
  EXPECT_EQ(basic_tokenize("\u039F\u03A3 \u03A3"), (Words{"\u03BF\u03C2", "\u03C3"}));  // final sigma
}

TEST(BasicTokenize, CasedKeepsCaseAndAccents) {
  EXPECT_EQ(basic_tokenize("H\u00E9LLo!", {false, 100}), (Words{"H\u00E9LLo", "!"}));
}

TEST(BasicTokenize, CjkIdeographsStandAlone) {
  EXPECT_EQ(basic_tokenize("ah\u535A\u63A8zz"), (Words{"ah", "\u535A", "\u63A8", "zz"}));
  EXPECT_EQ(basic_tokenize("\u3042\u3044"), (Words{"\u3042\u3044"}));  // kana are no ideographs
}

TEST(BasicTokenize, PunctuationIsSplitAndAsciiSymbolsCount) {
  EXPECT_EQ(basic_tokenize("a-b$c^d`e\u2019s"), (Words{"a", "-", "b", "$", "c", "^", "d", "`", "e", "\u2019", "s"}));
  EXPECT_EQ(basic_tokenize("5\u20AC"), (Words{"5\u20AC"}));  // the euro sign is Sc, not P*
}

TEST(BasicTokenize, ControlCharactersVanishAndSpacesOfAnyKindSplit) {
  EXPECT_EQ(basic_tokenize("a\u200Db\u00A0c\u2003d\x01"
                           "e"),
            (Words{"ab", "c", "de"}));
  EXPECT_EQ(basic_tokenize("a\u2028b\u2029c\u000Bd\u0085e"), (Words{"a", "b", "cde"}));  // separators split, Cc vanish
}

TEST(BasicTokenize, CharactersOfUnicode15) {
  EXPECT_EQ(basic_tokenize("a\U0001FAE8b"), (Words{"a\U0001FAE8b"}));          // an emoji is neither control nor P*
  EXPECT_EQ(basic_tokenize("a\U00011F43b"), (Words{"a", "\U00011F43", "b"}));  // Kawi danda: Po
  EXPECT_EQ(basic_tokenize("a\U0001E4ECb\U000E1000"), (Words{"ab"}));          // Mn; unassigned
}

TEST(BasicTokenize, SpecialPiecesStayWhole) {
  EXPECT_EQ(basic_tokenize("a [MASK]b [mask]"), (Words{"a", "[MASK]", "b", "[", "mask", "]"}));
}

TEST(WordPiece, GreedyLongestMatchThenUnknown) {
  const WordPieceTokenizer t(small_vocabulary());
  EXPECT_EQ(names(t, t.pieces("unwanted running")), (Words{"un", "##want", "##ed", "runn", "##ing"}));
  EXPECT_EQ(names(t, t.pieces("unwantedX running")), (Words{"[UNK]", "runn", "##ing"}));
  EXPECT_EQ(names(t, t.pieces("lowest")), (Words{"lowest"}));
  EXPECT_EQ(names(t, t.pieces("wanted,")), (Words{"want", "##ed", ","}));
  EXPECT_TRUE(t.pieces("").empty());
}

TEST(WordPiece, WordBeyondTheLimitIsUnknown) {
  Vocabulary v({"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "##a"});
  const WordPieceTokenizer t(std::move(v));
  EXPECT_EQ(t.pieces(std::string(100, 'a')).size(), 100u);
  EXPECT_EQ(names(t, t.pieces(std::string(101, 'a'))), (Words{"[UNK]"}));
}

TEST(WordPiece, EncodeCutsAndFrames) {
  const WordPieceTokenizer t(small_vocabulary());
  EXPECT_EQ(names(t, t.encode("a , a , a", 5)), (Words{"[CLS]", "a", ",", "a", "[SEP]"}));
}

TEST(Vocabulary, DoubleOrMissingPieceIsAnError) {
  EXPECT_THROW(Vocabulary({"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "a"}), base::ConfigError);
  try {
    Vocabulary({"[PAD]", "a"}, "v.txt");
    FAIL();
  } catch (const base::ConfigError& e) {
    EXPECT_STREQ(e.what(), "v.txt: missing special pieces: [UNK] [CLS] [SEP] [MASK]");
  }
}

TEST(TrainVocabulary, MergesTheMostFrequentPairFirst) {
  // Pairs: (a,##b) 10, (##b,##c) 6, (x,##b) 1. First merge: ab; then (ab,##c) 6.
  const Vocabulary v = train_vocabulary({{"ab", 4}, {"abc", 6}, {"xb", 1}}, 11);
  EXPECT_EQ(v.pieces(), (Words{"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "##b", "##c", "x", "ab", "abc"}));
}

TEST(TrainVocabulary, TooSmallASizeIsAnError) {
  EXPECT_THROW(train_vocabulary({{"abc", 1}}, 7), base::ConfigError);
}

}  // namespace
}  // namespace heat::offline
