// Dropout by counters, so that a resumed run drops what an uninterrupted one would have dropped.
#pragma once

#include <ATen/ATen.h>

namespace heat::offline {

// Inverted dropout whose mask depends on (seed, position) only. Keeps with probability 1-p, to 1/65536.
at::Tensor counter_dropout(const at::Tensor& x, double p, std::uint64_t seed);

}  // namespace heat::offline
