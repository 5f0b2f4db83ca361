// Chrome's "Trace Event Format": metadata events (ph M) name processes and threads, complete events (ph X) are slices,
// counter events (ph C) are samples. A part is a process, a track a thread.
#include <fmt/format.h>
#include <fmt/ostream.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "base/errors.h"
#include "traces/timeline_sink.h"

namespace heat::traces {
namespace {

int process_of(std::int32_t chiplet) {
  return chiplet + 2;
}
int thread_of(const TimelinePlace& place) {
  return place.unit < 0 ? 1 : 2 + place.unit * kLanesPerUnit + place.lane;
}

class JsonTimeline : public TimelineSink {
 public:
  JsonTimeline(const std::string& path, const RunInfo& run)
      : path_(path), clock_ghz_(run.clock_ghz), out_(path, std::ios::binary | std::ios::trunc) {
    if (!out_) throw base::FileError(path + ": cannot open for writing");
    const nlohmann::ordered_json other{{"program", run.program + " " + run.version},
                                       {"network", run.network},
                                       {"method", run.method},
                                       {"arch", run.arch},
                                       {"clock_ghz", run.clock_ghz}};
    fmt::print(out_, "{{\"displayTimeUnit\":\"ns\",\"otherData\":{},\n\"traceEvents\":[", other.dump());
  }

  void part(std::int32_t chiplet, const std::string& name) override {
    name_track("process", process_of(chiplet), 0, name, chiplet + 1);
  }

  void track(const TimelinePlace& place, const std::string& name) override {
    name_track("thread", process_of(place.chiplet), thread_of(place), name, thread_of(place));
  }

  void slice(const TimelineSlice& s) override {
    nlohmann::ordered_json args{{"start_cycle", s.start_cycle}, {"end_cycle", s.end_cycle}};
    if (!s.node.empty()) args["node"] = s.node;
    event({{"ph", "X"},
           {"pid", process_of(s.place.chiplet)},
           {"tid", thread_of(s.place)},
           {"ts", microseconds(s.start)},
           {"dur", microseconds(s.end) - microseconds(s.start)},
           {"name", s.name},
           {"cat", s.kind},
           {"args", args}});
  }

  void counter(const UnitRow& unit, const CounterRow& c) override {
    event({{"ph", "C"},
           {"pid", process_of(unit.chiplet)},
           {"ts", microseconds(c.cycle)},
           {"name", unit.name + " " + c.name},
           {"args", {{c.name, c.value}}}});
  }

  void close() override {
    fmt::print(out_, "\n]}}\n");
    out_.close();
    if (!out_) throw base::FileError(path_ + ": the timeline cannot be written (disk full?)");
  }

 private:
  double microseconds(std::int64_t cycles) const { return static_cast<double>(cycles) / clock_ghz_ * 1e-3; }

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

  std::string path_;
  double clock_ghz_;
  std::ofstream out_;
  bool first_ = true;
};

}  // namespace

std::unique_ptr<TimelineSink> json_timeline(const std::string& path, const RunInfo& run) {
  return std::make_unique<JsonTimeline>(path, run);
}

}  // namespace heat::traces
