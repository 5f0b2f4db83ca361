// Factors for a layer when only a method and a ratio are asked for.
#pragma once

#include "offline/schedule/linear_lowering.h"

namespace heat::offline {

// Gives `form` factors of the method's default shape at `ratio`: with form.weight the decomposition of lowest error
// within the ratio, which then replaces the weight; without it the largest ranks that fit (cores without data).
void factorize(LinearForm& form, const Method& method, double ratio, std::uint64_t seed, int threads);

// The same with the factors of that form.
void factorize(LinearForm& form, const Form& factorised, std::uint64_t seed, int threads);

}  // namespace heat::offline
