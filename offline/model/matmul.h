// The graph's matrix product over labelled axes, in LibTorch.
#pragma once

#include <ATen/ATen.h>

#include "offline/network/graph.h"

namespace heat::offline {

// a, b: [batch, axes of the operand]; -> [batch, axes of the output]. One at::matmul: axes that are in a, b and output
// are its batch; those of a alone its rows, of b alone its columns; the others are summed.
at::Tensor labelled_matmul(const op::Matmul& product, const at::Tensor& a, const at::Tensor& b);

}  // namespace heat::offline
