// Products of sizes that come from a file, held at a limit instead of overflowing.
#pragma once

#include <cstdint>

namespace heat::spec {

constexpr std::int64_t kMostSize = std::int64_t{1} << 61;  // the sum of two still fits

// a * b for values of at least 0, at most kMostSize.
constexpr std::int64_t times(std::int64_t a, std::int64_t b) {
  return b != 0 && a > kMostSize / b ? kMostSize : a * b;
}

}  // namespace heat::spec
