#include "base/checked.h"

#include <gtest/gtest.h>

#include "base/memory.h"

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

TEST(Checked, SumBeyondTheBorderNamesTheSize) {
  EXPECT_EQ(checked_add(9223372036854775806, 1, "size"), 9223372036854775807);
  try {
    checked_add(9223372036854775807, 1, "parameters");
    FAIL() << "no error";
  } catch (const ConfigError& e) {
    EXPECT_STREQ(e.what(), "parameters: 9223372036854775807 plus 1 is too large, expected a sum below 2^63");
  }
}

TEST(RequireMemory, MoreThanTheMachineHasThenErrorWithBoth) {
  EXPECT_GT(machine_memory_bytes(), 1e8);
  EXPECT_NO_THROW(require_memory(machine_memory_bytes(), "matrix"));
  try {
    require_memory(8.5e18, "matrix 2147483648 x 2147483648");
    FAIL() << "no error";
  } catch (const ConfigError& e) {
    EXPECT_EQ(
        std::string(e.what()).find("matrix 2147483648 x 2147483648: needs about 8.5 EB of memory, this machine has"),
        0u)
        << e.what();
  }
}

}  // namespace
}  // namespace heat::base
