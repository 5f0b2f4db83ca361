// A tensor ring that is fitted to a matrix. Inside this room only.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "offline/decompose/contraction.h"
#include "offline/decompose/core_network.h"
#include "offline/decompose/extrapolation.h"
#include "offline/decompose/spectral.h"

namespace heat::offline {

// The index of the bond in front of core k.
inline spec::Index ring_bond(std::size_t k) {
  return "r" + std::to_string(k);
}

// The modes of one half of a ring, and the bond behind its last core, which is the ring's bond 0 for the columns.
struct RingHalf {
  std::size_t begin = 0, end = 0, right = 0;
};
struct RingHalves {
  RingHalf rows, cols;
  explicit RingHalves(const TensorShape& shape)
      : rows{0, shape.row_modes.size(), shape.row_modes.size()}, cols{shape.row_modes.size(), shape.order(), 0} {}
};

class Ring {
 public:
  // w row-major.
  Ring(std::span<const double> w, const TensorShape& shape, int threads);

  // TR-SVD at feasible ranks, from the leading triplets of W, at least as many as the ranks of the two bonds between the
  // halves allow pairs.
  void start(const LeadingTriplets& t, const Ranks& ranks);
  // One update of every core; the relative error after it.
  double sweep();
  // The lowest relative error since the start, and back to its cores.
  double lowest() const { return lowest_; }
  void return_to_best() { cores_ = best_; }
  // Gives every bond the basis of the singular vectors of the product of its two cores, by falling value; both cores get
  // the values' root. The ring stays the same matrix.
  void order_bonds();

  // [r_k, mode, r_k+1] each.
  const std::vector<LabelledTensor>& cores() const { return cores_; }

 private:
  using Indices = std::vector<spec::Index>;
  // What a core's normal equations are made of: the cores of its half on both sides of it (none: no axes), and the Gram
  // matrix of the other half over the bonds between the halves.
  struct Normal {
    LabelledTensor left, right, opposite;
    Indices mine, outer;  // bonds of the core and of its half
  };

  std::int64_t rank(std::size_t k) const { return ranks_[k % modes_.size()]; }
  spec::Index bond(std::size_t k) const { return ring_bond(k % modes_.size()); }
  void split(const RingHalf& half, std::vector<double> values);
  LabelledTensor chain(std::size_t begin, std::size_t end) const;
  LabelledTensor gram(const LabelledTensor& t, const Indices& bonds) const;
  double error_from(double inner, double norm2) const;
  double update(const RingHalf& half, const RingHalf& other);
  void extrapolate(std::size_t k);
  LabelledTensor onto(LabelledTensor t, const Normal& normal, const Indices& order) const;
  LabelledTensor apply(const Normal& normal, const LabelledTensor& x) const;
  LabelledTensor matrix_of(const Normal& normal) const;
  bool is_small(std::size_t k, const Normal& normal) const;
  double solve(std::size_t k, const LabelledTensor& right_side, const Normal& normal);
  void solve_directly(std::size_t k, const LabelledTensor& right_side, const Normal& normal);
  void descend(std::size_t k, const LabelledTensor& right_side, const Normal& normal);
  void order_bond(std::size_t k, std::size_t next);

  LabelledTensor w_;
  std::vector<std::int64_t> modes_;
  RingHalves halves_;
  int threads_;
  double norm2_;
  Ranks ranks_;
  // As the sweeps see them, extrapolated; as solved last and before that; those of the lowest error.
  std::vector<LabelledTensor> cores_, solved_, previous_, best_;
  double error_ = 0, lowest_ = 0;
  ExtrapolationStep step_;
};

}  // namespace heat::offline
