// Arithmetic on sizes that refuses to overflow: a size that does not fit 63 bits is a user's mistake, not a number.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/errors.h"

namespace heat::base {

constexpr std::int64_t ceil_div(std::int64_t a, std::int64_t b) {
  return (a + b - 1) / b;
}

// a * b. `what` names the size in the error. Throws ConfigError when it does not fit.
inline std::int64_t checked_multiply(std::int64_t a, std::int64_t b, const std::string& what) {
  std::int64_t result = 0;
  if (__builtin_mul_overflow(a, b, &result))
    throw ConfigError(what + ": " + std::to_string(a) + " times " + std::to_string(b) +
                      " is too large, expected a product below 2^63");
  return result;
}

// a + b, in the same way.
inline std::int64_t checked_add(std::int64_t a, std::int64_t b, const std::string& what) {
  std::int64_t result = 0;
  if (__builtin_add_overflow(a, b, &result))
    throw ConfigError(what + ": " + std::to_string(a) + " plus " + std::to_string(b) +
                      " is too large, expected a sum below 2^63");
  return result;
}

// The product of sizes; 1 of none.
inline std::int64_t checked_product(const std::vector<std::int64_t>& sizes, const std::string& what) {
  std::int64_t result = 1;
  for (std::int64_t size : sizes) result = checked_multiply(result, size, what);
  return result;
}

}  // namespace heat::base
