#include "offline/decompose/form_text.h"
#include "offline/decompose/decomposition.h"

#include <gtest/gtest.h>

#include "base/errors.h"
#include "tests/support/error_of.h"

namespace heat::offline {
namespace {

using Modes = std::vector<std::int64_t>;

TEST(TensorShape, ModesThenSplitWhereRowsEnd) {
  EXPECT_EQ(parse_shape("768x12x64", method_named("cp"), 768, 768), (TensorShape{{768}, {12, 64}}));
  EXPECT_EQ(parse_shape("8x8x12x48x64", method_named("tucker"), 768, 3072), (TensorShape{{8, 8, 12}, {48, 64}}));
  EXPECT_EQ(parse_shape("24x32,48x64", method_named("ttm"), 768, 3072), (TensorShape{{24, 32}, {48, 64}}));
  EXPECT_EQ(parse_shape("7x11x13", method_named("cp"), 77, 13), (TensorShape{{7, 11}, {13}}));
}

TEST(TensorShape, SizeOneModeAtBorderThenAmbiguous) {
  EXPECT_NE(test::error_of<base::ConfigError>([] { parse_shape("6x1x5", method_named("cp"), 6, 5); }).find("ambiguous"),
            std::string::npos);
  EXPECT_EQ(parse_shape("6x1,5", method_named("cp"), 6, 5), (TensorShape{{6, 1}, {5}}));
  EXPECT_EQ(parse_shape("1x6x5", method_named("cp"), 6, 5), (TensorShape{{1, 6}, {5}}));
}

TEST(TensorShape, MismatchThenErrorNamesTheNumbers) {
  EXPECT_NE(test::error_of<base::ConfigError>([] {
              parse_shape("768x12x63", method_named("cp"), 768, 768);
            }).find("768 x 768"),
            std::string::npos);
  EXPECT_NE(
      test::error_of<base::ConfigError>([] { parse_shape("24x31,48x64", method_named("ttm"), 768, 3072); }).find("744"),
      std::string::npos);
  EXPECT_NE(test::error_of<base::ConfigError>([] {
              parse_shape("24x32x48x64", method_named("ttm"), 768, 3072);
            }).find("comma"),
            std::string::npos);
  EXPECT_NE(test::error_of<base::ConfigError>([] {
              parse_shape("768,48x64", method_named("ttm"), 768, 3072);
            }).find("as many"),
            std::string::npos);
}

TEST(TensorShape, BadTextThenErrorNamesTheToken) {
  for (const char* text : {"", "768x", "x768", "12x-4", "768x12a", "99999999999999999999x2", "12 x64"})
    EXPECT_NE(test::error_of<base::ConfigError>([&] { parse_shape(text, method_named("cp"), 768, 768); }), "") << text;
  EXPECT_NE(
      test::error_of<base::ConfigError>([] { parse_shape("4294967296x4294967296x4", method_named("cp"), 768, 768); }),
      "");
}

TEST(Ranks, InfeasibleThenErrorOrClipped) {
  const TensorShape tucker{{24, 32}, {48, 64}};
  EXPECT_NE(test::error_of<base::ConfigError>([&] {
              parse_ranks("25,1,1,1", method_named("tucker"), tucker);
            }).find("above its size 24"),
            std::string::npos);
  EXPECT_NE(test::error_of<base::ConfigError>([&] {
              parse_ranks("1,1,1", method_named("tucker"), tucker);
            }).find("expected 4"),
            std::string::npos);
  EXPECT_NE(test::error_of<base::ConfigError>([&] { parse_ranks("0", method_named("cp"), tucker); }), "");
  EXPECT_NE(test::error_of<base::ConfigError>([] {
              parse_ranks("7", method_named("svd"), {{6}, {9}});
            }).find("at most 6"),
            std::string::npos);
  EXPECT_NE(
      test::error_of<base::ConfigError>([&] { parse_ranks("2,4,1", method_named("ttm"), tucker); }).find("must be 1"),
      std::string::npos);
  const TensorShape cores{{4, 8, 12}, {8, 12, 16}};
  EXPECT_EQ(parse_ranks("1,128,500,1", method_named("ttm"), cores), (Modes{1, 32, 192, 1}));
  EXPECT_EQ(parse_ranks("1,2,500,1", method_named("ttm"), cores), (Modes{1, 2, 192, 1}));
}

TEST(Ranks, ParameterCountThenFormula) {
  EXPECT_EQ(parameter_count({"cp", {{768}, {12, 64}}, {280}}), 236320);
  EXPECT_EQ(parameter_count({"tucker", {{384}, {32, 48}}, {239, 20, 30}}), 237256);
  EXPECT_EQ(parameter_count({"ttm", {{8, 8, 12}, {8, 8, 12}}, {1, 46, 75, 1}}), 234544);
  EXPECT_EQ(parameter_count({"svd", {{768}, {768}}, {153}}), 235008);
}

TEST(Method, UnknownNameThenSuggestion) {
  EXPECT_NE(test::error_of<base::ConfigError>([] { method_named("tuker"); }).find("tucker"), std::string::npos);
}

}  // namespace
}  // namespace heat::offline
