// An even pair keeps the largest mode, and with it a core over all ranks, small (the paper prefers uniform shapes,
// section 2.2.1). Where one rank serves all modes there is no such core, and parameters are rank x (sum of modes). Of the
// two sides the shorter is split: parameters then buy the lowest rank, and what is contracted with the activations grows
// with it.
#include "offline/decompose/default_shape.h"

#include <algorithm>
#include <stdexcept>

namespace heat::offline {
namespace {

using Modes = std::vector<std::int64_t>;

Modes even_pair(std::int64_t n) {
  std::int64_t low = 1;
  for (std::int64_t d = 1; d * d <= n; ++d)
    if (n % d == 0) low = d;
  return {low, n / low};
}

// The smallest factor and what it leaves; n alone when n is prime.
Modes uneven_pair(std::int64_t n) {
  for (std::int64_t d = 2; d * d <= n; ++d)
    if (n % d == 0) return {d, n / d};
  return even_pair(n);
}

TensorShape shape_of_pairs(const Method& method, bool unevenly, std::int64_t rows, std::int64_t cols) {
  const auto pair = [&](std::int64_t side) { return unevenly ? uneven_pair(side) : even_pair(side); };
  switch (method.tensorization()) {
    case Tensorization::kMatrix:
      return {{rows}, {cols}};
    case Tensorization::kFree:
      if (rows > cols) return {{rows}, pair(cols)};
      return {pair(rows), {cols}};
    case Tensorization::kPaired: {
      Modes turned = pair(cols);
      if (unevenly) std::reverse(turned.begin(), turned.end());
      return {pair(rows), turned};
    }
  }
  throw std::logic_error("tensorization out of range");
}

}  // namespace

TensorShape default_shape(const Method& method, std::int64_t rows, std::int64_t cols) {
  return shape_of_pairs(method, method.splits_unevenly(), rows, cols);
}

TensorShape even_shape(const Method& method, std::int64_t rows, std::int64_t cols) {
  return shape_of_pairs(method, false, rows, cols);
}

TensorShape coarsest_shape(const Method& method, std::int64_t rows, std::int64_t cols) {
  switch (method.tensorization()) {
    case Tensorization::kMatrix:
    case Tensorization::kFree:
      return {{rows}, {cols}};
    case Tensorization::kPaired:
      return {even_pair(rows), even_pair(cols)};
  }
  throw std::logic_error("tensorization out of range");
}

}  // namespace heat::offline
