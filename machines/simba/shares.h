// The shares and steps that follow from a group's loop, by the arithmetic the firmware runs on.
#pragma once

#include <cstdint>

#include "firmware/include/simba_shares.h"

namespace heat::machines::simba {

// Half-open range of values.
struct IndexRange {
  std::int64_t begin = 0, end = 0;
  std::int64_t size() const { return end - begin; }
};

// Values of the group's index that a chiplet owns (empty for chiplets past the end).
inline IndexRange chiplet_share(std::int64_t extent, int chiplets, int chiplet) {
  const std::int64_t begin = simba_share_begin(extent, chiplets, chiplet);
  return {begin, begin + simba_share_size(extent, chiplets, chiplet)};
}

// Steps a share of `size` values takes.
inline std::int64_t steps_of(std::int64_t size, std::int64_t step) {
  return simba_pieces(size, step);
}

// Values in step `s` of a share.
inline IndexRange step_range(IndexRange share, std::int64_t step, std::int64_t s) {
  const std::int64_t begin = share.begin + s * step;
  return {begin, begin + simba_piece_size(share.size(), step, s)};
}

// Chiplets that share a group's index: `full` of them have the largest share, at most one has a smaller one.
struct Shares {
  std::int64_t share = 0;    // values of a full chiplet
  std::int64_t partial = 0;  // values of the one after them, or 0
  int full = 0;
  Shares(std::int64_t extent, int chiplets)
      : share(simba_share_size(extent, chiplets, 0)), partial(extent % share), full(static_cast<int>(extent / share)) {}
  int participants() const { return full + (partial > 0 ? 1 : 0); }
};

}  // namespace heat::machines::simba
