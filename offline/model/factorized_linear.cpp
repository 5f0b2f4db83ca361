// Two ways to compute y = W' x: contract x with the cores along the path of least multiply-accumulates, or reconstruct
// W' and multiply. Which needs fewer depends on the ranks and on the number of rows.
#include "offline/model/factorized_linear.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/errors.h"
#include "base/random.h"
#include "offline/model/indexed_tensor.h"
#include "offline/path/optimal_path.h"

namespace heat::offline {
namespace {

using Sizes = std::vector<std::int64_t>;

// The index of the tokens in the network of a factorised layer (offline/path/tensor_network.h).
constexpr const char* kTokens = "t";

std::vector<spec::Index> mode_indices(const TensorShape& shape, std::size_t begin, std::size_t end) {
  std::vector<spec::Index> indices;
  for (std::size_t n = begin; n < end; ++n) indices.push_back(mode_axis(shape, n).index);
  return indices;
}

bool has(const IndexedTensor& t, const spec::Index& index) {
  return std::find(t.indices.begin(), t.indices.end(), index) != t.indices.end();
}

// Contracts two of the operands; what the others and the output hold stays.
IndexedTensor join(const std::vector<IndexedTensor>& operands, std::size_t first, std::size_t second,
                   const std::vector<spec::Index>& output) {
  std::vector<spec::Index> kept = output;
  for (std::size_t o = 0; o < operands.size(); ++o)
    if (o != first && o != second) kept.insert(kept.end(), operands[o].indices.begin(), operands[o].indices.end());
  return contract(operands[first], operands[second], kept);
}

}  // namespace

FactorizedLinear::FactorizedLinear(const Decomposition& d, at::Tensor bias_in)
    : bias(std::move(bias_in)), form_(d.form), network_(core_network(d.form)), ranks_(d.form.ranks) {
  HEAT_CHECK(network_.cores.size() == d.cores.size(), "as many cores as the network has");
  for (std::size_t i = 0; i < d.cores.size(); ++i) {
    HEAT_CHECK(d.cores[i].dims == network_.cores[i].dims(), "core " + d.cores[i].name + " has the size its ranks give");
    at::Tensor core = at::empty(d.cores[i].dims, at::kFloat);
    std::copy(d.cores[i].data.begin(), d.cores[i].data.end(), core.data_ptr<float>());
    cores_.push_back(core);
  }
  if (!network_.weighted) return;
  std::vector<std::pair<std::size_t, std::int64_t>> holders;  // core, axis
  for (std::size_t i = 0; i < cores_.size(); ++i)
    if (const auto axis = network_.cores[i].axis_of(*network_.weighted))
      holders.emplace_back(i, static_cast<std::int64_t>(*axis));
  for (std::size_t r = 0; r < d.weights.size(); ++r) {
    const double share = std::pow(std::abs(d.weights[r]), 1.0 / static_cast<double>(holders.size()));
    for (std::size_t h = 0; h < holders.size(); ++h)
      cores_[holders[h].first]
          .select(holders[h].second, static_cast<std::int64_t>(r))
          .mul_(h == 0 && d.weights[r] < 0 ? -share : share);
  }
}

FactorizedLinear::FactorizedLinear(const Form& form)
    : bias(at::zeros({form.shape.rows()}, at::kFloat)), form_(form), network_(core_network(form)), ranks_(form.ranks) {
  for (const CoreShape& core : network_.cores) cores_.push_back(at::zeros(core.dims(), at::kFloat));
}

void FactorizedLinear::collect(const std::string& prefix, NamedTensors& out) const {
  for (std::size_t i = 0; i < cores_.size(); ++i) out.emplace_back(prefix + ".cores." + std::to_string(i), cores_[i]);
  out.emplace_back(prefix + ".bias", bias);
}

void FactorizedLinear::set_ranks(const Ranks& ranks) {
  HEAT_CHECK(ranks.size() == form_.ranks.size(), "as many ranks as the decomposition has");
  for (std::size_t i = 0; i < ranks.size(); ++i)
    HEAT_CHECK(ranks[i] >= 1 && ranks[i] <= form_.ranks[i],
               "rank " + std::to_string(ranks[i]) + " within 1 and " + std::to_string(form_.ranks[i]));
  ranks_ = ranks;
  entries_.clear();
}

void FactorizedLinear::scatter_ranks(std::uint64_t seed) {
  entries_.clear();
  for (std::size_t i = 0; i < ranks_.size(); ++i) {
    Sizes all(form_.ranks[i]);
    std::iota(all.begin(), all.end(), 0);
    base::CounterRng rng(base::counter_hash(seed, i));
    shuffle(all, rng);
    std::sort(all.begin(), all.begin() + ranks_[i]);
    entries_.push_back(at::from_blob(all.data(), {ranks_[i]}, at::kLong).clone());
  }
}

std::vector<IndexedTensor> FactorizedLinear::active() const {
  std::vector<IndexedTensor> out;
  for (std::size_t i = 0; i < cores_.size(); ++i) {
    IndexedTensor core{{}, cores_[i]};
    Sizes sizes;
    for (std::size_t a = 0; a < network_.cores[i].axes.size(); ++a) {
      const CoreAxis& axis = network_.cores[i].axes[a];
      const auto at = static_cast<std::int64_t>(a);
      if (axis.kind == CoreAxis::Kind::kRank && ranks_[axis.number] != axis.size)
        core.tensor = entries_.empty() ? core.tensor.narrow(at, 0, ranks_[axis.number])
                                       : core.tensor.index_select(at, entries_[axis.number]);
      if (axis.kind == CoreAxis::Kind::kRank && !network_.is_shared(axis)) continue;  // of size 1
      core.indices.push_back(axis.index);
      sizes.push_back(core.tensor.size(at));
    }
    core.tensor = core.tensor.reshape(sizes);
    out.push_back(std::move(core));
  }
  return out;
}

at::Tensor FactorizedLinear::reconstruct() const {
  std::vector<IndexedTensor> operands = active();
  const std::vector<spec::Index> modes = mode_indices(form_.shape, 0, form_.shape.order());
  for (const CoreJoin& j : reconstruction_of(network_, form_.shape).joins) {
    operands[j.into] = join(operands, j.into, j.from, modes);
    operands[j.from] = {};
  }
  return permuted(operands.front(), modes).reshape({form_.shape.rows(), form_.shape.cols()});
}

at::Tensor FactorizedLinear::weight() const {
  const at::Tensor w = reconstruct();
  if (target_variance_ <= 0) return w;
  const double variance = w.detach().to(at::kFloat).var(false).item<double>();
  return variance > 0 ? w * std::sqrt(target_variance_ / variance) : w;
}

at::Tensor FactorizedLinear::contract_along(const spec::ContractionPath& path, const at::Tensor& x) const {
  const std::size_t rows = form_.shape.row_modes.size(), order = form_.shape.order();
  std::vector<spec::Index> input = mode_indices(form_.shape, rows, order), output = mode_indices(form_.shape, 0, rows);
  Sizes sizes = form_.shape.col_modes;
  for (auto* list : {&input, &output}) list->insert(list->begin(), kTokens);
  sizes.insert(sizes.begin(), x.size(0));
  std::vector<IndexedTensor> operands{{input, x.reshape(sizes)}};
  for (IndexedTensor& core : active()) operands.push_back(std::move(core));
  for (const auto& [i, j] : path.steps) {
    const auto first = static_cast<std::size_t>(i), second = static_cast<std::size_t>(j);
    const bool tokens_second = has(operands[second], kTokens);  // rows of the matrix product
    IndexedTensor made = join(operands, tokens_second ? second : first, tokens_second ? first : second, output);
    operands.erase(operands.begin() + j);
    operands.erase(operands.begin() + i);
    operands.push_back(std::move(made));
  }
  return permuted(operands.front(), output).reshape({x.size(0), form_.shape.rows()});
}

std::int64_t FactorizedLinear::macs_by_path(std::int64_t rows) const {
  return optimal_path(factorized_linear_network(form(), rows), Precompute::kNever).macs;
}

std::int64_t FactorizedLinear::macs_by_reconstruction(std::int64_t rows) const {
  return reconstruction_macs(core_network(form()), form_.shape) + rows * form_.shape.elements();
}

const FactorizedLinear::Plan& FactorizedLinear::plan_for(std::int64_t rows) {
  const auto [entry, is_new] = plans_.try_emplace({rows, ranks_});
  Plan& plan = entry->second;
  if (is_new) {
    const PlannedPath best = optimal_path(factorized_linear_network(form(), rows), Precompute::kNever);
    plan.reconstructs = macs_by_reconstruction(rows) <= best.macs;
    plan.path = best.path;
  }
  return plan;
}

at::Tensor FactorizedLinear::forward(const at::Tensor& x) {
  const std::int64_t rows = x.numel() / form_.shape.cols();
  if (target_variance_ > 0) return at::linear(x, weight(), bias);
  const Plan& plan = plan_for(rows);
  if (plan.reconstructs) return at::linear(x, weight(), bias);
  Sizes sizes = x.sizes().vec();
  sizes.back() = form_.shape.rows();
  return (contract_along(plan.path, x.reshape({rows, form_.shape.cols()})) + bias).reshape(sizes);
}

std::unique_ptr<FactorizedLinear> FactorizedLinear::cut() const {
  at::NoGradGuard no_grad;
  auto out = std::make_unique<FactorizedLinear>(form());
  const std::vector<IndexedTensor> c = active();
  for (std::size_t i = 0; i < c.size(); ++i) out->cores_[i].copy_(c[i].tensor.reshape(out->cores_[i].sizes()));
  if (target_variance_ > 0) {
    const double variance = reconstruct().var(false).item<double>();
    if (variance > 0) out->cores_[0].mul_(std::sqrt(target_variance_ / variance));
  }
  out->bias.copy_(bias);
  return out;
}

}  // namespace heat::offline
