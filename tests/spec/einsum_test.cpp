// Text forms, sizes, classification as a batched GEMM, and the message of every malformed equation.
#include "spec/einsum.h"

#include <gtest/gtest.h>

#include "base/errors.h"
#include "tests/support/random.h"

namespace heat::spec {
namespace {

using Indices = std::vector<Index>;

std::string error_of(const std::string& equation, const std::map<Index, std::int64_t>& sizes) {
  try {
    Einsum::parse(equation, sizes);
  } catch (const base::ConfigError& error) {
    return error.what();
  }
  return "";
}

TEST(Einsum, CompactFormIsReadAndWrittenBack) {
  const Einsum e = Einsum::parse("bc,a,da,ea,ca->bde", {{"a", 2}, {"b", 3}, {"c", 4}, {"d", 5}, {"e", 6}});
  EXPECT_EQ(e.operands, (std::vector<Indices>{{"b", "c"}, {"a"}, {"d", "a"}, {"e", "a"}, {"c", "a"}}));
  EXPECT_EQ(e.output, (Indices{"b", "d", "e"}));
  EXPECT_EQ(e.text(), "bc,a,da,ea,ca->bde");
  EXPECT_EQ(e.elements({"b", "d", "e"}), 90);
  EXPECT_EQ(e.elements({}), 1);
}

TEST(Einsum, SpacedFormIsReadAndWrittenBack) {
  const Einsum e = Einsum::parse("t c1 c2, c1 r -> t c2 r", {{"t", 9}, {"c1", 2}, {"c2", 3}, {"r", 4}});
  EXPECT_EQ(e.operands, (std::vector<Indices>{{"t", "c1", "c2"}, {"c1", "r"}}));
  EXPECT_EQ(e.output, (Indices{"t", "c2", "r"}));
  EXPECT_EQ(e.text(), "t c1 c2, c1 r -> t c2 r");
}

TEST(Einsum, SpacesInTheCompactFormDoNotMatter) {
  EXPECT_EQ(Einsum::parse(" a b , b c -> a c ", {{"a", 1}, {"b", 1}, {"c", 1}}).text(), "ab,bc->ac");
}

TEST(Einsum, SizesOfUnusedIndicesThenTheFormStays) {
  EXPECT_EQ(Einsum::parse("ab,bc->ac", {{"a", 2}, {"b", 3}, {"c", 4}, {"zz", 3}}).text(), "ab,bc->ac");
  EXPECT_EQ(Einsum::parse("a b, b c -> a c", {{"a", 2}, {"b", 3}, {"c", 4}, {"zz", 3}}).text(), "ab,bc->ac");
  EXPECT_EQ(Einsum::parse("ab,bc->ac", {{"a", 2}, {"b", 3}, {"c", 4}, {"ab", 3}}).text(), "ab,bc->ac");
  EXPECT_EQ(Einsum::parse("ab, b -> ab", {{"ab", 2}, {"b", 3}}).text(), "ab, b -> ab");
  EXPECT_NE(error_of("ab,bd->ad", {{"a", 2}, {"b", 3}, {"c", 4}, {"zz", 3}}).find("index 'd' has no size"),
            std::string::npos);
}

TEST(Einsum, ScalarOutputAndScalarOperandAreAllowed) {
  const Einsum sum = Einsum::parse("ab->", {{"a", 2}, {"b", 3}});
  EXPECT_TRUE(sum.output.empty());
  EXPECT_EQ(sum.text(), "ab->");
  const Einsum scaled = Einsum::parse("a,->a", {{"a", 2}});
  EXPECT_EQ(scaled.operands, (std::vector<Indices>{{"a"}, {}}));
  EXPECT_EQ(scaled.text(), "a,->a");
}

TEST(Einsum, TextOfEveryRandomEinsumReadsBackEqual) {
  test_support::Random random(7);
  for (int trial = 0; trial < 300; ++trial) {
    const bool named = random.chance(50);
    Einsum e;
    Indices all;
    for (std::int64_t i = random.between(1, 6); i > 0; --i) {
      all.push_back(named ? "x" + std::to_string(i) : std::string(1, static_cast<char>('a' + i)));
      e.sizes[all.back()] = random.between(1, 9);
    }
    for (std::int64_t o = random.between(1, 4); o > 0; --o) {
      Indices operand;
      for (const auto& index : all) {
        if (random.chance(60)) operand.push_back(index);
      }
      if (operand.empty()) operand.push_back(all.front());
      e.operands.push_back(operand);
    }
    for (const auto& index : e.operands.front()) {
      if (random.chance(50)) e.output.push_back(index);
    }
    const Einsum back = Einsum::parse(e.text(), e.sizes);
    EXPECT_EQ(back.operands, e.operands) << e.text();
    EXPECT_EQ(back.output, e.output) << e.text();
  }
}

TEST(Einsum, EveryMalformedEquationHasItsMessage) {
  const std::map<Index, std::int64_t> sizes{{"a", 2}, {"b", 3}, {"z", 0}};
  EXPECT_NE(error_of("ab", sizes).find("expected '->' before the output"), std::string::npos);
  EXPECT_NE(error_of("ab,bc->ac", sizes).find("index 'c' has no size"), std::string::npos);
  EXPECT_NE(error_of("az->a", sizes).find("index 'z' has size 0, expected at least 1"), std::string::npos);
  EXPECT_NE(error_of("aa->a", sizes).find("index 'a' repeated within one operand"), std::string::npos);
  EXPECT_NE(error_of("ab->aa", sizes).find("index 'a' repeated"), std::string::npos);
  EXPECT_NE(error_of("a->ab", sizes).find("output index 'b' is in no operand"), std::string::npos);
  EXPECT_NE(error_of("a?->a", sizes).find("'?' is no index name"), std::string::npos);
  EXPECT_NE(error_of("->", sizes).find("no operands"), std::string::npos);
  EXPECT_NE(error_of("ab->a->b", sizes), "");
  for (const char* equation : {"ab", "ab,bc->ac", "az->a", "aa->a", "a->ab"}) {
    EXPECT_NE(error_of(equation, sizes).find(std::string("'") + equation + "'"), std::string::npos) << equation;
  }
}

TEST(GemmIndices, EveryIndexFindsItsGroupInTheOutputsOrder) {
  // y[t, h, u, d] from weight [h, d, c] and input [u, t, h, c]
  const GemmIndices g = gemm_indices({"h", "d", "c"}, {"u", "t", "h", "c"}, {"t", "h", "u", "d"});
  EXPECT_EQ(g.b, (Indices{"h"}));
  EXPECT_EQ(g.m, (Indices{"d"}));
  EXPECT_EQ(g.n, (Indices{"t", "u"}));
  EXPECT_EQ(g.k, (Indices{"c"}));
}

TEST(GemmIndices, SummedIndicesKeepTheInputsOrder) {
  EXPECT_EQ(gemm_indices({"m", "p", "q"}, {"q", "n", "p"}, {"m", "n"}).k, (Indices{"q", "p"}));
}

TEST(GemmIndices, IndexSummedInOneOperandAloneIsRefused) {
  EXPECT_THROW(gemm_indices({"m", "k", "x"}, {"n", "k"}, {"m", "n"}), base::ConfigError);
  EXPECT_THROW(gemm_indices({"m", "k"}, {"n", "k", "x"}, {"m", "n"}), base::ConfigError);
  EXPECT_THROW(gemm_indices({"m", "k"}, {"n", "k"}, {"m", "n", "x"}), base::ConfigError);
}

}  // namespace
}  // namespace heat::spec
