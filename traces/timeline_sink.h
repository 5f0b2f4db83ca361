// What a timeline consists of, and the formats it is written in.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "traces/schema.h"

namespace heat::traces {

constexpr int kLanesPerUnit = 64;  // overlapping slices beyond that share the last lane

// A track for slices: a lane of a unit; unit -1: the package's fused groups.
struct TimelinePlace {
  std::int32_t chiplet = -1;  // -1: the package
  std::int32_t unit = -1;
  int lane = 0;
};

struct TimelineSlice {
  TimelinePlace place;
  std::string name, kind;
  std::int64_t start = 0, end = 0;              // within the window
  std::int64_t start_cycle = 0, end_cycle = 0;  // of the whole interval or group
  std::int32_t id = -1;                         // of the node, or of the group for a slice of the fused groups
  std::string node;                             // its name; empty: of none, or a group
};

// Writes a timeline into a file. Calls: part() of the package and of each chiplet, then tracks before their slices.
class TimelineSink {
 public:
  virtual ~TimelineSink() = default;
  // chiplet -1: the package.
  virtual void part(std::int32_t chiplet, const std::string& name) = 0;
  virtual void track(const TimelinePlace& place, const std::string& name) = 0;
  virtual void slice(const TimelineSlice& slice) = 0;
  virtual void counter(const UnitRow& unit, const CounterRow& sample) = 0;
  // Throws FileError when not all could be written.
  virtual void close() = 0;
};

// They throw FileError when `path` cannot be opened.
std::unique_ptr<TimelineSink> json_timeline(const std::string& path, const RunInfo& run);
std::unique_ptr<TimelineSink> perfetto_timeline(const std::string& path, const RunInfo& run);

}  // namespace heat::traces
