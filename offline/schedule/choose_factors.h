// Factors for a layer when only a method and a ratio are asked for.
#pragma once

#include "offline/schedule/linear_lowering.h"

namespace heat::offline {

struct RankRequest {
  double ratio = 0;          // parameters over dense parameters, at most
  std::int64_t grain = 1;    // of the machine: it takes as long for fewer (machines::PeArray)
  bool even_shapes = false;  // the paper's uniform shapes in place of the method's plain one
};

// A shape (decompose/default_shape.h) with ranks for the layer: of lowest error within the ratio where the weight is there, else
// the largest that fit. A rank a little above a multiple of the grain, by up to a sixteenth, is taken down to it.
Form plain_form(const LinearForm& form, const Method& method, const RankRequest& request, int threads);

// Gives `form` factors of that form: with form.weight its decomposition, which then replaces the weight; without it cores
// without data.
void factorize(LinearForm& form, const Form& factorised, std::uint64_t seed, int threads);

}  // namespace heat::offline
