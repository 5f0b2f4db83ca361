// The Cholesky factorisation of large symmetric systems. Inside this room only.
#pragma once

#include <cstdint>

namespace heat::offline {

// a [n, n] row-major, of which the lower triangle counts, becomes its lower Cholesky factor; the upper triangle is left
// undefined. False where a is not positive definite to rounding.
bool cholesky_in_place(double* a, std::int64_t n, int threads);

}  // namespace heat::offline
