// How many words the instances of a level ask for over a run.
#pragma once

#include <cstdint>

#include "machines/storage_levels/mapping.h"
#include "machines/storage_levels/problem.h"

namespace heat::storage_levels {

struct AskedWords {
  std::int64_t by_inner = 0;    // each instance of the inner level its own
  std::int64_t from_outer = 0;  // what instances below one outer instance ask for alike once
};

// Of all instances together. `inner` == number of levels: the MACs, which ask anew in every cycle; another level asks
// when its tile changes.
AskedWords asked_words(const Problem& problem, const Mapping& mapping, std::size_t tensor, std::size_t outer,
                       std::size_t inner);

// The elements of the tensor that pass through each instance of a level, summed over the instances.
std::int64_t parts(const Problem& problem, const Mapping& mapping, std::size_t tensor, std::size_t level);

}  // namespace heat::storage_levels
