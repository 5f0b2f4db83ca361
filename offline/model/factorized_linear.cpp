// Two ways to compute y = W' x: contract x with one core after the other, or reconstruct W' and multiply. Which needs
// fewer multiply-accumulates depends on the ranks and on the number of rows.
#include "offline/model/factorized_linear.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/errors.h"
#include "base/random.h"

namespace heat::offline {
namespace {

using Sizes = std::vector<std::int64_t>;

double size_product(const Sizes& values, std::size_t first, std::size_t last) {
  double p = 1;
  for (std::size_t i = first; i < last; ++i) p *= static_cast<double>(values[i]);
  return p;
}

// [a, R], [b, R] -> [a * b, R], column-wise Kronecker products.
at::Tensor khatri_rao(const at::Tensor& a, const at::Tensor& b) {
  return (a.unsqueeze(1) * b.unsqueeze(0)).reshape({a.size(0) * b.size(0), a.size(1)});
}

at::Tensor khatri_rao_all(const std::vector<at::Tensor>& factors, std::size_t first, std::size_t last) {
  at::Tensor k = factors[first];
  for (std::size_t i = first + 1; i < last; ++i) k = khatri_rao(k, factors[i]);
  return k;
}

// Which rank is the size of a core's axis, or -1: see Decomposition.
int rank_of_axis(Method method, std::size_t core, std::int64_t axis) {
  const int c = static_cast<int>(core), a = static_cast<int>(axis);
  switch (method) {
    case Method::kSvd:
    case Method::kCp:
      return a == 1 ? 0 : -1;
    case Method::kTucker:
      return c == 0 ? a : a == 1 ? c - 1 : -1;
    case Method::kTtm:
      return a == 0 ? c : a == 3 ? c + 1 : -1;
  }
  throw std::logic_error("unknown Method");
}

// Multiplies axis `axis` of t (size factor.size(1)) by factor [m, r].
at::Tensor mode_product(const at::Tensor& t, std::int64_t axis, const at::Tensor& factor) {
  Sizes sizes = t.sizes().vec();
  const std::int64_t before =
      std::accumulate(sizes.begin(), sizes.begin() + axis, std::int64_t{1}, std::multiplies<>());
  sizes[axis] = factor.size(0);
  if (axis + 1 == t.dim()) return at::matmul(t, factor.t());
  return at::matmul(factor, t.reshape({before, factor.size(1), -1})).reshape(sizes);
}

}  // namespace

std::vector<Sizes> core_dims(Method method, const TensorShape& shape, const Sizes& ranks) {
  const Sizes modes = shape.modes();
  std::vector<Sizes> dims;
  switch (method) {
    case Method::kSvd:
      return {{shape.rows(), ranks.at(0)}, {shape.cols(), ranks.at(0)}};
    case Method::kCp:
      for (std::int64_t m : modes) dims.push_back({m, ranks.at(0)});
      return dims;
    case Method::kTucker:
      dims.push_back(ranks);
      for (std::size_t i = 0; i < modes.size(); ++i) dims.push_back({modes[i], ranks.at(i)});
      return dims;
    case Method::kTtm:
      for (std::size_t i = 0; i < shape.row_modes.size(); ++i)
        dims.push_back({ranks.at(i), shape.row_modes[i], shape.col_modes[i], ranks.at(i + 1)});
      return dims;
  }
  throw std::logic_error("unknown Method");
}

FactorizedLinear::FactorizedLinear(const Decomposition& d, at::Tensor bias_in)
    : bias(std::move(bias_in)), method_(d.method), shape_(d.shape), max_ranks_(d.ranks), ranks_(d.ranks) {
  const auto dims = core_dims(method_, shape_, ranks_);
  HEAT_CHECK(dims.size() == d.cores.size(), "cores as declared in decomposition.h");
  for (std::size_t i = 0; i < d.cores.size(); ++i) {
    HEAT_CHECK(d.cores[i].dims == dims[i], "core " + d.cores[i].name + " has the size its ranks give");
    at::Tensor core = at::empty(dims[i], at::kFloat);
    std::copy(d.cores[i].data.begin(), d.cores[i].data.end(), core.data_ptr<float>());
    cores_.push_back(core);
  }
  if (d.weights.empty()) return;
  for (std::size_t r = 0; r < d.weights.size(); ++r) {
    const double share = std::pow(std::abs(d.weights[r]), 1.0 / static_cast<double>(cores_.size()));
    for (std::size_t i = 0; i < cores_.size(); ++i)
      cores_[i].select(1, static_cast<std::int64_t>(r)).mul_(i == 0 && d.weights[r] < 0 ? -share : share);
  }
}

FactorizedLinear::FactorizedLinear(Method method, const TensorShape& shape, const Sizes& ranks)
    : bias(at::zeros({shape.rows()}, at::kFloat)), method_(method), shape_(shape), max_ranks_(ranks), ranks_(ranks) {
  for (const Sizes& dims : core_dims(method, shape, ranks)) cores_.push_back(at::zeros(dims, at::kFloat));
}

void FactorizedLinear::collect(const std::string& prefix, NamedTensors& out) const {
  for (std::size_t i = 0; i < cores_.size(); ++i) out.emplace_back(prefix + ".cores." + std::to_string(i), cores_[i]);
  out.emplace_back(prefix + ".bias", bias);
}

void FactorizedLinear::set_ranks(const Sizes& ranks) {
  HEAT_CHECK(ranks.size() == max_ranks_.size(), "as many ranks as the decomposition has");
  for (std::size_t i = 0; i < ranks.size(); ++i)
    HEAT_CHECK(ranks[i] >= 1 && ranks[i] <= max_ranks_[i],
               "rank " + std::to_string(ranks[i]) + " within 1 and " + std::to_string(max_ranks_[i]));
  ranks_ = ranks;
  entries_.clear();
}

void FactorizedLinear::scatter_ranks(std::uint64_t seed) {
  entries_.clear();
  for (std::size_t i = 0; i < ranks_.size(); ++i) {
    Sizes all(max_ranks_[i]);
    std::iota(all.begin(), all.end(), 0);
    base::CounterRng rng(base::counter_hash(seed, i));
    shuffle(all, rng);
    std::sort(all.begin(), all.begin() + ranks_[i]);
    entries_.push_back(at::from_blob(all.data(), {ranks_[i]}, at::kLong).clone());
  }
}

std::vector<at::Tensor> FactorizedLinear::active() const {
  std::vector<at::Tensor> out = cores_;
  for (std::size_t i = 0; i < out.size(); ++i)
    for (std::int64_t axis = 0; axis < out[i].dim(); ++axis) {
      const int rank = rank_of_axis(method_, i, axis);
      if (rank < 0 || ranks_[rank] == max_ranks_[rank]) continue;
      out[i] = entries_.empty() ? out[i].narrow(axis, 0, ranks_[rank]) : out[i].index_select(axis, entries_[rank]);
    }
  return out;
}

at::Tensor FactorizedLinear::reconstruct() const {
  const std::vector<at::Tensor> c = active();
  const std::size_t rows = shape_.row_modes.size();
  if (method_ == Method::kSvd) return at::matmul(c[0], c[1].t());
  if (method_ == Method::kCp) return at::matmul(khatri_rao_all(c, 0, rows), khatri_rao_all(c, rows, c.size()).t());
  if (method_ == Method::kTucker) {
    at::Tensor t = c[0];
    for (std::size_t i = 1; i < c.size(); ++i) t = mode_product(t, static_cast<std::int64_t>(i) - 1, c[i]);
    return t.reshape({shape_.rows(), shape_.cols()});
  }
  at::Tensor t = c[0].reshape({shape_.row_modes[0], shape_.col_modes[0], ranks_[1]});
  for (std::size_t k = 1; k < c.size(); ++k) {
    const std::int64_t m = t.size(0), n = t.size(1), mk = shape_.row_modes[k], nk = shape_.col_modes[k];
    t = at::matmul(t.reshape({m * n, ranks_[k]}), c[k].reshape({ranks_[k], -1}));
    t = t.view({m, n, mk, nk, ranks_[k + 1]}).permute({0, 2, 1, 3, 4}).reshape({m * mk, n * nk, ranks_[k + 1]});
  }
  return t.squeeze(2);
}

at::Tensor FactorizedLinear::weight() const {
  const at::Tensor w = reconstruct();
  if (target_variance_ <= 0) return w;
  const double variance = w.detach().to(at::kFloat).var(false).item<double>();
  return variance > 0 ? w * std::sqrt(target_variance_ / variance) : w;
}

at::Tensor FactorizedLinear::contract(const at::Tensor& x) const {
  const std::vector<at::Tensor> c = active();
  const std::size_t rows = shape_.row_modes.size();
  if (method_ == Method::kSvd) return at::matmul(at::matmul(x, c[1]), c[0].t());
  if (method_ == Method::kCp)
    return at::matmul(at::matmul(x, khatri_rao_all(c, rows, c.size())), khatri_rao_all(c, 0, rows).t());
  Sizes sizes = {x.size(0)};
  sizes.insert(sizes.end(), shape_.col_modes.begin(), shape_.col_modes.end());
  at::Tensor t = x.reshape(sizes);
  if (method_ == Method::kTucker) {
    const std::size_t order = shape_.order();
    for (std::size_t i = rows; i < order; ++i)
      t = mode_product(t, static_cast<std::int64_t>(i - rows) + 1, c[i + 1].t());
    const std::int64_t inner = static_cast<std::int64_t>(size_product(ranks_, 0, rows));
    t = at::matmul(t.reshape({x.size(0), -1}), c[0].reshape({inner, -1}).t());
    sizes.assign(ranks_.begin(), ranks_.begin() + static_cast<std::ptrdiff_t>(rows));
    sizes.insert(sizes.begin(), x.size(0));
    t = t.reshape(sizes);
    for (std::size_t i = 0; i < rows; ++i) t = mode_product(t, static_cast<std::int64_t>(i) + 1, c[i + 1]);
    return t.reshape({x.size(0), shape_.rows()});
  }
  // TTM: t is [batch, outputs so far, rank, inputs left]; each core eats one input mode.
  std::int64_t done = 1, left = shape_.cols();
  for (std::size_t k = 0; k < c.size(); ++k) {
    const std::int64_t n = shape_.col_modes[k], m = shape_.row_modes[k], r = ranks_[k], s = ranks_[k + 1];
    left /= n;
    t = t.reshape({x.size(0) * done, r * n, left}).transpose(1, 2);         // [.., left, r n]
    t = at::matmul(t, c[k].permute({0, 2, 1, 3}).reshape({r * n, m * s}));  // [.., left, m s]
    t = t.reshape({x.size(0) * done, left, m, s}).permute({0, 2, 3, 1});    // [.., m, s, left]
    done *= m;
  }
  return t.reshape({x.size(0), shape_.rows()});
}

double FactorizedLinear::macs_by_path(std::int64_t batch) const {
  const double b = static_cast<double>(batch), in = static_cast<double>(shape_.cols()),
               out = static_cast<double>(shape_.rows());
  const std::size_t rows = shape_.row_modes.size();
  const double r = static_cast<double>(ranks_[0]);
  if (method_ == Method::kSvd) return b * r * (in + out);
  if (method_ == Method::kCp) return b * r * (in + out) + (shape_.order() > 2 ? r * (in + out) : 0);
  double macs = 0;
  if (method_ == Method::kTucker) {
    const Sizes modes = shape_.modes();
    double left = in;
    for (std::size_t i = rows; i < modes.size(); ++i) {
      macs += b * left * static_cast<double>(ranks_[i]);
      left = left / static_cast<double>(modes[i]) * static_cast<double>(ranks_[i]);
    }
    double made = size_product(ranks_, 0, rows);
    macs += b * left * made;
    for (std::size_t i = 0; i < rows; ++i) {
      macs += b * made * static_cast<double>(modes[i]);
      made = made / static_cast<double>(ranks_[i]) * static_cast<double>(modes[i]);
    }
    return macs;
  }
  double done = 1, left = in;
  for (std::size_t k = 0; k + 1 < ranks_.size(); ++k) {
    const double n = static_cast<double>(shape_.col_modes[k]), m = static_cast<double>(shape_.row_modes[k]);
    left /= n;
    macs += b * done * left * static_cast<double>(ranks_[k]) * n * m * static_cast<double>(ranks_[k + 1]);
    done *= m;
  }
  return macs;
}

double FactorizedLinear::macs_by_reconstruction(std::int64_t batch) const {
  const double in = static_cast<double>(shape_.cols()), out = static_cast<double>(shape_.rows());
  double macs = static_cast<double>(batch) * in * out;
  if (method_ == Method::kSvd || method_ == Method::kCp) return macs + static_cast<double>(ranks_[0]) * in * out;
  if (method_ == Method::kTucker) {
    const Sizes modes = shape_.modes();
    double size = size_product(ranks_, 0, ranks_.size());
    for (std::size_t i = 0; i < modes.size(); ++i) {
      macs += size * static_cast<double>(modes[i]);
      size = size / static_cast<double>(ranks_[i]) * static_cast<double>(modes[i]);
    }
    return macs;
  }
  double size = static_cast<double>(shape_.row_modes[0] * shape_.col_modes[0]);
  for (std::size_t k = 1; k + 1 < ranks_.size(); ++k) {
    size *= static_cast<double>(shape_.row_modes[k] * shape_.col_modes[k]);
    macs += size * static_cast<double>(ranks_[k]) * static_cast<double>(ranks_[k + 1]);
  }
  return macs;
}

at::Tensor FactorizedLinear::forward(const at::Tensor& x) {
  const std::int64_t rows = x.numel() / shape_.cols();
  if (target_variance_ > 0 || macs_by_reconstruction(rows) <= macs_by_path(rows)) return at::linear(x, weight(), bias);
  Sizes sizes = x.sizes().vec();
  sizes.back() = shape_.rows();
  return (contract(x.reshape({rows, shape_.cols()})) + bias).reshape(sizes);
}

std::unique_ptr<FactorizedLinear> FactorizedLinear::cut() const {
  at::NoGradGuard no_grad;
  auto out = std::make_unique<FactorizedLinear>(method_, shape_, ranks_);
  const std::vector<at::Tensor> c = active();
  for (std::size_t i = 0; i < c.size(); ++i) out->cores_[i].copy_(c[i]);
  if (target_variance_ > 0) {
    const double variance = reconstruct().var(false).item<double>();
    if (variance > 0) out->cores_[0].mul_(std::sqrt(target_variance_ / variance));
  }
  out->bias.copy_(bias);
  return out;
}

}  // namespace heat::offline
