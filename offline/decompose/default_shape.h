// Shapes for a matrix when only its method is known.
#pragma once

#include "offline/decompose/methods.h"

namespace heat::offline {

// The method's plain shape of a matrix [rows, cols]: the matrix itself; a free shape has the shorter side as a
// pair of factors, the most even one (768x3072: 24x32x3072; 3072x768: 3072x24x32) or, of methods that split unevenly,
// the least even (2x384x3072; 3072x2x384); a paired one pairs of both, even or crossed (2x384,384x2).
TensorShape default_shape(const Method& method, std::int64_t rows, std::int64_t cols);

// The same with even pairs for every method: the paper's uniform shapes (section 2.2.1).
TensorShape even_shape(const Method& method, std::int64_t rows, std::int64_t cols);

// The shape of fewest modes: the matrix itself, or even pairs of both sides for a method that pairs them.
TensorShape coarsest_shape(const Method& method, std::int64_t rows, std::int64_t cols);

}  // namespace heat::offline
