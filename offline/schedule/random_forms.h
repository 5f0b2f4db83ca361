// Layers with seeded random values: data for tests and for schedules without a checkpoint. The same on every machine.
#pragma once

#include <cstdint>

#include "offline/schedule/network_forms.h"

namespace heat::offline {

// Approximately normal numbers (sum of twelve uniforms), addressed by a name and a seed.
std::vector<float> random_normal(const std::string& name, std::uint64_t seed, std::int64_t count, double sigma);

// Fills what `form` leaves empty: weights or cores such that y has about the variance of x, small biases.
void randomize(LinearForm& form, std::uint64_t seed);

// Norms with gamma near 1 and beta near 0.
NormForm random_norm(const std::string& name, std::int64_t columns, std::uint64_t seed);

}  // namespace heat::offline
