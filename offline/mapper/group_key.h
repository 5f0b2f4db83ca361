// What a group is to the search, whatever the workload calls its parts: equal groups have equal searches.
#pragma once

#include <cstdint>
#include <vector>

#include "offline/mapper/search.h"

namespace heat::offline::mapper {

struct GroupKey {
  std::vector<std::int64_t> numbers;    // all that the search depends on beside the machine
  std::vector<spec::TensorId> tensors;  // of the group and its homes in order of their ids, as `numbers` counts them
  // The position of one of them.
  std::int64_t position(spec::TensorId tensor) const;
};

GroupKey group_key(const spec::Workload& workload, const spec::FusedGroup& group, const SearchOptions& options);

}  // namespace heat::offline::mapper
