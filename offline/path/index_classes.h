// The indices of a tensor network as sets that are cheap to join and to measure. Inside this room only.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "offline/path/tensor_network.h"

namespace heat::offline {

// Sizes saturate here: no cost that reaches it is ever reported.
inline constexpr std::int64_t kTooLarge = INT64_MAX;

// Product and sum that stop at kTooLarge.
inline std::int64_t capped_product(std::int64_t a, std::int64_t b) {
  std::int64_t result;
  return __builtin_mul_overflow(a, b, &result) ? kTooLarge : result;
}
inline std::int64_t capped_sum(std::int64_t a, std::int64_t b) {
  std::int64_t result;
  return __builtin_add_overflow(a, b, &result) ? kTooLarge : result;
}

inline constexpr std::size_t kIndexWords = 4, kMostIndexClasses = 64 * kIndexWords;

// A set of index classes.
struct IndexMask {
  std::array<std::uint64_t, kIndexWords> words{};

  friend IndexMask operator|(IndexMask a, const IndexMask& b) {
    for (std::size_t w = 0; w < kIndexWords; ++w) a.words[w] |= b.words[w];
    return a;
  }
  friend IndexMask operator&(IndexMask a, const IndexMask& b) {
    for (std::size_t w = 0; w < kIndexWords; ++w) a.words[w] &= b.words[w];
    return a;
  }
  // What `a` has and `b` has not.
  friend IndexMask operator-(IndexMask a, const IndexMask& b) {
    for (std::size_t w = 0; w < kIndexWords; ++w) a.words[w] &= ~b.words[w];
    return a;
  }
  bool operator==(const IndexMask&) const = default;
  bool empty() const { return *this == IndexMask{}; }
  bool has(std::size_t number) const { return words[number / 64] >> (number % 64) & 1; }
  void insert(std::size_t number) { words[number / 64] |= std::uint64_t{1} << (number % 64); }
};

// Indices that occur in the same operands (and the output, or not) are one class with the product of their sizes;
// indices of size 1 are in none. Costs are the same, and the sets smaller.
class IndexClasses {
 public:
  // Throws base::ConfigError above 256 classes.
  explicit IndexClasses(const spec::Einsum& einsum);

  const std::vector<IndexMask>& operands() const { return operands_; }
  const IndexMask& output() const { return output_; }
  // Classes of two operands that are not in the output: whoever contracts the two sums over them.
  const IndexMask& bonds() const { return bonds_; }
  // Product of the sizes.
  std::int64_t elements(const IndexMask& set) const;
  // The largest size of a class in the set; 1 of none.
  std::int64_t largest(const IndexMask& set) const;

 private:
  std::vector<IndexMask> operands_;
  IndexMask output_, bonds_;
  std::vector<std::int64_t> sizes_;                      // by class
  std::vector<std::array<std::int64_t, 256>> products_;  // by byte of a set
};

}  // namespace heat::offline
