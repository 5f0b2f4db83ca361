// Valid mappings for tests: a plain one (fill the PEs, largest tiles that fit), or a random one to stress the
// simulator. No attempt at quality; the real mapper is offline/mapper.
#pragma once

#include <cstdint>
#include <limits>

#include "spec/arch_spec.h"
#include "spec/mapping.h"
#include "tests/support/random.h"

namespace heat::test_support {

// Bytes one GB tile of each operand may take (a slot); unlimited for operands that are resident in the GB.
struct TileBudget {
  std::int64_t weight = std::numeric_limits<std::int64_t>::max();
  std::int64_t input = std::numeric_limits<std::int64_t>::max();
  std::int64_t output = std::numeric_limits<std::int64_t>::max();
};

// A mapping of a node whose extents in a step are `step`. It obeys spec/mapping.h: tiles within halves of the PE
// buffers and within `budget`, at most the chiplet's PEs, and a single wave in b, m and n when k needs several GB
// tiles. `random` nullptr: the plain mapping; a random one may split k over PEs when `over_k`.
spec::GemmMapping choose_mapping(const spec::Extents& step, const spec::ArchSpec& arch, const TileBudget& budget,
                                 Random* random, bool over_k = true);

}  // namespace heat::test_support
