// The sum of a linear layer over its input features divided into parts: chiplets make partial sums of their part of the
// features, a reduction adds them up. What made the features may so stay where it was made.
#pragma once

#include "offline/schedule/builder.h"

namespace heat::offline {

// Name of the index over the parts.
inline const spec::Index kPart = "part";

// True when the sum over k of a GEMM on [tokens, features] rows can be divided: tokens are its n, it writes rows [tokens, m],
// nothing but a bias is applied to its sums, and the parts cut the outermost digit of its features.
bool can_divide_sum(const Network& network, spec::NodeId node, std::int64_t parts);

// Divides it: the node becomes one batch a part and writes 32-bit sums, a reduction behind it writes what it wrote. Its
// input, [tokens, features] so far, is read as [parts, tokens, features of a part]; its weights are laid out by parts.
// Precondition: can_divide_sum.
void divide_sum(NetworkBuilder& builder, spec::NodeId node, std::int64_t parts);

// Gives the leading output index of what `node` writes outermost the name kPart. Precondition: it has `parts` values.
void name_parts(NetworkBuilder& builder, spec::NodeId node, std::int64_t parts);

}  // namespace heat::offline
