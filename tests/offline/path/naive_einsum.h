// Nested loops over all indices: what a contraction means, without any path.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <vector>

#include "offline/path/optimal_path.h"

namespace heat::offline::testing {

inline std::vector<double> naive_einsum(const std::vector<std::vector<spec::Index>>& operands,
                                        const std::vector<std::vector<double>>& data,
                                        const std::vector<spec::Index>& output,
                                        const std::map<spec::Index, std::int64_t>& sizes) {
  std::vector<spec::Index> all;
  for (const auto& operand : operands)
    for (const auto& i : operand)
      if (std::find(all.begin(), all.end(), i) == all.end()) all.push_back(i);
  std::map<spec::Index, std::int64_t> at;
  for (const auto& i : all) at[i] = 0;
  const auto offset = [&](const std::vector<spec::Index>& indices) {
    std::int64_t o = 0;
    for (const auto& i : indices) o = o * sizes.at(i) + at.at(i);
    return static_cast<std::size_t>(o);
  };
  std::int64_t elements = 1;
  for (const auto& i : output) elements *= sizes.at(i);
  std::vector<double> out(static_cast<std::size_t>(elements), 0.0);
  while (true) {
    double term = 1;
    for (std::size_t k = 0; k < operands.size(); ++k) term *= data[k][offset(operands[k])];
    out[offset(output)] += term;
    std::size_t k = all.size();
    while (k > 0 && ++at[all[k - 1]] == sizes.at(all[k - 1])) at[all[--k]] = 0;
    if (k == 0) return out;
  }
}

// The same network step by step along `planned`, each step by naive_einsum.
inline std::vector<double> stepwise(const TensorNetwork& network, const PlannedPath& planned,
                                    std::vector<std::vector<double>> data) {
  std::vector<std::vector<spec::Index>> operands = network.einsum.operands;
  for (const PathStep& step : planned.steps) {
    const auto i = static_cast<std::size_t>(step.first), j = static_cast<std::size_t>(step.second);
    EXPECT_EQ(operands[i], step.left);
    EXPECT_EQ(operands[j], step.right);
    auto result = naive_einsum({operands[i], operands[j]}, {data[i], data[j]}, step.result, network.einsum.sizes);
    EXPECT_EQ(static_cast<std::int64_t>(result.size()), step.result_elements);
    for (const std::size_t k : {j, i}) {
      operands.erase(operands.begin() + static_cast<std::ptrdiff_t>(k));
      data.erase(data.begin() + static_cast<std::ptrdiff_t>(k));
    }
    operands.push_back(step.result);
    data.push_back(std::move(result));
  }
  return data.front();
}

inline std::vector<std::vector<double>> random_operands(const TensorNetwork& network, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<std::vector<double>> data;
  for (const auto& operand : network.einsum.operands) {
    data.emplace_back(static_cast<std::size_t>(network.einsum.elements(operand)));
    for (double& v : data.back()) v = static_cast<double>(random() >> 11) * 0x1p-53 - 0.5;
  }
  return data;
}

// A connected network of `operands` tensors with sizes 1 to 5: a random tree of bonds, extra bonds, a shared index now
// and then (in three tensors), some output indices.
inline TensorNetwork random_network(int operands, std::uint64_t seed, bool some_static = false) {
  std::mt19937_64 random(seed);
  const auto below = [&](std::uint64_t n) { return static_cast<std::size_t>(random() % n); };
  const auto count = static_cast<std::uint64_t>(operands);
  std::vector<std::string> texts(count);
  std::map<spec::Index, std::int64_t> sizes;
  std::string output;
  char next = 'a';
  const auto bond = [&](std::vector<std::size_t> members) {
    for (std::size_t m : members)
      if (texts[m].find(next) == std::string::npos) texts[m] += next;

    sizes[std::string(1, next)] = static_cast<std::int64_t>(1 + below(5));
    if (below(4) == 0) output += next;
    ++next;
  };
  for (std::uint64_t k = 1; k < count; ++k) bond({k, below(k)});
  for (std::uint64_t k = 0; k < count / 2; ++k) bond({below(count), below(count), below(count)});
  for (int k = 0; k < 2; ++k) bond({below(count)});
  std::string equation;
  for (const auto& t : texts) equation += (equation.empty() ? "" : ",") + t;
  std::vector<int> statics;
  if (some_static)
    for (int k = 0; k < operands; ++k)
      if (below(3) > 0) statics.push_back(k);
  return network_from_equation(equation + "->" + output, sizes, statics);
}

}  // namespace heat::offline::testing
