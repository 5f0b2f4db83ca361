// An einsum over named indices, and the contraction path that orders its pairwise steps.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace heat::spec {

// An index name: one letter in the compact text form, any identifier in the spaced one.
using Index = std::string;

// output[...] = sum over indices absent from the output of the product of all operands.
struct Einsum {
  std::vector<std::vector<Index>> operands;
  std::vector<Index> output;
  std::map<Index, std::int64_t> sizes;

  // "bc,a,da->bde" (one letter an index) or "t c1 c2, c1 r -> t c2 r" (spaces separate indices). Sizes by index.
  // Throws ConfigError: missing "->", an index without size or with size < 1, an index repeated within an operand or
  // the output, an output index that no operand has.
  static Einsum parse(const std::string& equation, std::map<Index, std::int64_t> sizes);
  // The compact form where every index is one letter, else the spaced one.
  std::string text() const;
  // Product of the sizes of `indices`. Throws ConfigError when it does not fit 63 bits.
  std::int64_t elements(const std::vector<Index>& indices) const;
};

// Pairwise contractions in opt_einsum's linear form: operands i < j are removed from the list, the result appended.
struct ContractionPath {
  std::vector<std::pair<int, int>> steps;
};

// The index groups of a two-operand einsum seen as a batched GEMM:
// out[b, m, n] = sum_k weight[b, m, k] * input[b, n, k].
struct GemmIndices {
  std::vector<Index> b;  // in both operands and the output
  std::vector<Index> m;  // in the weight operand and the output
  std::vector<Index> n;  // in the input operand and the output
  std::vector<Index> k;  // in both operands, summed
};

// Classifies the indices of `weight` and `input` against `output`; each group keeps the output's order (k: the
// input's). Throws ConfigError when an index occurs in one operand only and not in the output.
GemmIndices gemm_indices(const std::vector<Index>& weight, const std::vector<Index>& input,
                         const std::vector<Index>& output);

}  // namespace heat::spec
