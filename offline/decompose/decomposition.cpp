// What follows from a method's network: sizes, deployment, reconstruction, error and truncation.
#include "offline/decompose/decomposition.h"

#include <algorithm>
#include <cmath>

#include "base/checked.h"
#include "base/errors.h"
#include "base/memory.h"
#include "offline/decompose/contraction.h"
#include "offline/decompose/form_text.h"
#include "offline/decompose/tensor_ops.h"

namespace heat::offline {
namespace {

void check_input(std::span<const double> w, const Form& form) {
  const std::int64_t cols = form.shape.cols();
  if (static_cast<std::int64_t>(w.size()) != form.shape.elements())
    throw base::ConfigError("matrix has " + std::to_string(w.size()) + " elements, the shape " + shape_text(form) +
                            " needs " + std::to_string(form.shape.elements()));
  if (std::isfinite(squared_norm(w))) return;
  for (std::size_t i = 0; i < w.size(); ++i)
    if (!std::isfinite(w[i]))
      throw base::ConfigError("matrix element [" + std::to_string(static_cast<std::int64_t>(i) / cols) + ", " +
                              std::to_string(static_cast<std::int64_t>(i) % cols) + "] is " +
                              (std::isnan(w[i]) ? "NaN" : "infinite") + ": expected finite numbers");
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

// A core as a tensor over the axes that mean something: ranks that tie nothing have size 1.
LabelledTensor labelled(const CoreNetwork& network, std::size_t core, const std::vector<double>& data) {
  LabelledTensor t;
  for (const CoreAxis& a : network.cores[core].axes) {
    if (a.kind == CoreAxis::Kind::kRank && !network.is_shared(a)) continue;
    t.indices.push_back(a.index);
    t.dims.push_back(a.size);
  }
  t.data = data;
  return t;
}

// Multiplies every component along `index`.
void scale(LabelledTensor& t, const spec::Index& index, const std::vector<double>& weights) {
  const auto axis = std::find(t.indices.begin(), t.indices.end(), index) - t.indices.begin();
  std::size_t inner = 1;
  for (std::size_t a = static_cast<std::size_t>(axis) + 1; a < t.dims.size(); ++a)
    inner *= static_cast<std::size_t>(t.dims[a]);
  for (std::size_t i = 0; i < t.data.size(); ++i) t.data[i] *= weights[i / inner % weights.size()];
}

// Contracts operands in the order of `reconstruction`; the list shrinks to the result.
class Contraction {
 public:
  Contraction(const Decomposition& d, const CoreNetwork& network, int threads) : threads_(threads) {
    for (std::size_t c = 0; c < d.cores.size(); ++c) operands_.push_back(labelled(network, c, d.cores[c].data));
    for (std::size_t n = 0; n < d.form.shape.order(); ++n) modes_.push_back(mode_axis(d.form.shape, n).index);
  }

  void join(const CoreJoin& step) {
    std::vector<spec::Index> kept = modes_;
    for (std::size_t o = 0; o < operands_.size(); ++o)
      if (o != step.into && o != step.from)
        kept.insert(kept.end(), operands_[o].indices.begin(), operands_[o].indices.end());
    operands_[step.into] = contract(operands_[step.into], operands_[step.from], kept, threads_);
    operands_[step.from] = {};
  }

  void weigh(const spec::Index& index, const std::vector<double>& weights) {
    const auto holds = [&](const LabelledTensor& t) {
      return std::find(t.indices.begin(), t.indices.end(), index) != t.indices.end();
    };
    scale(*std::find_if(operands_.begin(), operands_.end(), holds), index, weights);
  }

  std::vector<double> result() { return permuted(std::move(operands_.front()), modes_).data; }

 private:
  std::vector<LabelledTensor> operands_;
  std::vector<spec::Index> modes_;
  int threads_;
};

}  // namespace

CoreNetwork core_network(const Form& form) {
  const Method& method = method_of(form);
  method.feasible_ranks(form.ranks, form.shape);  // throws on ranks that have no network
  return method.network(form.shape, form.ranks);
}

std::int64_t parameter_count(const Form& form) {
  if (form.is_dense()) return form.shape.elements();
  std::int64_t count = 0;
  for (const CoreShape& core : core_network(form).cores)
    count = base::checked_add(count, base::checked_product(core.dims(), core.name), "parameters of " + form_text(form));
  return count;
}

double parameter_ratio(const Form& form) {
  return static_cast<double>(parameter_count(form)) / static_cast<double>(form.shape.elements());
}

DecomposeResult decompose(std::span<const double> w, const Form& requested, const DecomposeOptions& options) {
  check_input(w, requested);
  DecomposeResult result;
  Decomposition& d = result.decomposition;
  d.form = feasible(requested);
  base::require_memory(static_cast<double>(sizeof(double)) * method_of(d.form).working_numbers(d.form),
                       "decomposition " + form_text(d.form));
  MethodResult parts = method_of(d.form).decompose(w, d.form, options);
  d.cores = std::move(parts.cores);
  d.weights = std::move(parts.weights);
  result.iterations = parts.iterations;
  // The difference of two norms loses the digits of a small error: that is measured on W' itself.
  constexpr double kLeastTold = 1e-3;
  const double norm2 = squared_norm(w), missed = parts.kept ? norm2 - *parts.kept : 0;
  result.relative_error = parts.kept && missed > kLeastTold * kLeastTold * norm2
                              ? std::sqrt(missed / norm2)
                              : relative_error(w, reconstruct(d, options.threads));
  return result;
}

std::vector<double> reconstruct(const Decomposition& d, int threads) {
  const CoreNetwork network = core_network(d.form);
  const Reconstruction order = reconstruction_of(network, d.form.shape);
  Contraction contraction(d, network, threads);
  for (std::size_t j = 0; j < order.joins.size(); ++j) {
    if (j == order.sides && !d.weights.empty()) contraction.weigh(*network.weighted, d.weights);
    contraction.join(order.joins[j]);
  }
  return contraction.result();
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

Decomposition without_values(const Form& form) {
  Decomposition d{form, {}, {}};
  for (const CoreShape& core : core_network(form).cores) d.cores.push_back({core.name, core.dims(), {}});
  return d;
}

std::vector<Core> deployed_cores(const Decomposition& d) {
  std::vector<Core> cores = d.cores;
  const CoreNetwork network = core_network(d.form);
  if (d.weights.empty()) return cores;
  std::vector<std::size_t> holders;
  for (std::size_t c = 0; c < cores.size(); ++c)
    if (network.cores[c].axis_of(*network.weighted)) holders.push_back(c);
  const double share = 1 / static_cast<double>(holders.size());
  std::vector<double> magnitudes, signed_magnitudes;
  for (double w : d.weights) {
    magnitudes.push_back(std::pow(std::fabs(w), share));
    signed_magnitudes.push_back(magnitudes.back() * (w < 0 ? -1 : 1));
  }
  for (std::size_t c : holders) {
    LabelledTensor t = labelled(network, c, cores[c].data);
    scale(t, *network.weighted, c == holders.front() ? signed_magnitudes : magnitudes);
    cores[c].data = std::move(t.data);
  }
  return cores;
}

Decomposition truncate(const Decomposition& d, const Ranks& ranks) {
  const Ranks& have = d.form.ranks;
  bool fits = ranks.size() == have.size();
  for (std::size_t k = 0; fits && k < ranks.size(); ++k) fits = ranks[k] >= 1 && ranks[k] <= have[k];
  if (!fits)
    throw base::ConfigError("cannot truncate ranks " + ranks_text(have) + " to " + ranks_text(ranks) +
                            ": expected as many, each from 1 to the one it replaces");
  Decomposition out{{d.form.method, d.form.shape, ranks}, {}, d.weights};
  const CoreNetwork network = core_network(out.form);
  for (std::size_t k = 0; k < d.cores.size(); ++k) out.cores.push_back(corner(d.cores[k], network.cores[k].dims()));
  if (!out.weights.empty()) {
    const CoreShape& holder = *std::find_if(network.cores.begin(), network.cores.end(),
                                            [&](const CoreShape& c) { return c.axis_of(*network.weighted); });
    out.weights.resize(static_cast<std::size_t>(holder.axes[*holder.axis_of(*network.weighted)].size));
  }
  return out;
}

}  // namespace heat::offline
