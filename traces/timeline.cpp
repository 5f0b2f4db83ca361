// Chrome's "Trace Event Format": metadata events (ph M) name processes and threads, complete events (ph X) are slices,
// counter events (ph C) are samples. Streamed: slices are never all in memory.
#include "traces/timeline.h"

#include <fmt/format.h>
#include <fmt/ostream.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <vector>

#include "base/atomic_file.h"
#include "base/errors.h"

namespace heat::traces {
namespace {

constexpr int kPackageProcess = 1;
constexpr int kGroupThread = 1;
constexpr int kThreadsPerUnit = 64;  // overlapping slices beyond that share the last thread

int process_of(const UnitRow& unit) {
  return unit.chiplet < 0 ? kPackageProcess : unit.chiplet + 2;
}
int thread_of(const UnitRow& unit, int lane) {
  return 2 + unit.id * kThreadsPerUnit + lane;
}

class TimelineWriter {
 public:
  TimelineWriter(const Reader& reader, const std::string& path, const TimelineWindow& window)
      : reader_(reader), window_(window), units_(reader.units()), out_(path, std::ios::binary | std::ios::trunc) {
    if (!out_) throw base::FileError(path + ": cannot open for writing");
    for (const auto& n : reader.nodes()) nodes_[n.id] = n.name;
    window_.end_cycle = std::min(window_.end_cycle, reader.run().cycles);
  }

  TimelineCounts write() {
    const auto& info = reader_.run().info;
    const nlohmann::ordered_json other{{"program", info.program + " " + info.version},
                                       {"network", info.network},
                                       {"method", info.method},
                                       {"arch", info.arch},
                                       {"clock_ghz", info.clock_ghz}};
    fmt::print(out_, "{{\"displayTimeUnit\":\"ns\",\"otherData\":{},\n\"traceEvents\":[", other.dump());
    write_processes();
    write_groups();
    write_slices();
    write_counters();
    fmt::print(out_, "\n]}}\n");
    out_.close();
    if (!out_) throw base::FileError(reader_.path() + ": the timeline cannot be written (disk full?)");
    return counts_;
  }

 private:
  double microseconds(std::int64_t cycles) const {
    return static_cast<double>(cycles) / reader_.run().info.clock_ghz * 1e-3;
  }

  void event(const nlohmann::ordered_json& json) {
    fmt::print(out_, "{}\n{}", first_ ? "" : ",", json.dump());
    first_ = false;
  }

  void name_track(const char* what, int process, int thread, const std::string& name, int order) {
    const std::string base = what;
    event({{"ph", "M"}, {"pid", process}, {"tid", thread}, {"name", base + "_name"}, {"args", {{"name", name}}}});
    event({{"ph", "M"},
           {"pid", process},
           {"tid", thread},
           {"name", base + "_sort_index"},
           {"args", {{"sort_index", order}}}});
  }

  void write_processes() {
    name_track("process", kPackageProcess, 0, "package", 0);
    std::map<int, bool> named;
    for (const auto& u : units_)
      if (u.chiplet >= 0 && !std::exchange(named[u.chiplet], true))
        name_track("process", process_of(u), 0, "chiplet " + std::to_string(u.chiplet), u.chiplet + 1);
  }

  // Its parameters are the fields of the trace format's complete event.
  void slice(int process, int thread, const std::string& name, const std::string& kind, std::int64_t start,
             std::int64_t end, const nlohmann::ordered_json& args) {
    event({{"ph", "X"},
           {"pid", process},
           {"tid", thread},
           {"ts", microseconds(start)},
           {"dur", microseconds(end) - microseconds(start)},
           {"name", name},
           {"cat", kind},
           {"args", args}});
    ++counts_.slices;
  }

  void write_groups() {
    const auto groups = reader_.groups();
    if (groups.empty()) return;
    name_track("thread", kPackageProcess, kGroupThread, "fused groups", 0);
    ++counts_.tracks;
    for (const auto& g : groups) {
      const auto start = std::max(g.start_cycle, window_.start_cycle), end = std::min(g.end_cycle, window_.end_cycle);
      if (start < end) slice(kPackageProcess, kGroupThread, g.name, "group", start, end, {{"group", g.id}});
    }
  }

  // The first thread of the unit that is free at `start`.
  int take_lane(const UnitRow& unit, std::int64_t start, std::int64_t end) {
    auto& ends = lane_ends_[unit.id];
    std::size_t lane = 0;
    while (lane < ends.size() && ends[lane] > start && lane + 1 < kThreadsPerUnit) ++lane;
    if (lane == ends.size()) {
      ends.push_back(0);
      const std::string suffix = lane == 0 ? "" : " (" + std::to_string(lane + 1) + ")";
      const int thread = thread_of(unit, static_cast<int>(lane));
      name_track("thread", process_of(unit), thread, unit.name + suffix, thread);
      ++counts_.tracks;
    }
    ends[lane] = std::max(ends[lane], end);
    return static_cast<int>(lane);
  }

  void write_slices() {
    reader_.for_each_interval([&](const IntervalRow& i) {
      const auto start = std::max(i.start_cycle, window_.start_cycle), end = std::min(i.end_cycle, window_.end_cycle);
      if (start >= end) return;
      const UnitRow& unit = unit_at(i.unit);
      const int thread = thread_of(unit, take_lane(unit, start, end));
      nlohmann::ordered_json args{{"start_cycle", i.start_cycle}, {"end_cycle", i.end_cycle}};
      std::string name = i.kind;
      if (i.node >= 0) {
        args["node"] = nodes_[i.node];
        name += " " + nodes_[i.node];
      }
      slice(process_of(unit), thread, name, i.kind, start, end, args);
    });
  }

  void write_counters() {
    reader_.for_each_counter([&](const CounterRow& c) {
      if (c.cycle < window_.start_cycle || c.cycle > window_.end_cycle) return;
      const UnitRow& unit = unit_at(c.unit);
      event({{"ph", "C"},
             {"pid", process_of(unit)},
             {"ts", microseconds(c.cycle)},
             {"name", unit.name + " " + c.name},
             {"args", {{c.name, c.value}}}});
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
  TimelineWindow window_;
  std::vector<UnitRow> units_;
  std::map<std::int32_t, std::string> nodes_;
  std::map<std::int32_t, std::vector<std::int64_t>> lane_ends_;
  std::ofstream out_;
  TimelineCounts counts_;
  bool first_ = true;
};

}  // namespace

TimelineCounts write_timeline(const Reader& reader, const std::string& path, const TimelineWindow& window) {
  const std::string temporary = base::temporary_name(path);
  try {
    const TimelineCounts counts = TimelineWriter(reader, temporary, window).write();
    base::commit_file(temporary, path);
    return counts;
  } catch (...) {
    std::error_code ec;
    std::filesystem::remove(temporary, ec);
    throw;
  }
}

}  // namespace heat::traces
