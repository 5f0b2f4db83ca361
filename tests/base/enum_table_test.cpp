// Tables by enum value: the order check, and what a value without an entry does.
#include "base/enum_table.h"

#include <gtest/gtest.h>

namespace heat::base {
namespace {

enum class Fruit { kApple, kPear, kPlum };

constexpr std::array<EnumName<Fruit>, 2> kOrdered{{{Fruit::kApple, "apple"}, {Fruit::kPear, "pear"}}};
constexpr std::array<EnumName<Fruit>, 2> kSwapped{{{Fruit::kPear, "pear"}, {Fruit::kApple, "apple"}}};
constexpr std::array<EnumName<Fruit>, 2> kGap{{{Fruit::kApple, "apple"}, {Fruit::kPlum, "plum"}}};
static_assert(in_enum_order(kOrdered) && !in_enum_order(kSwapped) && !in_enum_order(kGap));

TEST(EnumTable, ValuesThenTheirEntriesAndBack) {
  EXPECT_STREQ(entry_of(kOrdered, Fruit::kPear).name, "pear");
  EXPECT_EQ(value_named(kOrdered, "apple"), Fruit::kApple);
  EXPECT_EQ(names_of(kOrdered), (std::vector<std::string>{"apple", "pear"}));
}

TEST(EnumTable, ValueOrNameWithoutEntryThenItThrows) {
  EXPECT_THROW(entry_of(kOrdered, Fruit::kPlum), std::logic_error);
  EXPECT_THROW(value_named(kOrdered, "plum"), std::logic_error);
}

}  // namespace
}  // namespace heat::base
