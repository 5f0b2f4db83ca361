// Tables that hold one entry for each value of an enum, in its order, so that a value finds its entry by position. An
// entry is a struct with a member `value`.
//
// Use:
//   constexpr std::array<EnumName<Policy>, 2> kPolicies{{{Policy::kOpen, "open"}, {Policy::kClosed, "closed"}}};
//   static_assert(in_enum_order(kPolicies));
//   entry_of(kPolicies, policy).name
#pragma once

#include <array>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <vector>

namespace heat::base {

template <class Enum>
struct EnumName {
  Enum value;
  const char* name;
};

// Whether entry i is for the enumerator of value i: what entry_of() relies on. For a static_assert beside the table.
template <class Entry, std::size_t N>
constexpr bool in_enum_order(const std::array<Entry, N>& table) {
  std::size_t i = 0;
  for (const Entry& entry : table)
    if (static_cast<std::size_t>(entry.value) != i++) return false;
  return true;
}

// The entry of `value`. Throws logic_error when the table has none: an enumerator was added and not its entry.
template <class Entry, std::size_t N, class Enum>
constexpr const Entry& entry_of(const std::array<Entry, N>& table, Enum value) {
  const auto i = static_cast<std::size_t>(value);
  if (i >= N) throw std::logic_error("enum value " + std::to_string(i) + " has no entry in its table");
  return table[i];
}

// The names, for a list of choices.
template <class Entry, std::size_t N>
std::vector<std::string> names_of(const std::array<Entry, N>& table) {
  std::vector<std::string> names;
  for (const Entry& entry : table) names.emplace_back(entry.name);
  return names;
}

// The enumerator called `name`, which is one of the table's. Throws logic_error otherwise.
template <class Entry, std::size_t N>
auto value_named(const std::array<Entry, N>& table, const std::string& name) {
  for (const Entry& entry : table)
    if (name == entry.name) return entry.value;
  throw std::logic_error("'" + name + "' is no name of the table");
}

}  // namespace heat::base
