// The run as a timeline for Perfetto (ui.perfetto.dev) or chrome://tracing.
#pragma once

#include <cstdint>
#include <limits>
#include <string>

#include "traces/reader.h"

namespace heat::traces {

enum class TimelineFormat {
  kJson,     // Chrome trace-event JSON: any text tool reads it; viewers open some hundred thousand slices of it
  kPerfetto  // Perfetto's protobuf: nested tracks, a quarter of the size, runs of any length
};

// What of the run a timeline holds: intervals that touch [start_cycle, end_cycle), clipped to it.
struct TimelineWindow {
  std::int64_t start_cycle = 0;
  std::int64_t end_cycle = std::numeric_limits<std::int64_t>::max();
};

struct TimelineCounts {
  std::int64_t slices = 0;
  std::int64_t counter_samples = 0;
  std::int64_t tracks = 0;  // that hold slices
};

// Writes the file whole or not at all, streamed: slices are never all in memory. Tracks: the package and every chiplet,
// in them their units, slices named by kind and node, counters, fused groups as slices of the package. Times are those
// of the simulated clock. Slices are sorted by start; where slices of one unit overlap (requests in flight), the later
// one goes to a further track of that unit, so that no two slices of a track overlap. Throws FileError, TraceError.
TimelineCounts write_timeline(const Reader& reader, const std::string& path, TimelineFormat format,
                              const TimelineWindow& window);

}  // namespace heat::traces
