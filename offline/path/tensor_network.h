// A tensor network: an einsum of which some operands are known before inference, and the networks of factorised linear
// layers.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "offline/decompose/tensor_shape.h"
#include "spec/einsum.h"

namespace heat::offline {

struct TensorNetwork {
  spec::Einsum einsum;
  std::vector<bool> is_static;     // one an operand: weights are static, activations are not
  std::vector<std::string> names;  // one an operand

  std::size_t size() const { return einsum.operands.size(); }
  // Positions of the static operands.
  std::vector<int> statics() const;
};

// The network of an equation such as "bc,a,da,ea,ca->bde". Throws spec::ConfigError as spec::Einsum::parse does, and on
// a static position that no operand has.
TensorNetwork network_from_equation(const std::string& equation, const std::map<spec::Index, std::int64_t>& sizes,
                                    const std::vector<int>& statics = {});

// y[t, m...] = sum over n... of W'[m..., n...] x[t, n...] for a decomposed W'. Operand 0 is the input "x" [t, n0, n1,
// ...], the others are the cores (static) in the order and with the names of Decomposition::cores; the output is [t,
// m0, m1, ...]. Indices: t tokens, m<k> row modes, n<k> column modes, and the ranks: r (cp, svd), p<k> of the row and
// q<k> of the column factors (tucker), r<k> before core k (ttm; the outer ranks of size 1 have none).
// CP's and SVD's weights are taken as folded into a core, as they are when deployed; `explicit_weights` keeps them as
// an operand "weights" [r] (the paper's bc,a,da,ea,ca->bde).
TensorNetwork factorized_linear_network(Method method, const TensorShape& shape, const std::vector<std::int64_t>& ranks,
                                        std::int64_t tokens, bool explicit_weights = false);

// y[t, m] = sum over n of w[m, n] x[t, n].
TensorNetwork dense_linear_network(std::int64_t rows, std::int64_t cols, std::int64_t tokens);

}  // namespace heat::offline
