// Exact components of a tensor of low rank. Inside this room only.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "offline/decompose/decomposition.h"

namespace heat::offline {

// The ways to see a tensor as three groups of modes, two of them of `rank` entries or more and the third of at least two:
// each is a pencil, shortest groups first.
class Pencils {
 public:
  using Groups = std::array<std::vector<std::size_t>, 3>;

  // w row-major [rows, cols], must outlive them.
  Pencils(std::span<const double> w, TensorShape shape, std::int64_t rank, int threads);
  std::size_t size() const { return groupings_.size(); }

  // The factors that pencil `which` has: exact where W has that rank, its factors are independent in the two long groups
  // and no two are parallel in the third; rough where W is not of low rank. A disturbance (of the norm of W) is added
  // first where it is not 0.
  std::vector<Core> factors(std::size_t which, double disturbance, std::uint64_t seed) const;

 private:
  std::span<const double> w_;
  TensorShape shape_;
  std::int64_t rank_;
  int threads_;
  std::vector<Groups> groupings_;
};

}  // namespace heat::offline
