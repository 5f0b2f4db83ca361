// The run as a timeline for Perfetto (ui.perfetto.dev) or chrome://tracing.
#pragma once

#include <cstdint>
#include <limits>
#include <string>

#include "traces/reader.h"

namespace heat::traces {

// What of the run a timeline holds: intervals that touch [start_cycle, end_cycle), clipped to it.
struct TimelineWindow {
  std::int64_t start_cycle = 0;
  std::int64_t end_cycle = std::numeric_limits<std::int64_t>::max();
};

struct TimelineCounts {
  std::int64_t slices = 0;
  std::int64_t counter_samples = 0;
  std::int64_t tracks = 0;
};

// Writes Chrome trace-event JSON (an object with "traceEvents"), whole: one process a chiplet and one for the package,
// one thread a unit, slices named by kind and node, counters as counter tracks, fused groups as slices of the package.
// Times are microseconds of simulated time. Slices are sorted by start; where slices of one unit overlap (requests in
// flight), the later one goes to a further thread of that unit, so that no two slices of a thread overlap.
TimelineCounts write_timeline(const Reader& reader, const std::string& path, const TimelineWindow& window);

}  // namespace heat::traces
