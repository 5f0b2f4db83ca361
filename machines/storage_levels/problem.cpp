// Which dimensions index which tensors, and what of a problem is no nest of plain indices.
#include "machines/storage_levels/problem.h"

#include <algorithm>
#include <set>

#include "base/checked.h"

namespace heat::storage_levels {
namespace {

template <class Named>
std::size_t position(const std::vector<Named>& list, const std::string& name) {
  const auto same = [&](const Named& item) { return item.name == name; };
  return static_cast<std::size_t>(std::find_if(list.begin(), list.end(), same) - list.begin());
}

// The terms whose dimension has more than one value: they alone move the index.
std::vector<Term> moving(const Problem& problem, const Rank& rank) {
  std::vector<Term> terms;
  for (const Term& term : rank)
    if (problem.dimensions[term.dimension].size > 1) terms.push_back(term);
  return terms;
}

}  // namespace

bool Problem::uses(std::size_t tensor, std::size_t dimension) const {
  for (const Rank& rank : tensors[tensor].ranks)
    for (const Term& term : rank)
      if (term.dimension == dimension) return true;
  return false;
}

std::int64_t Problem::macs() const {
  std::vector<std::int64_t> sizes;
  for (const Dimension& d : dimensions) sizes.push_back(d.size);
  return base::checked_product(sizes, "MACs of '" + name + "'");
}

std::size_t Problem::dimension_of(const std::string& dimension) const {
  return position(dimensions, dimension);
}

std::size_t Problem::tensor_of(const std::string& tensor) const {
  return position(tensors, tensor);
}

std::vector<std::string> Problem::misfits() const {
  std::vector<std::string> lines;
  std::size_t sums = 0;
  for (const Tensor& tensor : tensors) {
    sums += tensor.read_write;
    std::set<std::size_t> seen;
    for (const Rank& rank : tensor.ranks) {
      const std::vector<Term> terms = moving(*this, rank);
      if (terms.size() > 1)
        lines.push_back("'" + tensor.name + "' is indexed by " + dimensions[terms[0].dimension].name + " + " +
                        dimensions[terms[1].dimension].name + ": sliding windows are not modelled");
      for (const Term& term : terms) {
        const std::string& dimension = dimensions[term.dimension].name;
        if (!seen.insert(term.dimension).second)
          lines.push_back("'" + tensor.name + "' is indexed by " + dimension + " twice: diagonals are not modelled");
        const std::size_t coefficient = position(coefficients, term.coefficient);
        if (coefficient < coefficients.size() && coefficients[coefficient].value != 1)
          lines.push_back("'" + tensor.name + "' is indexed by " + std::to_string(coefficients[coefficient].value) +
                          " x " + dimension + ": strides are not modelled");
      }
    }
  }
  if (sums != 1) lines.push_back(std::to_string(sums) + " tensors are read and written: expected one, the result");
  for (std::size_t t = 0; t < tensors.size(); ++t)
    for (std::size_t other = 0; other < t; ++other)
      if (tensors[t].name == tensors[other].name) lines.push_back("two tensors are named '" + tensors[t].name + "'");
  return lines;
}

Problem gemm(std::int64_t m, std::int64_t k, std::int64_t n, std::int64_t batch) {
  Problem problem;
  problem.name = "gemm";
  problem.dimensions = {{"C", k}, {"M", m}, {"P", n}};
  if (batch > 1) problem.dimensions.push_back({"G", batch});
  const auto tensor = [&](const char* name, std::size_t first, std::size_t second, bool read_write) {
    Tensor t{name, {{{first, ""}}, {{second, ""}}}, read_write};
    if (batch > 1) t.ranks.push_back({{3, ""}});
    return t;
  };
  problem.tensors = {tensor("Weights", 0, 1, false), tensor("Inputs", 0, 2, false), tensor("Outputs", 1, 2, true)};
  return problem;
}

std::vector<std::size_t> dimensions_meant(const Problem& problem, const std::string& name) {
  if (const std::size_t d = problem.dimension_of(name); d < problem.dimensions.size()) return {d};
  const Problem known = gemm(1, 1, 1);
  const std::size_t like = known.dimension_of(name);
  if (like == known.dimensions.size() || problem.tensors.size() != known.tensors.size()) return {};
  std::vector<std::size_t> meant;
  for (std::size_t d = 0; d < problem.dimensions.size(); ++d) {
    bool same = true;
    for (std::size_t t = 0; t < known.tensors.size(); ++t) {
      const std::size_t own = problem.tensor_of(known.tensors[t].name);
      same = same && own < problem.tensors.size() && problem.uses(own, d) == known.uses(t, like);
    }
    if (same) meant.push_back(d);
  }
  return meant;
}

}  // namespace heat::storage_levels
