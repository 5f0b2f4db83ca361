// Index arithmetic of strided views, shared by the evaluators and the quantiser.
#include "offline/schedule/network.h"

#include <algorithm>

#include "base/errors.h"

namespace heat::offline {

bool Network::has_weights() const {
  for (spec::TensorId t : workload.tensors.ids())
    if (workload.tensors[t].kind == spec::TensorKind::kWeight && weights[t].empty()) return false;
  return true;
}

std::vector<std::int64_t> group_offsets(const spec::TensorView& view, const std::vector<spec::Index>& group) {
  std::vector<std::int64_t> offsets{0};
  for (const spec::Index& index : group) {
    const auto dim =
        std::find_if(view.dims.begin(), view.dims.end(), [&](const spec::ViewDim& d) { return d.index == index; });
    HEAT_CHECK(dim != view.dims.end(), "view has no index " + index);
    std::vector<std::int64_t> next;
    next.reserve(offsets.size() * static_cast<std::size_t>(dim->size));
    for (std::int64_t offset : offsets)
      for (std::int64_t outer = 0; outer < dim->outer(); ++outer)
        for (std::int64_t inner = 0; inner < dim->inner; ++inner)
          next.push_back(offset + outer * dim->stride + inner * dim->inner_stride);
    offsets = std::move(next);
  }
  return offsets;
}

}  // namespace heat::offline
