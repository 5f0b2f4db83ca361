// Attention over blocks of query tokens within heads.
#pragma once

#include <string>

#include "spec/tensor.h"

namespace heat::offline {

// The index over blocks of `tokens` within `heads`: what `heads` was, of whose values each stands for `blocks` now, and
// `tokens` runs over one block.
struct BlockedIndex {
  std::string heads, tokens;
  std::int64_t blocks = 1;

  std::string name() const { return heads + "." + tokens; }
  // An operand without `tokens` is the same for all blocks.
  void apply(spec::TensorView& view) const {
    std::int64_t stride = 0;
    for (spec::ViewDim& d : view.dims)
      if (d.index == tokens) {
        d.size /= blocks;
        stride = d.size * d.stride;
      }
    for (spec::ViewDim& d : view.dims)
      if (d.index == heads) d = spec::two_digits(name(), d.size, d.stride, blocks, stride);
  }
};

}  // namespace heat::offline
