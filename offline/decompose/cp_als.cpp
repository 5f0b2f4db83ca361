// Alternating least squares (Harshman 1970; Kolda and Bader 2009, section 3.4), with
//   - one matrix product for all row modes and one for all column modes a sweep (a two-level dimension tree),
//   - a penalty on the factors' norms that shrinks with the error, against components that grow and cancel each other
//     (de Silva and Lim 2008: the best approximation need not exist). Without it the weights of a rank-280 CP held 57
//     times the energy of W, and its first half alone had an error of 1.13 (0.43 with it) at the same final error,
//   - a ridge relative to the normal equations' trace, so that collinear components stay solvable,
//   - extrapolation between sweeps that backs off when the error rises (extrapolation.h).
#include "offline/decompose/cp_als.h"

#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>
#include <numeric>

#include "offline/decompose/dense_kernels.h"
#include "offline/decompose/khatri_rao.h"
#include "offline/decompose/tensor_ops.h"

namespace heat::offline {
namespace {

using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

constexpr double kPenalty = 0.03;  // of the relative error, in units of ||W||^(2 - 2/order) / rank
constexpr double kRidge = 1e-10;   // of the normal equations' mean diagonal

// None for matrices (two modes above 1): their best approximation exists, and a penalty would bend it.
double penalty_unit(const std::vector<Core>& factors, double norm2) {
  const auto modes = std::count_if(factors.begin(), factors.end(), [](const Core& f) { return f.dims[0] > 1; });
  if (modes < 3) return 0;
  return kPenalty * std::pow(norm2, 1.0 - 1.0 / static_cast<double>(factors.size())) /
         static_cast<double>(factors[0].dims[1]);
}

std::vector<Core> slice(const std::vector<Core>& all, std::size_t begin, std::size_t end) {
  return {all.begin() + static_cast<std::ptrdiff_t>(begin), all.begin() + static_cast<std::ptrdiff_t>(end)};
}

}  // namespace

CpSweeps::CpSweeps(std::span<const double> w, const TensorShape& shape, std::vector<Core> start, int threads)
    : w_(w),
      rows_(shape.rows()),
      cols_(shape.cols()),
      border_(shape.row_modes.size()),
      rank_(start[0].dims[1]),
      threads_(threads),
      norm2_(squared_norm(w)),
      penalty_unit_(penalty_unit(start, norm2_)),
      factors_(start),
      extrapolated_(std::move(start)) {
  for (const Core& f : extrapolated_) grams_.push_back(gram(f));
}

double CpSweeps::sweep() {
  balance();
  const std::vector<Core> before = factors_;
  const double error = update_all(before);
  if (error < lowest_) {
    lowest_ = error;
    best_ = extrapolated_;
    best_.back() = factors_.back();
  }
  if (error > error_) {  // too far: go on from the plain iterate with a smaller step
    extrapolated_ = factors_;
    for (std::size_t n = 0; n < factors_.size(); ++n) grams_[n] = gram(factors_[n]);
    step_.shrink();
  } else {
    step_.grow();
  }
  error_ = error;
  return error;
}

double CpSweeps::update_all(const std::vector<Core>& before) {
  const MatrixView w = row_major(w_.data(), rows_, cols_);
  std::vector<double> last_mttkrp;
  for (const bool row_side : {true, false}) {
    const std::size_t begin = row_side ? 0 : border_, end = row_side ? border_ : factors_.size();
    const std::vector<Core> other = slice(extrapolated_, row_side ? border_ : 0, row_side ? factors_.size() : border_);
    const std::vector<double> product_of_other = khatri_rao(other, rank_);
    const std::int64_t side = row_side ? rows_ : cols_;
    std::vector<double> panel(static_cast<std::size_t>(side * rank_));
    multiply(row_side ? w : transposed(w), row_major(product_of_other.data(), row_side ? cols_ : rows_, rank_),
             panel.data(), threads_);
    for (std::size_t n = begin; n < end; ++n) {
      last_mttkrp = contract_panel(panel, slice(extrapolated_, begin, end), n - begin, rank_);
      solve(n, last_mttkrp);
      const bool last = n + 1 == factors_.size();
      extrapolate(n, before[n], last);
    }
  }
  return error_from(last_mttkrp);
}

void CpSweeps::drop_penalty() {
  penalty_unit_ = 0;
}

int CpSweeps::run(int limit, double tolerance, double relative) {
  constexpr std::size_t kWindow = 5;
  std::vector<double> lowest;
  for (int sweeps = 1; sweeps <= limit; ++sweeps) {
    sweep();
    lowest.push_back(lowest_);
    if (lowest_ == 0) return sweeps;
    if (lowest.size() <= 2 * kWindow) continue;
    const double* now = &lowest.back();
    const double gain = *(now - kWindow) - *now, before = *(now - 2 * kWindow) - *(now - kWindow);
    // The gains of windows as a geometric series.
    if (gain <= 0 || (gain < before && gain * gain / (before - gain) < tolerance + relative * *now)) return sweeps;
  }
  return limit;
}

// factors_[n] = mttkrp * (product of the other Grams + ridge)^-1.
void CpSweeps::solve(std::size_t n, const std::vector<double>& mttkrp) {
  Eigen::MatrixXd normal = Eigen::MatrixXd::Ones(rank_, rank_);
  for (std::size_t k = 0; k < grams_.size(); ++k)
    if (k != n) normal = normal.cwiseProduct(grams_[k]);
  const double mean = normal.trace() / static_cast<double>(rank_);
  if (mean <= 0) {  // all other factors vanish: so does this one
    std::fill(factors_[n].data.begin(), factors_[n].data.end(), 0.0);
    return;
  }
  const std::int64_t mode = factors_[n].dims[0];
  Eigen::LLT<Eigen::MatrixXd> cholesky;
  const double penalty = penalty_unit_ * std::min(1.0, error_);
  for (double ridge = kRidge;; ridge *= 100) {
    cholesky.compute(normal + (ridge * mean + penalty) * Eigen::MatrixXd::Identity(rank_, rank_));
    if (cholesky.info() == Eigen::Success) break;
  }
  if (mode <= rank_) {
    Eigen::MatrixXd right = Eigen::Map<const RowMajor>(mttkrp.data(), mode, rank_).transpose();
    cholesky.solveInPlace(right);
    Eigen::Map<RowMajor>(factors_[n].data.data(), mode, rank_) = right.transpose();
  } else {
    const RowMajor inverse = cholesky.solve(Eigen::MatrixXd::Identity(rank_, rank_));
    multiply(row_major(mttkrp.data(), mode, rank_), row_major(inverse.data(), rank_, rank_), factors_[n].data.data(),
             threads_);
  }
}

void CpSweeps::extrapolate(std::size_t n, const Core& before, bool last) {
  Core& out = extrapolated_[n];
  const std::vector<double>& now = factors_[n].data;
  if (last) {
    last_gram_ = gram(factors_[n]);
  }
  for (std::size_t i = 0; i < now.size(); ++i) out.data[i] = now[i] + step_.step() * (now[i] - before.data[i]);
  grams_[n] = gram(out);
}

Eigen::MatrixXd CpSweeps::gram(const Core& f) const {
  RowMajor g(rank_, rank_);
  const MatrixView v = row_major(f.data.data(), f.dims[0], rank_);
  multiply(transposed(v), v, g.data(), threads_);
  return g;
}

// ||W - W'||^2 = ||W||^2 - 2 <W, W'> + ||W'||^2 for the extrapolated factors with the last one as solved.
double CpSweeps::error_from(const std::vector<double>& last_mttkrp) const {
  if (norm2_ == 0) return 0;
  Eigen::MatrixXd all = last_gram_;
  for (std::size_t k = 0; k + 1 < grams_.size(); ++k) all = all.cwiseProduct(grams_[k]);
  const std::vector<double>& last = factors_.back().data;
  const double inner = std::inner_product(last.begin(), last.end(), last_mttkrp.begin(), 0.0);
  return std::sqrt(std::max(0.0, norm2_ - 2 * inner + all.sum()) / norm2_);
}

// Gives a component's columns equal norms in all modes, in both iterates by the same scales.
void CpSweeps::balance() {
  for (std::int64_t r = 0; r < rank_; ++r) {
    std::vector<double> norms;
    double log_sum = 0;
    for (const Core& f : factors_) {
      double sum = 0;
      for (std::size_t i = static_cast<std::size_t>(r); i < f.data.size(); i += static_cast<std::size_t>(rank_))
        sum += f.data[i] * f.data[i];
      norms.push_back(std::sqrt(sum));
      log_sum += std::log(norms.back());
    }
    if (!std::isfinite(log_sum)) continue;  // a vanished component
    const double target = std::exp(log_sum / static_cast<double>(norms.size()));
    for (std::size_t n = 0; n < factors_.size(); ++n) scale_column(n, r, target / norms[n]);
  }
}

void CpSweeps::scale_column(std::size_t n, std::int64_t r, double scale) {
  for (auto* list : {&factors_, &extrapolated_})
    for (std::size_t i = static_cast<std::size_t>(r); i < (*list)[n].data.size(); i += static_cast<std::size_t>(rank_))
      (*list)[n].data[i] *= scale;
  grams_[n].row(r) *= scale;
  grams_[n].col(r) *= scale;
}

}  // namespace heat::offline
