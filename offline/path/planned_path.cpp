// The costs of a given path, and the part of it that remains for inference.
#include <algorithm>
#include <bit>

#include "base/errors.h"
#include "offline/path/optimal_path.h"
#include "offline/path/subset_table.h"

namespace heat::offline {
namespace {

// Which steps run before inference: those whose result is precomputed, and all steps inside them.
std::vector<bool> precomputed_steps(const SubsetTable& table, const std::vector<SubsetPair>& steps) {
  std::vector<bool> marks(steps.size(), false);
  SubsetMask covered = 0;  // operands of the precomputed nodes found so far, from the last step back
  for (std::size_t s = steps.size(); s-- > 0;) {
    const SubsetMask joined = steps[s].first | steps[s].second;
    marks[s] = (joined & ~covered) == 0 || table.precomputed(joined);
    if (marks[s]) covered |= joined;
  }
  return marks;
}

// The indices of operands i and j of a list, in their order, that are in the output or in another operand.
std::vector<spec::Index> open_names(const spec::Einsum& einsum, const std::vector<std::vector<spec::Index>>& list,
                                    std::size_t i, std::size_t j) {
  const auto has = [](const std::vector<spec::Index>& indices, const spec::Index& index) {
    return std::find(indices.begin(), indices.end(), index) != indices.end();
  };
  std::vector<spec::Index> open;
  for (const std::size_t side : {i, j})
    for (const spec::Index& index : list[side]) {
      bool outside = has(einsum.output, index);
      for (std::size_t k = 0; k < list.size(); ++k) outside = outside || (k != i && k != j && has(list[k], index));
      if (outside && !has(open, index)) open.push_back(index);
    }
  return open;
}

}  // namespace

double BoundedPath::gap() const {
  if (planned.online_macs == lower_bound) return 0;
  return static_cast<double>(planned.online_macs) / static_cast<double>(lower_bound) - 1;
}

PlannedPath evaluate_path(const TensorNetwork& network, const spec::ContractionPath& path, Precompute policy) {
  const SubsetTable table(network, policy);
  const std::vector<SubsetPair> pairs = subset_steps(network.size(), path);
  const std::vector<bool> before = precomputed_steps(table, pairs);
  std::vector<std::vector<spec::Index>> names = network.einsum.operands;
  PlannedPath planned;
  planned.path = path;
  SubsetMask made_before = 0;  // operands of precomputed nodes
  for (std::size_t s = 0; s < pairs.size(); ++s)
    if (before[s]) made_before |= pairs[s].first | pairs[s].second;
  for (std::size_t s = 0; s < pairs.size(); ++s) {
    const auto i = static_cast<std::size_t>(path.steps[s].first), j = static_cast<std::size_t>(path.steps[s].second);
    const SubsetMask joined = pairs[s].first | pairs[s].second;
    const bool last = s + 1 == pairs.size();
    PathStep step{path.steps[s].first, path.steps[s].second, names[i], names[j], {}, 0, 0, before[s]};
    step.macs = table.elements(table.open(pairs[s].first) | table.open(pairs[s].second));
    step.result_elements = table.elements(table.open(joined));
    step.result = last ? network.einsum.output : open_names(network.einsum, names, i, j);
    planned.macs = capped_sum(planned.macs, step.macs);
    if (!step.precomputed) {
      planned.online_macs = capped_sum(planned.online_macs, step.macs);
      if (!last) planned.largest_intermediate = std::max(planned.largest_intermediate, step.result_elements);
      for (const SubsetMask half : {pairs[s].first, pairs[s].second})
        if (!std::has_single_bit(half) && (half & ~made_before) == 0)
          planned.precomputed_elements = capped_sum(planned.precomputed_elements, table.elements(table.open(half)));
    } else if (last) {
      planned.precomputed_elements = capped_sum(planned.precomputed_elements, step.result_elements);
    }
    names.erase(names.begin() + static_cast<std::ptrdiff_t>(j));
    names.erase(names.begin() + static_cast<std::ptrdiff_t>(i));
    names.push_back(step.result);
    planned.steps.push_back(std::move(step));
  }
  if (planned.macs == kTooLarge) throw base::ConfigError("contraction path: its cost does not fit 63 bits");
  return planned;
}

std::vector<PlannedPath> paths_to_map(const TensorNetwork& network, int k, double max_macs) {
  std::vector<PlannedPath> list;
  for (PlannedPath& path : k_best_paths(network, k)) {
    if (!list.empty() && static_cast<double>(path.online_macs) > max_macs * static_cast<double>(list[0].online_macs))
      break;
    list.push_back(std::move(path));
  }
  PlannedPath ahead = optimal_path(network, Precompute::kBelowWhole);
  const auto made_before = [](const PlannedPath& p) {
    std::vector<bool> marks;
    for (const PathStep& step : p.steps) marks.push_back(step.precomputed);
    return marks;
  };
  if (std::none_of(list.begin(), list.end(), [&](const PlannedPath& p) {
        return p.path.steps == ahead.path.steps && made_before(p) == made_before(ahead);
      }))
    list.push_back(std::move(ahead));
  return list;
}

OnlinePlan online_plan(const TensorNetwork& network, const PlannedPath& planned) {
  const std::vector<SubsetPair> pairs = subset_steps(network.size(), planned.path);
  std::vector<SubsetMask> list;
  std::vector<std::vector<spec::Index>> indices;
  for (std::size_t k = 0; k < network.size(); ++k) {
    list.push_back(SubsetMask{1} << k);
    indices.push_back(network.einsum.operands[k]);
  }
  std::vector<SubsetPair> online;
  for (std::size_t s = 0; s < pairs.size(); ++s) {
    if (!planned.steps[s].precomputed) {
      online.push_back(pairs[s]);
      continue;
    }
    const auto left = std::find(list.begin(), list.end(), pairs[s].first) - list.begin();
    *(list.begin() + left) = pairs[s].first | pairs[s].second;
    indices[static_cast<std::size_t>(left)] = planned.steps[s].result;
    const auto right = std::find(list.begin(), list.end(), pairs[s].second) - list.begin();
    list.erase(list.begin() + right);
    indices.erase(indices.begin() + right);
  }
  OnlinePlan plan;
  plan.network.einsum.output = network.einsum.output;
  plan.network.einsum.sizes = network.einsum.sizes;
  plan.network.einsum.operands = indices;
  for (const SubsetMask mask : list) {
    std::string name;
    bool is_static = true;
    for (std::size_t k = 0; k < network.size(); ++k) {
      if ((mask >> k & 1) == 0) continue;
      if (!name.empty()) name += '*';
      name += network.names[k];
      is_static = is_static && network.is_static[k];
    }
    plan.network.names.push_back(name);
    plan.network.is_static.push_back(is_static);
  }
  plan.path = linear_path(list, online);
  return plan;
}

}  // namespace heat::offline
