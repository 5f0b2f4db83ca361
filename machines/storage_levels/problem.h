// What a machine of storage levels computes: a nest of loops over dimensions, and tensors that some of them index.
//
//     out[dims of out] += product over the other tensors of t[dims of t]
//
// A dimension indexes a tensor by itself or not at all: products of matrices in any encoding, convolutions with kernels of
// one element among them. Sliding windows and strides, where an index is a sum or a multiple, are not modelled.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace heat::storage_levels {

struct Dimension {
  std::string name;
  std::int64_t size = 1;
};

// One term of an index: dimension x coefficient. Names of coefficients are kept for export.
struct Term {
  std::size_t dimension = 0;
  std::string coefficient;  // empty: 1
};
using Rank = std::vector<Term>;  // an index is the sum of its terms

struct Tensor {
  std::string name;
  std::vector<Rank> ranks;
  bool read_write = false;  // sums are made in it
};

struct Coefficient {
  std::string name;
  std::int64_t value = 1;
};

struct Problem {
  std::string name;
  std::vector<Dimension> dimensions;
  std::vector<Coefficient> coefficients;
  std::vector<Tensor> tensors;

  // Whether the tensor's elements differ along the dimension.
  bool uses(std::size_t tensor, std::size_t dimension) const;
  // Multiplications: the product of all sizes.
  std::int64_t macs() const;
  // The dimension or tensor of that name, or nothing found: the number of them.
  std::size_t dimension_of(const std::string& name) const;
  std::size_t tensor_of(const std::string& name) const;

  // What of it is not modelled, a line each; empty when all is.
  std::vector<std::string> misfits() const;
};

// Outputs[M, P] = sum over C of Weights[C, M] x Inputs[C, P] for `heat-offline map --gemm M,K,N`: C is K and P is N. With
// a batch above 1 all three have an index G more.
Problem gemm(std::int64_t m, std::int64_t k, std::int64_t n, std::int64_t batch = 1);

// The dimension of that name. Where a problem has none, those that index the same tensors as the dimension of that name of
// gemm(): K of a problem over M, K and N is meant by C.
std::vector<std::size_t> dimensions_meant(const Problem& problem, const std::string& name);

}  // namespace heat::storage_levels
