#include "base/checked.h"

#include <gtest/gtest.h>

namespace heat::base {
namespace {

TEST(Checked, ProductBelowTheBorderIsExact) {
  EXPECT_EQ(checked_product({}, "size"), 1);
  EXPECT_EQ(checked_product({3037000499, 3037000499}, "size"), 9223372030926249001);
  EXPECT_EQ(checked_multiply(9223372036854775807, 1, "size"), 9223372036854775807);
}

TEST(Checked, ProductBeyondTheBorderNamesTheSize) {
  EXPECT_THROW(checked_product({3037000500, 3037000500}, "size"), ConfigError);
  EXPECT_THROW(checked_product({4294967296, 4294967296, 0}, "size"), ConfigError);
  try {
    checked_multiply(4611686018427387904, 2, "--gemm");
    FAIL() << "no error";
  } catch (const ConfigError& e) {
    EXPECT_STREQ(e.what(), "--gemm: 4611686018427387904 times 2 is too large, expected a product below 2^63");
  }
}

}  // namespace
}  // namespace heat::base
