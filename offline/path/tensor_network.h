// A tensor network: an einsum of which some operands are known before inference, and the networks of factorised linear
// layers.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "offline/decompose/decomposition.h"
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

// The network of an equation such as "bc,a,da,ea,ca->bde". Throws base::ConfigError as spec::Einsum::parse does, and on
// a static position that no operand has.
TensorNetwork network_from_equation(const std::string& equation, const std::map<spec::Index, std::int64_t>& sizes,
                                    const std::vector<int>& statics = {});

// y[t, m...] = sum over n... of W'[m..., n...] x[t, n...] for a decomposed W'. Operand 0 is the input "x" [t, n0, n1,
// ...], the others are the cores (static) of core_network(form), in its order and with its names and indices; the output
// is [t, m0, m1, ...]. Ranks that tie nothing (the ends of a train) have no index.
// Weights are taken as folded into the cores, as they are when deployed; `explicit_weights` keeps those of a weighted
// network as an operand "weights" (the paper's bc,a,da,ea,ca->bde).
TensorNetwork factorized_linear_network(const Form& form, std::int64_t tokens, bool explicit_weights = false);

// y[t, m] = sum over n of w[m, n] x[t, n].
TensorNetwork dense_linear_network(std::int64_t rows, std::int64_t cols, std::int64_t tokens);

// Either, by the form.
TensorNetwork linear_network(const Form& form, std::int64_t tokens);

}  // namespace heat::offline
