// Simultaneous diagonalisation (Harshman 1970, attributed to Jennrich; Leurgans, Ross, Abel 1993): slices of a rank-R
// tensor are A D_k B^T, so two mixtures of them, X and Y, have X Y^-1 = A D A^-1, whose eigenvectors are the columns of A.
// Modes are grouped to three, A and B compressed to their R leading left singular vectors. A tensor that rank-R tensors
// only come near to has equal eigenvalues without as many vectors (e0 e0 e1 + e0 e1 e0 + e1 e0 e0, of rank 3, at R = 2);
// a small disturbance parts them and is the error that remains.
#include "offline/decompose/cp_pencil.h"

#include <Eigen/Eigenvalues>
#include <Eigen/LU>
#include <algorithm>
#include <array>
#include <cmath>
#include <random>

#include "base/random.h"
#include "offline/decompose/cp_start.h"
#include "offline/decompose/spectral.h"
#include "offline/decompose/tensor_ops.h"

namespace heat::offline {
namespace {

using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Groups = Pencils::Groups;

std::vector<Groups> groupings(const TensorShape& shape, std::int64_t rank) {
  constexpr std::size_t kMostModes = 8;  // 3^modes are tried
  const std::vector<std::int64_t> modes = shape.modes();
  std::vector<std::pair<std::int64_t, Groups>> found;
  if (modes.size() > kMostModes) return {};
  std::size_t count = 1;
  for (std::size_t n = 0; n < modes.size(); ++n) count *= 3;
  for (std::size_t code = 0; code < count; ++code) {
    Groups groups;
    std::array<std::int64_t, 3> size{1, 1, 1};
    std::size_t rest = code;
    for (std::size_t n = 0; n < modes.size(); ++n, rest /= 3) {
      groups[rest % 3].push_back(n);
      size[rest % 3] *= modes[n];
    }
    // A and B may change places: one of both orders is enough.
    if (size[0] < rank || size[1] < rank || size[2] < 2 || groups[0] > groups[1]) continue;
    found.emplace_back(size[0] + size[1], std::move(groups));
  }
  std::stable_sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<Groups> out;
  for (auto& f : found) out.push_back(std::move(f.second));
  return out;
}

// W as a tensor [A, B, C] of the groups' sizes, projected to `rank` along A and B by the bases `left` and `right`.
struct Compressed {
  std::vector<double> left, right;  // [size, rank]
  std::vector<RowMajor> slices;     // [rank, rank], one an entry of C
};

Compressed compress(std::span<const double> w, const TensorShape& shape, const Groups& groups, std::int64_t rank,
                    int threads) {
  std::vector<std::size_t> axes;
  std::array<std::int64_t, 3> size{1, 1, 1};
  for (std::size_t g = 0; g < 3; ++g)
    for (std::size_t n : groups[g]) {
      axes.push_back(n);
      size[g] *= shape.modes()[n];
    }
  Tensor t = permute(w, shape.modes(), axes);
  t.dims = {size[0], size[1], size[2]};
  Compressed out;
  out.left = leading_left_vectors(row_major(t.data.data(), size[0], size[1] * size[2]), rank, threads);
  t = mode_product(t, 0, out.left.data(), rank, threads);
  const Tensor unfolded = unfold(t.data, t.dims, 1);
  out.right = leading_left_vectors(row_major(unfolded.data.data(), size[1], rank * size[2]), rank, threads);
  t = mode_product(t, 1, out.right.data(), rank, threads);
  for (std::int64_t k = 0; k < size[2]; ++k) {
    RowMajor slice(rank, rank);
    for (std::int64_t i = 0; i < rank * rank; ++i) slice.data()[i] = t.data[static_cast<std::size_t>(i * size[2] + k)];
    out.slices.push_back(std::move(slice));
  }
  return out;
}

void disturb(std::vector<RowMajor>& slices, double relative, std::mt19937_64& random) {
  double norm2 = 0;
  for (const RowMajor& s : slices) norm2 += s.squaredNorm();
  const double size = relative * std::sqrt(12 * norm2 / static_cast<double>(slices.size() * slices[0].size()));
  for (RowMajor& s : slices)
    for (Eigen::Index i = 0; i < s.size(); ++i) s.data()[i] += size * base::centred(random());
}

// Columns that span the eigenvectors of X Y^-1; a complex pair gives its real and its imaginary part.
Eigen::MatrixXd eigenvectors(const std::vector<RowMajor>& slices, std::mt19937_64& random) {
  const auto rank = slices[0].rows();
  RowMajor x = RowMajor::Zero(rank, rank), y = x;
  for (const RowMajor& s : slices) {
    x += base::centred(random()) * s;
    y += base::centred(random()) * s;
  }
  const Eigen::MatrixXd quotient = y.transpose().fullPivLu().solve(x.transpose()).transpose();
  if (!quotient.allFinite()) return Eigen::MatrixXd::Identity(rank, rank);
  const Eigen::EigenSolver<Eigen::MatrixXd> solver(quotient);
  const Eigen::MatrixXcd vectors = solver.eigenvectors();
  Eigen::MatrixXd out(rank, rank);
  for (Eigen::Index r = 0; r < rank; ++r) {
    const auto v = vectors.col(r);
    const bool first_of_pair = solver.eigenvalues()[r].imag() > 0;
    if (solver.eigenvalues()[r].imag() == 0)
      out.col(r) = v.real();
    else
      out.col(r) = first_of_pair ? Eigen::VectorXd(v.real()) : Eigen::VectorXd(v.imag());
    const double norm = out.col(r).norm();
    if (norm > 0) out.col(r) /= norm;
  }
  return out;
}

// Writes the vector, an outer product over the group's modes, into column r of their factors. Its weight ends up in
// the last.
void write_column(std::vector<Core>& factors, const std::vector<std::size_t>& group, std::vector<double> v,
                  std::int64_t r) {
  for (std::size_t g = 0; g < group.size(); ++g) {
    Core& f = factors[group[g]];
    const std::int64_t mode = f.dims[0], rank = f.dims[1], rest = static_cast<std::int64_t>(v.size()) / mode;
    std::vector<double> mine = v;
    if (g + 1 < group.size()) {
      const LeadingTriplets t = leading_triplets(row_major(v.data(), mode, rest), 1, 1);
      mine = t.left;
      v = t.right;
      for (double& x : v) x *= t.values[0];
    }
    for (std::int64_t i = 0; i < mode; ++i)
      f.data[static_cast<std::size_t>(i * rank + r)] = mine[static_cast<std::size_t>(i)];
  }
}

}  // namespace

Pencils::Pencils(std::span<const double> w, TensorShape shape, std::int64_t rank, int threads)
    : w_(w), shape_(std::move(shape)), rank_(rank), threads_(threads), groupings_(groupings(shape_, rank)) {}

std::vector<Core> Pencils::factors(std::size_t which, double disturbance, std::uint64_t seed) const {
  const std::int64_t rank = rank_;
  const Groups& groups = groupings_[which];
  Compressed c = compress(w_, shape_, groups, rank, threads_);
  std::mt19937_64 random(seed);
  if (disturbance > 0) disturb(c.slices, disturbance, random);
  const Eigen::MatrixXd a = eigenvectors(c.slices, random);
  const Eigen::PartialPivLU<Eigen::MatrixXd> lu(a);
  const auto depth = static_cast<std::int64_t>(c.slices.size());
  // Row r of A^-1 slice_k is C[k, r] * B[:, r]: of rank one over k.
  std::vector<Eigen::MatrixXd> rows(static_cast<std::size_t>(rank), Eigen::MatrixXd(depth, rank));
  for (std::int64_t k = 0; k < depth; ++k) {
    const Eigen::MatrixXd solved = lu.solve(c.slices[static_cast<std::size_t>(k)]);
    for (std::int64_t r = 0; r < rank; ++r) rows[static_cast<std::size_t>(r)].row(k) = solved.row(r);
  }
  std::vector<Core> factors = random_start(w_, shape_, rank, seed);
  const Eigen::Map<const RowMajor> left(c.left.data(), static_cast<Eigen::Index>(c.left.size()) / rank, rank),
      right(c.right.data(), static_cast<Eigen::Index>(c.right.size()) / rank, rank);
  for (std::int64_t r = 0; r < rank; ++r) {
    const RowMajor outer = rows[static_cast<std::size_t>(r)];
    if (!outer.allFinite()) continue;
    const LeadingTriplets t = leading_triplets(row_major(outer.data(), depth, rank), 1, 1);
    const Eigen::VectorXd in_a = left * a.col(r),
                          in_b = right * Eigen::Map<const Eigen::VectorXd>(t.right.data(), rank);
    const Eigen::VectorXd in_c = t.values[0] * Eigen::Map<const Eigen::VectorXd>(t.left.data(), depth);
    const auto list = [](const Eigen::VectorXd& v) { return std::vector<double>(v.data(), v.data() + v.size()); };
    write_column(factors, groups[0], list(in_a), r);
    write_column(factors, groups[1], list(in_b), r);
    write_column(factors, groups[2], list(in_c), r);
  }
  return factors;
}

}  // namespace heat::offline
