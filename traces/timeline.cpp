// Walks the run once and tells a sink what it meets; which lane of its unit a slice takes is decided here.
#include "traces/timeline.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <stdexcept>
#include <vector>

#include "base/atomic_file.h"
#include "base/errors.h"
#include "traces/timeline_sink.h"

namespace heat::traces {
namespace {

class Walk {
 public:
  Walk(const Reader& reader, TimelineSink& sink, const TimelineWindow& window)
      : reader_(reader), sink_(sink), window_(window), units_(reader.units()) {
    for (const auto& n : reader.nodes()) nodes_[n.id] = n.name;
    window_.end_cycle = std::min(window_.end_cycle, reader.run().cycles);
  }

  TimelineCounts write() {
    write_parts();
    write_groups();
    write_slices();
    write_counters();
    return counts_;
  }

 private:
  void write_parts() {
    sink_.part(-1, "package");
    std::set<std::int32_t> chiplets;
    for (const auto& u : units_)
      if (u.chiplet >= 0 && chiplets.insert(u.chiplet).second)
        sink_.part(u.chiplet, "chiplet " + std::to_string(u.chiplet));
  }

  void track(const TimelinePlace& place, const std::string& name) {
    sink_.track(place, name);
    ++counts_.tracks;
  }

  // Clips it; nothing when none of it is left.
  void slice(TimelineSlice s) {
    s.start = std::max(s.start_cycle, window_.start_cycle);
    s.end = std::min(s.end_cycle, window_.end_cycle);
    if (s.start >= s.end) return;
    if (s.place.unit >= 0) s.place.lane = take_lane(unit_at(s.place.unit), s.start, s.end);
    sink_.slice(s);
    ++counts_.slices;
  }

  void write_groups() {
    const auto groups = reader_.groups();
    if (groups.empty()) return;
    track({}, "fused groups");
    for (const auto& g : groups) slice({{}, g.name, "group", 0, 0, g.start_cycle, g.end_cycle, g.id, ""});
  }

  // The first lane of the unit that is free at `start`.
  int take_lane(const UnitRow& unit, std::int64_t start, std::int64_t end) {
    auto& ends = lane_ends_[unit.id];
    std::size_t lane = 0;
    while (lane < ends.size() && ends[lane] > start && lane + 1 < kLanesPerUnit) ++lane;
    if (lane == ends.size()) {
      ends.push_back(0);
      const std::string suffix = lane == 0 ? "" : " (" + std::to_string(lane + 1) + ")";
      track({unit.chiplet, unit.id, static_cast<int>(lane)}, unit.name + suffix);
    }
    ends[lane] = std::max(ends[lane], end);
    return static_cast<int>(lane);
  }

  void write_slices() {
    reader_.for_each_interval([&](const IntervalRow& i) {
      const UnitRow& unit = unit_at(i.unit);
      const std::string node = i.node >= 0 ? nodes_[i.node] : "";
      const std::string name = i.node >= 0 ? i.kind + " " + node : i.kind;
      slice({{unit.chiplet, unit.id, 0}, name, i.kind, 0, 0, i.start_cycle, i.end_cycle, i.node, node});
    });
  }

  void write_counters() {
    reader_.for_each_counter([&](const CounterRow& c) {
      if (c.cycle < window_.start_cycle || c.cycle > window_.end_cycle) return;
      sink_.counter(unit_at(c.unit), c);
      ++counts_.counter_samples;
    });
  }

  const UnitRow& unit_at(std::int32_t id) const {
    if (id < 0 || id >= static_cast<std::int32_t>(units_.size()))
      throw base::TraceError(reader_.path() + ": interval or counter of unit " + std::to_string(id) +
                             ", which table unit does not hold");
    return units_[static_cast<std::size_t>(id)];
  }

  const Reader& reader_;
  TimelineSink& sink_;
  TimelineWindow window_;
  std::vector<UnitRow> units_;
  std::map<std::int32_t, std::string> nodes_;
  std::map<std::int32_t, std::vector<std::int64_t>> lane_ends_;
  TimelineCounts counts_;
};

std::unique_ptr<TimelineSink> open(TimelineFormat format, const std::string& path, const RunInfo& run) {
  switch (format) {
    case TimelineFormat::kJson:
      return json_timeline(path, run);
    case TimelineFormat::kPerfetto:
      return perfetto_timeline(path, run);
  }
  throw std::logic_error("unknown timeline format");
}

}  // namespace

TimelineCounts write_timeline(const Reader& reader, const std::string& path, TimelineFormat format,
                              const TimelineWindow& window) {
  const std::string temporary = base::temporary_name(path);
  try {
    const std::unique_ptr<TimelineSink> sink = open(format, temporary, reader.run().info);
    const TimelineCounts counts = Walk(reader, *sink, window).write();
    sink->close();
    base::commit_file(temporary, path);
    return counts;
  } catch (...) {
    std::error_code ec;
    std::filesystem::remove(temporary, ec);
    throw;
  }
}

}  // namespace heat::traces
