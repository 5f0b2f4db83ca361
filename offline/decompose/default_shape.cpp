// An even pair keeps the largest mode, and with it a core over all ranks, small (the paper prefers uniform shapes,
// section 2.2.1). Of the two sides the shorter is split: parameters then buy the lowest rank, and what is contracted with
// the activations grows with it.
#include "offline/decompose/default_shape.h"

#include <stdexcept>

namespace heat::offline {
namespace {

std::vector<std::int64_t> even_pair(std::int64_t n) {
  std::int64_t low = 1;
  for (std::int64_t d = 1; d * d <= n; ++d)
    if (n % d == 0) low = d;
  return {low, n / low};
}

}  // namespace

TensorShape default_shape(const Method& method, std::int64_t rows, std::int64_t cols) {
  switch (method.tensorization()) {
    case Tensorization::kMatrix:
      return {{rows}, {cols}};
    case Tensorization::kFree:
      if (rows > cols) return {{rows}, even_pair(cols)};
      return {even_pair(rows), {cols}};
    case Tensorization::kPaired:
      return {even_pair(rows), even_pair(cols)};
  }
  throw std::logic_error("tensorization out of range");
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
