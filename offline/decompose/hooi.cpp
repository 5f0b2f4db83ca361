// HOSVD (De Lathauwer, De Moor, Vandewalle 2000a) as the start, HOOI (2000b) as the refinement: mode by mode, the
// factor becomes the leading left vectors of W projected on all other factors; ||W - W'||^2 = ||W||^2 - ||core||^2
// never rises. Projections are shared by halves of the modes, then by quarters (a dimension tree; Kaya and Ucar 2016). Where
// the leading vectors of a long mode cost more than all else, two steps of subspace iteration from the last factor take their
// place: the next sweep goes on from there.
#include "offline/decompose/hooi.h"

#include <Eigen/Cholesky>
#include <algorithm>
#include <numeric>
#include <optional>
#include <random>

#include "base/random.h"
#include "offline/decompose/spectral.h"

namespace heat::offline {
namespace {

using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

constexpr std::int64_t kLongMode = 160;  // from here on by subspace iteration, unless few vectors are wanted
constexpr int kFirstRounds = 3, kSteps = 2;

bool iterates(std::int64_t dim, std::int64_t width, std::int64_t rank) {
  return dim >= kLongMode && width >= kLongMode && 4 * rank > std::min(dim, width);
}

// An orthonormal basis of the columns of x [rows, rank], by Cholesky of the Gram matrix, twice. False where they are
// dependent.
bool orthonormalise(std::vector<double>& x, std::int64_t rows, std::int64_t rank, int threads) {
  for (int pass = 0; pass < 2; ++pass) {
    const MatrixView view = row_major(x.data(), rows, rank);
    RowMajor gram(rank, rank);
    multiply(transposed(view), view, gram.data(), threads);
    const Eigen::LLT<RowMajor> cholesky(gram);
    if (cholesky.info() != Eigen::Success) return false;
    const RowMajor inverse =
        RowMajor(cholesky.matrixU()).triangularView<Eigen::Upper>().solve(RowMajor::Identity(rank, rank));
    std::vector<double> out(x.size());
    multiply(view, row_major(inverse.data(), rank, rank), out.data(), threads);
    x = std::move(out);
  }
  return true;
}

std::vector<double> random_basis(std::int64_t rows, std::int64_t rank) {
  std::mt19937_64 random(1);
  std::vector<double> x(static_cast<std::size_t>(rows * rank));
  for (double& v : x) v = base::centred(random());
  return x;
}

// Subspace iteration on a a^T from `factor`, at random where that is empty; nothing where its columns become dependent.
std::optional<std::vector<double>> iterated(const MatrixView& a, std::vector<double> factor, std::int64_t rank,
                                            int threads) {
  const int rounds = factor.empty() ? kFirstRounds : 1;
  if (factor.empty()) factor = random_basis(a.rows, rank);
  const std::vector<double> gram = gram_of(a, threads);
  for (int round = 0; round < rounds; ++round) {
    for (int s = 0; s < kSteps; ++s) {
      std::vector<double> product(factor.size());
      multiply(row_major(gram.data(), a.rows, a.rows), row_major(factor.data(), a.rows, rank), product.data(), threads);
      factor = std::move(product);
    }
    if (!orthonormalise(factor, a.rows, rank, threads)) return std::nullopt;
  }
  return factor;
}

}  // namespace

Hooi::Hooi(std::span<const double> w, std::vector<std::int64_t> modes, Ranks ranks, int threads)
    : w_(w), modes_(std::move(modes)), ranks_(std::move(ranks)), threads_(threads), factors_(ranks_.size()) {
  for (std::size_t n = 1; n < ranks_.size(); ++n) {  // the first is updated before it is used
    const Tensor unfolded = unfold(w, modes_, n);
    factors_[n] =
        leading_left_vectors(row_major(unfolded.data.data(), modes_[n], unfolded.dims[1]), ranks_[n], threads);
  }
}

double Hooi::sweep() {
  Modes all(modes_.size());
  std::iota(all.begin(), all.end(), std::size_t{0});
  update(w_, modes_, all);
  return squared_norm(core_.data);
}

// The factors of `modes`, along which the tensor is not projected yet, one after the other.
void Hooi::update(std::span<const double> data, const std::vector<std::int64_t>& dims, const Modes& modes) {
  if (modes.size() == 1) return update_factor(modes[0], data, dims);
  const auto half = modes.begin() + static_cast<std::ptrdiff_t>(modes.size() / 2);
  const Modes first(modes.begin(), half), second(half, modes.end());
  {
    const Tensor t = projected(data, dims, second);
    update(t.data, t.dims, first);
  }
  const Tensor t = projected(data, dims, first);
  update(t.data, t.dims, second);
}

// Along the mode that shrinks most first: the rest then works on less.
Tensor Hooi::projected(std::span<const double> data, const std::vector<std::int64_t>& dims, Modes modes) const {
  std::stable_sort(modes.begin(), modes.end(),
                   [&](std::size_t a, std::size_t b) { return ranks_[a] * modes_[b] < ranks_[b] * modes_[a]; });
  Tensor t;
  for (std::size_t k = 0; k < modes.size(); ++k) {
    const ModeMatrix factor{factors_[modes[k]].data(), ranks_[modes[k]]};
    t = k == 0 ? mode_product(data, dims, modes[k], factor, threads_)
               : mode_product(t.data, t.dims, modes[k], factor, threads_);
  }
  return t;
}

// From the tensor projected along all other modes; that of the last mode leaves the core.
void Hooi::update_factor(std::size_t mode, std::span<const double> data, const std::vector<std::int64_t>& dims) {
  const std::int64_t dim = modes_[mode], rank = ranks_[mode];
  if (rank < dim || factors_[mode].empty()) {
    const Tensor unfolded = unfold(data, dims, mode);
    const MatrixView a = row_major(unfolded.data.data(), dim, unfolded.dims[1]);
    std::optional<std::vector<double>> next;
    if (iterates(dim, a.cols, rank)) next = iterated(a, factors_[mode], rank, threads_);
    factors_[mode] = next ? std::move(*next) : leading_left_vectors(a, rank, threads_);
  }
  if (mode + 1 == modes_.size()) core_ = mode_product(data, dims, mode, {factors_[mode].data(), rank}, threads_);
}

void Hooi::order_components() {
  for (std::size_t n = 0; n < ranks_.size(); ++n) {
    const Tensor unfolded = unfold(core_.data, core_.dims, n);
    const std::vector<double> turn =
        leading_left_vectors(row_major(unfolded.data.data(), ranks_[n], unfolded.dims[1]), ranks_[n], threads_);
    core_ = mode_product(core_, n, turn.data(), ranks_[n], threads_);
    std::vector<double> factor(factors_[n].size());
    multiply(row_major(factors_[n].data(), modes_[n], ranks_[n]), row_major(turn.data(), ranks_[n], ranks_[n]),
             factor.data(), threads_);
    factors_[n] = std::move(factor);
  }
}

}  // namespace heat::offline
