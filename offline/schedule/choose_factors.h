// Shapes and ranks for a layer when only a method and a ratio are asked for.
#pragma once

#include <string>

#include "offline/schedule/linear_lowering.h"

namespace heat::offline {

// The method's plain shape of a matrix [rows, cols]: svd rows x cols; cp and tucker the rows as the most even pair of
// factors times cols (768x3072: 24x32x3072); ttm even pairs of both.
TensorShape default_shape(Method method, std::int64_t rows, std::int64_t cols);

// Gives `form` factors at `ratio`: with form.weight the decomposition of lowest error within the ratio, which then
// replaces the weight; without it the largest ranks that fit (cores without data).
void factorize(LinearForm& form, Method method, double ratio, std::uint64_t seed, int threads);

}  // namespace heat::offline
