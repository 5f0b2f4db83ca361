// TR-SVD cuts W at the two bonds between the halves first, by its own singular values, and then each half by TT-SVD. One
// product of W with the other half serves all updates of a half; the normal equations' matrix is the product of the Gram
// matrices of what lies left, right and opposite of a core, or is only applied where they are large. Between sweeps the
// cores are extrapolated as those of CP are; an error that rises brings them back.
#include "offline/decompose/ring.h"

#include <Eigen/Cholesky>
#include <Eigen/QR>
#include <Eigen/SVD>
#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "offline/decompose/tensor_ops.h"
#include "offline/decompose/tt_svd.h"

namespace heat::offline {
namespace {

using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

constexpr double kRidge = 1e-10;           // of the normal equations' mean diagonal
constexpr std::int64_t kMostDirect = 512;  // size of the Gram matrices up to which they are multiplied and solved for
constexpr int kDescentSteps = 8;           // else steps of conjugate gradients, in every sweep

// The same tensor with a prime on the bonds named.
LabelledTensor primed(LabelledTensor t, const std::vector<spec::Index>& bonds) {
  for (spec::Index& i : t.indices)
    if (std::find(bonds.begin(), bonds.end(), i) != bonds.end()) i += "'";
  return t;
}

double dot(const LabelledTensor& a, const LabelledTensor& b) {
  const LabelledTensor x = permuted(a, b.indices);
  return std::inner_product(x.data.begin(), x.data.end(), b.data.begin(), 0.0);
}

}  // namespace

Ring::Ring(std::span<const double> w, const TensorShape& shape, int threads)
    : modes_(shape.modes()), halves_(shape), threads_(threads), norm2_(squared_norm(w)) {
  w_.dims = modes_;
  for (std::size_t n = 0; n < modes_.size(); ++n) w_.indices.push_back(mode_axis(shape, n).index);
  w_.data.assign(w.begin(), w.end());
}

void Ring::start(const LeadingTriplets& t, const Ranks& ranks) {
  const std::size_t triplets = t.values.size();
  ranks_ = ranks;
  cores_.clear();
  const std::size_t r0 = static_cast<std::size_t>(ranks[0]), rb = static_cast<std::size_t>(ranks[halves_.rows.end]);
  const std::size_t rows = t.left.size() / triplets, cols = t.right.size() / triplets;
  // Triplet b * r0 + a belongs to component a of bond 0 and b of the border's.
  std::vector<double> left(r0 * rows * rb), right(rb * cols * r0);
  for (std::size_t b = 0; b < rb; ++b)
    for (std::size_t a = 0; a < r0; ++a) {
      const std::size_t s = b * r0 + a;
      const double scale = std::sqrt(t.values[s]);
      for (std::size_t i = 0; i < rows; ++i) left[(a * rows + i) * rb + b] = scale * t.left[i * triplets + s];
      for (std::size_t j = 0; j < cols; ++j) right[(b * cols + j) * r0 + a] = scale * t.right[s * cols + j];
    }
  split(halves_.rows, std::move(left));
  split(halves_.cols, std::move(right));
  solved_ = best_ = previous_ = cores_;
  step_ = {};
  const LabelledTensor row_half = chain(0, halves_.rows.end), column_half = chain(halves_.rows.end, modes_.size());
  const Indices outer{bond(0), bond(halves_.rows.end)};
  error_ = lowest_ = error_from(dot(contract(w_, column_half, {}, threads_), row_half),
                                dot(gram(row_half, outer), gram(column_half, outer)));
}

double Ring::sweep() {
  update(halves_.rows, halves_.cols);
  const double error = update(halves_.cols, halves_.rows);
  if (error < lowest_) {
    lowest_ = error;
    best_ = cores_;
  }
  if (error > error_) {  // too far: go on from the plain iterate with a smaller step
    cores_ = solved_;
    step_.shrink();
  } else {
    extrapolate(cores_.size() - 1);
    step_.grow();
  }
  error_ = error;
  return error;
}

void Ring::order_bonds() {
  for (std::size_t k = 0; k < modes_.size(); ++k) order_bond(k, (k + 1) % modes_.size());
}

// TT-SVD of one half [left bond, modes, right bond].
void Ring::split(const RingHalf& half, std::vector<double> values) {
  const auto at = [&](const auto& list, std::size_t k) { return list.begin() + static_cast<std::ptrdiff_t>(k); };
  Ranks ranks(at(ranks_, half.begin), at(ranks_, half.end));
  ranks.push_back(rank(half.end));
  auto cores = tt_svd(std::move(values), {at(modes_, half.begin), at(modes_, half.end)}, ranks, threads_);
  for (std::size_t k = half.begin; k < half.end; ++k)
    cores_.push_back(
        {{bond(k), w_.indices[k], bond(k + 1)}, {rank(k), modes_[k], rank(k + 1)}, std::move(cores[k - half.begin])});
}

// Cores begin .. end - 1 as one tensor [bond, modes, bond].
LabelledTensor Ring::chain(std::size_t begin, std::size_t end) const {
  LabelledTensor t = cores_[begin];
  for (std::size_t k = begin + 1; k < end; ++k) t = contract(t, cores_[k], {}, threads_);
  return t;
}

// The sum over the modes of t with itself: [bonds, primed bonds].
LabelledTensor Ring::gram(const LabelledTensor& t, const Indices& bonds) const {
  return contract(t, primed(t, bonds), {}, threads_);
}

double Ring::error_from(double inner, double norm2) const {
  return norm2_ == 0 ? 0 : std::sqrt(std::max(0.0, norm2_ - 2 * inner + norm2) / norm2_);
}

// Solves for the cores of `half` one after another.
double Ring::update(const RingHalf& half, const RingHalf& other) {
  Normal normal;
  normal.outer = {bond(half.begin), bond(half.right)};
  const LabelledTensor opposite = chain(other.begin, other.end);
  const LabelledTensor product = contract(w_, opposite, {}, threads_);
  normal.opposite = gram(opposite, normal.outer);
  double error = 0;
  for (std::size_t k = half.begin; k < half.end; ++k) {
    normal.mine = {bond(k), bond(k + 1)};
    normal.right = k + 1 < half.end ? chain(k + 1, half.end) : LabelledTensor{};
    error = solve(k, onto(product, normal, cores_[k].indices), normal);
    previous_[k] = std::exchange(solved_[k], cores_[k]);
    if (k + 1 < cores_.size()) extrapolate(k);
    normal.left = k == half.begin ? cores_[k] : contract(normal.left, cores_[k], {}, threads_);
  }
  return error;
}

// Goes on in the direction of the last change.
void Ring::extrapolate(std::size_t k) {
  const std::vector<double>&now = solved_[k].data, &before = previous_[k].data;
  for (std::size_t i = 0; i < now.size(); ++i) cores_[k].data[i] = now[i] + step_.step() * (now[i] - before[i]);
}

// A tensor of the half's outer bonds and modes, summed against the cores beside the present one.
LabelledTensor Ring::onto(LabelledTensor t, const Normal& normal, const Indices& order) const {
  if (!normal.left.indices.empty()) t = contract(t, normal.left, {}, threads_);
  if (!normal.right.indices.empty()) t = contract(t, normal.right, {}, threads_);
  return permuted(std::move(t), order);
}

// The normal matrix times x, which is of the core's size.
LabelledTensor Ring::apply(const Normal& normal, const LabelledTensor& x) const {
  LabelledTensor half = x;
  if (!normal.left.indices.empty()) half = contract(normal.left, half, {}, threads_);
  if (!normal.right.indices.empty()) half = contract(half, normal.right, {}, threads_);
  half = contract(half, normal.opposite, {}, threads_);
  for (spec::Index& i : half.indices)
    if (i.back() == '\'') i.pop_back();
  return onto(std::move(half), normal, x.indices);
}

// The same matrix as a product of Gram matrices: [bonds, primed bonds].
LabelledTensor Ring::matrix_of(const Normal& normal) const {
  LabelledTensor product = normal.opposite;
  if (!normal.left.indices.empty())
    product = contract(gram(normal.left, {normal.outer[0], normal.mine[0]}), product, {}, threads_);
  if (!normal.right.indices.empty())
    product = contract(product, gram(normal.right, {normal.mine[1], normal.outer[1]}), {}, threads_);
  const Indices& mine = normal.mine;
  return permuted(std::move(product), {mine[0], mine[1], mine[0] + "'", mine[1] + "'"});
}

// Whether that product is small enough to be made.
bool Ring::is_small(std::size_t k, const Normal& normal) const {
  const auto rank_of = [this](const spec::Index& index) { return rank(std::stoul(index.substr(1))); };
  std::int64_t most = rank(k) * rank(k + 1);
  if (!normal.left.indices.empty()) most = std::max(most, rank_of(normal.outer[0]) * rank(k));
  if (!normal.right.indices.empty()) most = std::max(most, rank_of(normal.outer[1]) * rank(k + 1));
  return most <= kMostDirect;
}

// The core of least error while the others stay; the relative error then.
double Ring::solve(std::size_t k, const LabelledTensor& right_side, const Normal& normal) {
  const double largest = *std::max_element(right_side.data.begin(), right_side.data.end());
  const double smallest = *std::min_element(right_side.data.begin(), right_side.data.end());
  if (largest == 0 && smallest == 0)
    std::fill(cores_[k].data.begin(), cores_[k].data.end(), 0.0);
  else if (is_small(k, normal))
    solve_directly(k, right_side, normal);
  else
    descend(k, right_side, normal);
  return error_from(dot(right_side, cores_[k]), dot(apply(normal, cores_[k]), cores_[k]));
}

void Ring::solve_directly(std::size_t k, const LabelledTensor& right_side, const Normal& normal) {
  const std::int64_t unknowns = rank(k) * rank(k + 1);
  const Indices rows{w_.indices[k], normal.mine[0], normal.mine[1]};
  const LabelledTensor a = matrix_of(normal), b = permuted(right_side, rows);
  const Eigen::Map<const RowMajor> matrix(a.data.data(), unknowns, unknowns);
  const double mean = matrix.trace() / static_cast<double>(unknowns);
  Eigen::LLT<Eigen::MatrixXd> cholesky;
  for (double ridge = kRidge; ridge <= 1; ridge *= 100) {
    cholesky.compute(Eigen::MatrixXd(matrix) + ridge * mean * Eigen::MatrixXd::Identity(unknowns, unknowns));
    if (cholesky.info() == Eigen::Success) break;
  }
  if (cholesky.info() != Eigen::Success) return;  // values too small to be told from none: the core stays
  const Eigen::Map<const RowMajor> sides(b.data.data(), modes_[k], unknowns);
  const RowMajor x = cholesky.solve(sides.transpose()).transpose();
  cores_[k] = permuted({rows, b.dims, {x.data(), x.data() + x.size()}}, cores_[k].indices);
}

// Conjugate gradients from the core as it is: never a larger error than before.
void Ring::descend(std::size_t k, const LabelledTensor& right_side, const Normal& normal) {
  LabelledTensor& x = cores_[k];
  LabelledTensor residual = apply(normal, x);
  for (std::size_t i = 0; i < residual.data.size(); ++i) residual.data[i] = right_side.data[i] - residual.data[i];
  LabelledTensor direction = residual;
  double size = dot(residual, residual);
  const double enough = 1e-20 * dot(right_side, right_side);
  for (int step = 0; step < kDescentSteps && size > enough; ++step) {
    const LabelledTensor image = apply(normal, direction);
    const double curvature = dot(direction, image);
    if (curvature <= 0) return;
    const double length = size / curvature;
    for (std::size_t i = 0; i < x.data.size(); ++i) {
      x.data[i] += length * direction.data[i];
      residual.data[i] -= length * image.data[i];
    }
    const double next = dot(residual, residual);
    for (std::size_t i = 0; i < x.data.size(); ++i)
      direction.data[i] = residual.data[i] + next / size * direction.data[i];
    size = next;
  }
}

// Cores k and `next` with the bond between them in the basis of the singular vectors of their product, whose values
// both share. The product stays as it is.
void Ring::order_bond(std::size_t k, std::size_t next) {
  const std::int64_t r = rank(next);
  const Eigen::MatrixXd x = Eigen::Map<const RowMajor>(cores_[k].data.data(), rank(k) * modes_[k], r),
                        y = Eigen::Map<const RowMajor>(cores_[next].data.data(), r, modes_[next] * rank(next + 1))
                                .transpose();
  const std::int64_t most = std::min({r, static_cast<std::int64_t>(x.rows()), static_cast<std::int64_t>(y.rows())});
  const Eigen::HouseholderQR<Eigen::MatrixXd> qx(x), qy(y);
  const auto triangle = [r](const Eigen::HouseholderQR<Eigen::MatrixXd>& q) {
    const Eigen::MatrixXd top = q.matrixQR().topRows(std::min<std::int64_t>(q.rows(), r));
    return Eigen::MatrixXd(top.triangularView<Eigen::Upper>());
  };
  const Eigen::BDCSVD<Eigen::MatrixXd> svd(triangle(qx) * triangle(qy).transpose(),
                                           Eigen::ComputeThinU | Eigen::ComputeThinV);
  const Eigen::VectorXd share = svd.singularValues().head(most).cwiseSqrt();
  const auto turned = [&](const Eigen::HouseholderQR<Eigen::MatrixXd>& q, const Eigen::MatrixXd& vectors) {
    Eigen::MatrixXd all = Eigen::MatrixXd::Zero(q.rows(), r);
    all.block(0, 0, vectors.rows(), most) = vectors.leftCols(most) * share.asDiagonal();
    return RowMajor(q.householderQ() * all);
  };
  const RowMajor left = turned(qx, svd.matrixU()), right = turned(qy, svd.matrixV()).transpose();
  cores_[k].data.assign(left.data(), left.data() + left.size());
  cores_[next].data.assign(right.data(), right.data() + right.size());
}

}  // namespace heat::offline
