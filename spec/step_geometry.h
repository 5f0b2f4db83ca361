// The shares, steps and extents that follow from a schedule's group loop: one place for the arithmetic that the mapper
// counts with and the simulator runs.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/checked.h"
#include "spec/schedule.h"

namespace heat::spec {

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

// Extents of a GEMM node when the bound index covers `range_size` of its `extent` values.
inline Extents step_extents(const GemmNode& gemm, LoopDim bound, std::int64_t extent, std::int64_t range_size) {
  Extents e = gemm.extents;
  e[bound] = e[bound] / extent * range_size;
  return e;
}

// True when the view holds the group's bound index.
inline bool holds_index(const TensorView& view, const Index& index) {
  return std::any_of(view.dims.begin(), view.dims.end(), [&](const ViewDim& d) { return d.index == index; });
}

}  // namespace heat::spec
