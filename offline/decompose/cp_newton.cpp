// Damped Gauss-Newton (Levenberg 1944, Marquardt 1963; the damping after Nielsen 1999) on all factors at once: where
// alternating least squares crawls along a valley in which components cancel each other (a swamp), a step that sees how
// the factors move together walks. The residual is formed itself, so that a tensor of exactly that rank is met to
// rounding. The block of the longest mode in J^T J + damping is a Kronecker product with a unit matrix: it is eliminated
// first and leaves equations in the other modes only, whose size does not depend on the longest one (Phan, Tichavsky,
// Cichocki 2013 use the same structure in full).
#include "offline/decompose/cp_newton.h"

#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>

#include "offline/decompose/cholesky.h"
#include "offline/decompose/dense_kernels.h"
#include "offline/decompose/khatri_rao.h"
#include "offline/decompose/tensor_ops.h"

namespace heat::offline {
namespace {

using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

Eigen::Map<const RowMajor> matrix_of(const Core& f) {
  return {f.data.data(), f.dims[0], f.dims[1]};
}
Eigen::Map<RowMajor> matrix_of(Core& f) {
  return {f.data.data(), f.dims[0], f.dims[1]};
}

constexpr double kLeastDamping = 1e-15;  // of the normal equations' mean diagonal

std::size_t longest_mode(const TensorShape& shape) {
  const std::vector<std::int64_t> modes = shape.modes();
  return static_cast<std::size_t>(std::max_element(modes.begin(), modes.end()) - modes.begin());
}

}  // namespace

CpNewton::CpNewton(std::span<const double> w, const TensorShape& shape, std::vector<Core> start, int threads)
    : w_(w),
      shape_(shape),
      factors_(std::move(start)),
      threads_(threads),
      rank_(factors_[0].dims[1]),
      norm2_(squared_norm(w)),
      longest_(longest_mode(shape)) {
  balance();
  error_ = residual_of(factors_, residual_);
}

std::int64_t CpNewton::unknowns(const TensorShape& shape, std::int64_t rank) {
  const std::vector<std::int64_t> modes = shape.modes();
  std::int64_t sum = 0;
  for (std::int64_t m : modes) sum += m;
  return rank * (sum - modes[longest_mode(shape)]);
}

// The Gram matrices of the factors, and the Hadamard products of all but two (or one, named twice).
void CpNewton::form_normals() {
  const std::size_t order = factors_.size();
  grams_.clear();
  for (const Core& f : factors_) grams_.push_back(matrix_of(f).transpose() * matrix_of(f));
  normals_.assign(order, Change(order, Matrix::Ones(rank_, rank_)));
  for (std::size_t k = 0; k < order; ++k)
    for (std::size_t l = 0; l < order; ++l)
      for (std::size_t other = 0; other < order; ++other)
        if (other != k && other != l) normals_[k][l] = normals_[k][l].cwiseProduct(grams_[other]);
}

// J^T e for a residual e: the gradient where e is W' - W.
CpNewton::Change CpNewton::gradients_of(const std::vector<double>& e) const {
  Change gradients;
  const auto border = static_cast<std::ptrdiff_t>(shape_.row_modes.size());
  const std::vector<Core> rows(factors_.begin(), factors_.begin() + border),
      cols(factors_.begin() + border, factors_.end());
  for (const bool row_side : {true, false}) {
    const std::vector<double> other = khatri_rao(row_side ? cols : rows, rank_);
    const MatrixView whole = row_major(e.data(), shape_.rows(), shape_.cols());
    const MatrixView view = row_side ? whole : transposed(whole);
    std::vector<double> panel(static_cast<std::size_t>(view.rows * rank_));
    multiply(view, row_major(other.data(), view.cols, rank_), panel.data(), threads_);
    const std::vector<Core>& mine = row_side ? rows : cols;
    for (std::size_t n = 0; n < mine.size(); ++n) {
      const std::vector<double> g = contract_panel(panel, mine, n, rank_);
      gradients.push_back(Eigen::Map<const RowMajor>(g.data(), mine[n].dims[0], rank_));
    }
  }
  return gradients;
}

// The equations of all modes but the longest: entry ((k, j, r), (l, i, s)) of J^T J, k and l modes, j and i their entries,
//   same mode:   [i == j] * normal_k[r, s]
//   other modes: A_k[j, s] * A_l[i, r] * normal_kl[r, s]
// minus what eliminating the longest mode x leaves,
//   gram_x[r, s] * (P_k inverse P_l^T)[(j, r), (i, s)],  P_k[(j, r), q] = A_k[j, q] * normal_xk[q, r].
// Factorised; false where rounding leaves them indefinite.
bool CpNewton::factorise(double damping) {
  const Matrix unit = Matrix::Identity(rank_, rank_);
  long_inverse_ = Matrix(normals_[longest_][longest_] + damping * unit).llt().solve(unit);
  std::vector<std::pair<std::size_t, std::int64_t>> rows;  // mode and entry of each block of `rank_` unknowns
  for (std::size_t k = 0; k < factors_.size(); ++k)
    for (std::int64_t j = 0; k != longest_ && j < factors_[k].dims[0]; ++j) rows.emplace_back(k, j);
  const auto size = static_cast<std::int64_t>(rows.size()) * rank_;
  RowMajor p(size, rank_), eliminated(size, size);
  for (std::size_t b = 0; b < rows.size(); ++b)
    p.middleRows(static_cast<std::int64_t>(b) * rank_, rank_) =
        normals_[longest_][rows[b].first].transpose() *
        matrix_of(factors_[rows[b].first]).row(rows[b].second).asDiagonal();
  const RowMajor half = p * long_inverse_;
  multiply(row_major(half.data(), size, rank_), transposed(row_major(p.data(), size, rank_)), eliminated.data(),
           threads_);
  system_.resize(size, size);
  for (std::size_t b = 0; b < rows.size(); ++b) {
    const auto [k, j] = rows[b];
    for (std::size_t c = 0; c <= b; ++c) {
      const auto [l, i] = rows[c];
      const auto at_b = static_cast<std::int64_t>(b) * rank_, at_c = static_cast<std::int64_t>(c) * rank_;
      auto block = system_.block(at_b, at_c, rank_, rank_);
      block = -grams_[longest_].cwiseProduct(eliminated.block(at_b, at_c, rank_, rank_));
      if (k != l)
        block +=
            (matrix_of(factors_[l]).row(i).transpose() * matrix_of(factors_[k]).row(j)).cwiseProduct(normals_[k][l]);
      else if (i == j)
        block += normals_[k][k] + damping * unit;
    }
  }
  return cholesky_in_place(system_.data(), size, threads_);
}

// The change of all factors that the factorised equations give for these gradients.
CpNewton::Change CpNewton::solve(const Change& gradients) const {
  const Matrix along = long_inverse_ * -gradients[longest_].transpose() * matrix_of(factors_[longest_]);
  Eigen::VectorXd solution(system_.rows());
  std::int64_t at = 0;
  for (std::size_t k = 0; k < factors_.size(); ++k) {
    if (k == longest_) continue;
    const RowMajor part = -gradients[k] - matrix_of(factors_[k]) * normals_[longest_][k].cwiseProduct(along);
    solution.segment(at, part.size()) = Eigen::Map<const Eigen::VectorXd>(part.data(), part.size());
    at += part.size();
  }
  system_.triangularView<Eigen::Lower>().solveInPlace(solution);
  system_.triangularView<Eigen::Lower>().transpose().solveInPlace(solution);
  Change change(factors_.size());
  Matrix coupling = Matrix::Zero(rank_, rank_);
  at = 0;
  for (std::size_t k = 0; k < factors_.size(); ++k) {
    if (k == longest_) continue;
    change[k] = Eigen::Map<const RowMajor>(solution.data() + at, factors_[k].dims[0], rank_);
    at += change[k].size();
    coupling += normals_[longest_][k].cwiseProduct(matrix_of(factors_[k]).transpose() * change[k]);
  }
  change[longest_] = (-gradients[longest_] - matrix_of(factors_[longest_]) * coupling.transpose()) * long_inverse_;
  return change;
}

double CpNewton::residual_of(const std::vector<Core>& factors, std::vector<double>& residual) const {
  if (norm2_ == 0) return 0;
  const auto border = static_cast<std::ptrdiff_t>(shape_.row_modes.size());
  const std::vector<double> rows = khatri_rao({factors.begin(), factors.begin() + border}, rank_),
                            cols = khatri_rao({factors.begin() + border, factors.end()}, rank_);
  residual.resize(w_.size());
  multiply(row_major(rows.data(), shape_.rows(), rank_), transposed(row_major(cols.data(), shape_.cols(), rank_)),
           residual.data(), threads_);
  for (std::size_t i = 0; i < residual.size(); ++i) residual[i] -= w_[i];
  return std::sqrt(squared_norm(residual) / norm2_);
}

// Gives a component's columns equal norms in all modes, so that one damping suits them all.
void CpNewton::balance() {
  for (std::int64_t r = 0; r < rank_; ++r) {
    double weight = 1;
    for (const Core& f : factors_) weight *= matrix_of(f).col(r).norm();
    if (weight == 0 || !std::isfinite(weight)) continue;
    const double target = std::pow(weight, 1.0 / static_cast<double>(factors_.size()));
    for (Core& f : factors_) matrix_of(f).col(r) *= target / matrix_of(f).col(r).norm();
  }
}

// Half the second-order change of a step v (geodesic acceleration): the curvature of the residual along v, by differences,
// is met by the same equations. Nothing where it is not small beside v: then the model is not to be trusted.
void CpNewton::bend(Change& change) const {
  constexpr double kDifference = 0.1, kMost = 0.75;
  std::vector<double> ahead, behind;
  residual_of(moved(change, kDifference), ahead);
  residual_of(moved(change, -kDifference), behind);
  for (std::size_t i = 0; i < ahead.size(); ++i)
    ahead[i] = (ahead[i] - 2 * residual_[i] + behind[i]) / (kDifference * kDifference);
  const Change second = solve(gradients_of(ahead));
  double first_norm = 0, second_norm = 0;
  for (std::size_t k = 0; k < change.size(); ++k) {
    first_norm += change[k].squaredNorm();
    second_norm += second[k].squaredNorm();
  }
  if (!(2 * std::sqrt(second_norm) < kMost * std::sqrt(first_norm))) return;
  for (std::size_t k = 0; k < change.size(); ++k) change[k] += 0.5 * second[k];
}

std::vector<Core> CpNewton::moved(const Change& change, double length) const {
  std::vector<Core> next = factors_;
  for (std::size_t k = 0; k < next.size(); ++k) matrix_of(next[k]) += length * change[k];
  return next;
}

bool CpNewton::step() {
  form_normals();
  const Change gradients = gradients_of(residual_);
  double scale = 0;
  for (std::size_t k = 0; k < factors_.size(); ++k)
    scale = std::max(scale, normals_[k][k].trace() / static_cast<double>(rank_));
  constexpr int kTrials = 12;
  for (int trial = 0; trial < kTrials; ++trial, damping_ *= growth_, growth_ *= 2) {
    const double damping = damping_ * scale;
    if (!factorise(damping)) continue;
    Change change = solve(gradients);
    double promised = 0;  // twice what the linear model gains
    for (std::size_t k = 0; k < change.size(); ++k)
      promised += change[k].cwiseProduct(damping * change[k] - gradients[k]).sum();
    bend(change);
    std::vector<Core> next = moved(change, 1);
    std::vector<double> residual;
    const double error = residual_of(next, residual);
    if (!(error < error_) || !(promised > 0)) continue;
    const double ratio = norm2_ * (error_ * error_ - error * error) / promised;
    factors_ = std::move(next);
    residual_ = std::move(residual);
    error_ = error;
    damping_ = std::max(kLeastDamping, damping_ * std::max(1.0 / 10, 1 - std::pow(2 * ratio - 1, 3)));
    growth_ = 2;
    balance();
    return true;
  }
  return false;
}

double CpNewton::squared_weights() const {
  double sum = 0;
  for (std::int64_t r = 0; r < rank_; ++r) {
    double weight = 1;
    for (const Core& f : factors_) weight *= matrix_of(f).col(r).squaredNorm();
    sum += weight;
  }
  return sum;
}

int CpNewton::run(int limit, double enough) {
  constexpr std::size_t kWindow = 10;  // steps that together gain less than kStall of the error are the last
  constexpr double kStall = 5e-3;
  constexpr double kRounding = 1e-13;
  std::vector<double> errors{error_};
  while (static_cast<int>(errors.size()) <= limit && error_ > kRounding && step()) {
    const double before = errors.back();
    errors.push_back(error_);
    if (error_ < enough && error_ > 0.1 * before) break;
    if (errors.size() > kWindow && error_ > (1 - kStall) * errors[errors.size() - 1 - kWindow]) break;
  }
  return static_cast<int>(errors.size()) - 1;
}

}  // namespace heat::offline
