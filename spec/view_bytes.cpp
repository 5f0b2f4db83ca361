// Coverage: a direct sum of arithmetic progressions from 0 is the interval [0, bytes) only when, in ascending order of
// their strides, each stride is the product of the sizes before it (de Bruijn, "On number systems", 1956): the offsets
// are the numbers of a mixed-radix system, each once.
//
// Stray elements: in a tensor so written, the byte o was written at value floor(o / s) mod E of the index, with s its
// stride and E its size. With period D = s E, an element read at value v lies D-periodically at
//   v s + v ((s' - s) mod D) + sum of value_j (stride_j mod D) over the other dims,
// s' the index's stride in the read. It is at home when the sum of all but the first term, mod D, is below s. All terms
// grow from 0 by a step at a time. A step of at least s (and below D) leaves [0, s) by itself; smaller steps cannot jump
// over [s, D), which is at least s wide. So every element is at home exactly when the largest sum is below s.
#include "spec/view_bytes.h"

#include <algorithm>

#include "spec/checked_sizes.h"

namespace heat::spec {
namespace {

// A dim of the read view, with what a step along it moves an element within its part.
struct Drift {
  std::size_t dim;
  std::int64_t steps;  // size - 1
  std::int64_t bytes;  // below the period
};

std::vector<Drift> drifts_of(const TensorView& read, const Index& index, std::int64_t stride, std::int64_t period) {
  std::vector<Drift> drifts;
  for (std::size_t d = 0; d < read.dims.size(); ++d) {
    const ViewDim& dim = read.dims[d];
    const std::int64_t own = dim.index == index ? stride : 0;
    const std::int64_t bytes = ((dim.stride - own) % period + period) % period;
    if (dim.size > 1 && bytes > 0) drifts.push_back({d, dim.size - 1, bytes});
  }
  return drifts;
}

// Values of the dims at which the sum of `drifts` first is at least `part`; nothing when it stays below.
std::optional<std::vector<std::int64_t>> values_beyond(const std::vector<Drift>& drifts, std::int64_t part,
                                                       std::size_t dims) {
  std::vector<std::int64_t> values(dims, 0);
  for (const Drift& d : drifts)
    if (d.bytes >= part) {
      values[d.dim] = 1;
      return values;
    }
  std::int64_t sum = 0;
  for (const Drift& d : drifts) {
    const std::int64_t needed = (part - sum + d.bytes - 1) / d.bytes;
    values[d.dim] = std::min(needed, d.steps);
    if (needed <= d.steps) return values;
    sum += d.steps * d.bytes;
  }
  return std::nullopt;
}

}  // namespace

const ViewDim* dim_of(const TensorView& view, const Index& index) {
  const auto found =
      std::find_if(view.dims.begin(), view.dims.end(), [&](const ViewDim& d) { return d.index == index; });
  return found == view.dims.end() ? nullptr : &*found;
}

std::optional<std::string> coverage_fault(const TensorView& view, std::int64_t bytes) {
  std::vector<ViewDim> dims;
  for (const ViewDim& whole : view.dims)
    for (const ViewDim& d : digits(whole))
      if (d.size > 1) dims.push_back(d);
  std::stable_sort(dims.begin(), dims.end(), [](const ViewDim& x, const ViewDim& y) { return x.stride < y.stride; });
  std::int64_t named = 1;
  for (const ViewDim& d : dims) {
    if (d.stride != named)
      return "index '" + d.index + "' of size " + std::to_string(d.size) + " has stride " + std::to_string(d.stride) +
             " where " + std::to_string(named) + " would name every byte once";
    named = times(named, d.size);
  }
  if (named == bytes) return std::nullopt;
  return "it names " + std::to_string(named) + " of " + std::to_string(bytes) + " bytes";
}

std::optional<StrayElement> stray_element(const TensorView& written, const TensorView& read, const Index& index) {
  const ViewDim& home = *dim_of(written, index);
  if (home.size == 1) return std::nullopt;
  const std::int64_t period = times(home.stride, home.size);
  const auto values = values_beyond(drifts_of(read, index, home.stride, period), home.stride, read.dims.size());
  if (!values) return std::nullopt;
  StrayElement stray;
  stray.values = *values;
  for (std::size_t d = 0; d < read.dims.size(); ++d) {
    stray.byte += stray.values[d] * read.dims[d].stride;
    if (read.dims[d].index == index) stray.value = stray.values[d];
  }
  stray.writer = stray.byte / home.stride % home.size;
  return stray;
}

}  // namespace heat::spec
