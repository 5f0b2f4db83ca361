// Dispatch to the methods, reconstruction, error and truncation.
#include "offline/decompose/decomposition.h"

#include <algorithm>
#include <cmath>

#include "base/errors.h"
#include "offline/decompose/dense_kernels.h"
#include "offline/decompose/khatri_rao.h"
#include "offline/decompose/methods.h"
#include "offline/decompose/tensor_ops.h"

namespace heat::offline {
namespace {

void check_input(std::span<const double> w, const TensorShape& shape) {
  const std::int64_t cols = shape.cols();
  if (static_cast<std::int64_t>(w.size()) != shape.elements())
    throw base::ConfigError("matrix has " + std::to_string(w.size()) + " elements, the shape " +
                            shape_text(shape, Method::kTtm) + " needs " + std::to_string(shape.elements()));
  for (std::size_t i = 0; i < w.size(); ++i)
    if (!std::isfinite(w[i]))
      throw base::ConfigError("matrix element [" + std::to_string(static_cast<std::int64_t>(i) / cols) + ", " +
                              std::to_string(static_cast<std::int64_t>(i) % cols) + "] is " +
                              (std::isnan(w[i]) ? "NaN" : "infinite") + ": expected finite numbers");
}

std::vector<double> weighted_product(const Decomposition& d, int threads) {
  const std::int64_t rank = d.ranks[0];
  const auto border = static_cast<std::ptrdiff_t>(d.shape.row_modes.size());
  std::vector<double> left = khatri_rao({d.cores.begin(), d.cores.begin() + border}, rank);
  const std::vector<double> right = khatri_rao({d.cores.begin() + border, d.cores.end()}, rank);
  for (std::size_t i = 0; i < left.size(); ++i) left[i] *= d.weights[i % static_cast<std::size_t>(rank)];
  std::vector<double> w(static_cast<std::size_t>(d.shape.elements()));
  multiply(row_major(left.data(), d.shape.rows(), rank), transposed(row_major(right.data(), d.shape.cols(), rank)),
           w.data(), threads);
  return w;
}

std::vector<double> tucker_product(const Decomposition& d, int threads) {
  Tensor t{d.cores[0].dims, d.cores[0].data};
  for (std::size_t n = 0; n + 1 < d.cores.size(); ++n) {
    const Core& factor = d.cores[n + 1];  // [mode, rank]: sum over the rank
    std::vector<double> by_rank(factor.data.size());
    for (std::int64_t i = 0; i < factor.dims[0]; ++i)
      for (std::int64_t r = 0; r < factor.dims[1]; ++r)
        by_rank[static_cast<std::size_t>(r * factor.dims[0] + i)] =
            factor.data[static_cast<std::size_t>(i * factor.dims[1] + r)];
    t = mode_product(t, n, by_rank.data(), factor.dims[0], threads);
  }
  return t.data;
}

std::vector<double> train_product(const Decomposition& d, int threads) {
  std::vector<double> chain = d.cores[0].data;
  std::vector<std::int64_t> dims{d.cores[0].dims[1], d.cores[0].dims[2]};
  for (std::size_t k = 1; k < d.cores.size(); ++k) {
    const Core& core = d.cores[k];
    const std::int64_t rank = core.dims[0], left = static_cast<std::int64_t>(chain.size()) / rank;
    const std::int64_t right = static_cast<std::int64_t>(core.data.size()) / rank;
    std::vector<double> next(static_cast<std::size_t>(left * right));
    multiply(row_major(chain.data(), left, rank), row_major(core.data.data(), rank, right), next.data(), threads);
    chain = std::move(next);
    dims.insert(dims.end(), {core.dims[1], core.dims[2]});
  }
  std::vector<std::size_t> axes;
  for (std::size_t k = 0; k < dims.size(); k += 2) axes.push_back(k);
  for (std::size_t k = 1; k < dims.size(); k += 2) axes.push_back(k);
  return permute(chain, dims, axes).data;
}

// The corner [0, dims[k]) of every axis.
Core corner(const Core& core, const std::vector<std::int64_t>& dims) {
  Core out{core.name, dims, {}};
  out.data.reserve(static_cast<std::size_t>(product(dims)));
  std::vector<std::int64_t> index(dims.size(), 0);
  for (std::int64_t left = product(dims); left > 0; --left) {
    std::int64_t at = 0;
    for (std::size_t k = 0; k < dims.size(); ++k) at = at * core.dims[k] + index[k];
    out.data.push_back(core.data[static_cast<std::size_t>(at)]);
    for (std::size_t k = dims.size(); k-- > 0;) {
      if (++index[k] < dims[k]) break;
      index[k] = 0;
    }
  }
  return out;
}

}  // namespace

std::string factor_name(const TensorShape& shape, std::size_t mode) {
  const std::size_t rows = shape.row_modes.size();
  return mode < rows ? "row" + std::to_string(mode) : "col" + std::to_string(mode - rows);
}

DecomposeResult decompose(std::span<const double> w, Method method, const TensorShape& shape,
                          const std::vector<std::int64_t>& ranks, const DecomposeOptions& options) {
  check_input(w, shape);
  DecomposeResult result;
  Decomposition& d = result.decomposition;
  d.method = method;
  d.shape = shape;
  d.ranks = feasible_ranks(ranks, method, shape);
  const MethodInput input{w, shape, d.ranks, options};
  MethodResult parts;
  switch (method) {
    case Method::kCp:
      parts = decompose_cp(input);
      break;
    case Method::kTucker:
      parts = decompose_tucker(input);
      break;
    case Method::kTtm:
      parts = decompose_ttm(input);
      break;
    case Method::kSvd:
      parts = decompose_svd(input);
      break;
  }
  d.cores = std::move(parts.cores);
  d.weights = std::move(parts.weights);
  result.iterations = parts.iterations;
  result.relative_error = relative_error(w, reconstruct(d, options.threads));
  return result;
}

std::vector<double> reconstruct(const Decomposition& d, int threads) {
  switch (d.method) {
    case Method::kCp:
    case Method::kSvd:
      return weighted_product(d, threads);
    case Method::kTucker:
      return tucker_product(d, threads);
    case Method::kTtm:
      return train_product(d, threads);
  }
  throw std::logic_error("unknown decomposition method");
}

double relative_error(std::span<const double> w, std::span<const double> approximation) {
  HEAT_CHECK(w.size() == approximation.size(), "matrices of different size");
  double difference = 0, norm = 0;
  for (std::size_t i = 0; i < w.size(); ++i) {
    difference += (w[i] - approximation[i]) * (w[i] - approximation[i]);
    norm += w[i] * w[i];
  }
  if (difference == 0) return 0;
  return std::sqrt(difference / norm);
}

std::int64_t params(const Decomposition& d) {
  return parameter_count(d.method, d.shape, d.ranks);
}
double ratio(const Decomposition& d) {
  return static_cast<double>(params(d)) / static_cast<double>(d.shape.elements());
}

Decomposition truncate(const Decomposition& d, const std::vector<std::int64_t>& ranks) {
  bool fits = ranks.size() == d.ranks.size();
  for (std::size_t k = 0; fits && k < ranks.size(); ++k) fits = ranks[k] >= 1 && ranks[k] <= d.ranks[k];
  if (!fits)
    throw base::ConfigError("cannot truncate ranks " + ranks_text(d.ranks) + " to " + ranks_text(ranks) +
                            ": expected as many, each from 1 to the one it replaces");
  Decomposition out{d.method, d.shape, ranks, {}, d.weights};
  for (std::size_t k = 0; k < d.cores.size(); ++k) {
    std::vector<std::int64_t> dims = d.cores[k].dims;
    if (d.method == Method::kTtm) {
      dims.front() = ranks[k];
      dims.back() = ranks[k + 1];
    } else if (d.method == Method::kTucker) {
      if (k == 0)
        dims = ranks;
      else
        dims[1] = ranks[k - 1];
    } else {
      dims[1] = ranks[0];
    }
    out.cores.push_back(corner(d.cores[k], dims));
  }
  if (!out.weights.empty()) out.weights.resize(static_cast<std::size_t>(ranks[0]));
  return out;
}

}  // namespace heat::offline
