// The shares and steps that follow from a group's loop.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/checked.h"

namespace heat::machines::simba {

// Half-open range of values.
struct IndexRange {
  std::int64_t begin = 0, end = 0;
  std::int64_t size() const { return end - begin; }
};

// Values of the group's index that a chiplet owns (empty for chiplets past the end).
inline IndexRange chiplet_share(std::int64_t extent, int chiplets, int chiplet) {
  const std::int64_t share = base::ceil_div(extent, chiplets);
  return {std::min(extent, share * chiplet), std::min(extent, share * (chiplet + 1))};
}

// Steps a share of `size` values takes.
inline std::int64_t steps_of(std::int64_t size, std::int64_t step) {
  return base::ceil_div(size, step);
}

// Values in step `s` of a share.
inline IndexRange step_range(IndexRange share, std::int64_t step, std::int64_t s) {
  return {share.begin + s * step, std::min(share.end, share.begin + (s + 1) * step)};
}

}  // namespace heat::machines::simba
