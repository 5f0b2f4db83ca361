// Perfetto's protobuf. Tracks nest: package, chiplet, unit, counter. All packets are of one sequence, so that names,
// categories and keys are written once and then are numbers. Timestamps are whole nanoseconds, the format's unit: with a
// clock that is no whole fraction of 1 GHz they are rounded, and the cycles in the slices' arguments are exact.
#include <perfetto.pb.h>
#include <cmath>
#include <fstream>
#include <map>
#include <set>

#include "base/errors.h"
#include "traces/timeline_sink.h"

namespace heat::traces {
namespace {

using perfetto::TracePacket;
using perfetto::TrackDescriptor;
using perfetto::TrackEvent;

constexpr int kPacketsPerWrite = 1024;
constexpr std::uint32_t kSequence = 1;

// Numbers of tracks: 1 the package, then the chiplets, then the lanes of the units, then the counters.
constexpr std::uint64_t kPackage = 1, kFirstLane = 1u << 12, kFirstCounter = std::uint64_t{1} << 40;
std::uint64_t part_uuid(std::int32_t chiplet) {
  return kPackage + static_cast<std::uint64_t>(chiplet + 1);
}
std::uint64_t lane_uuid(const TimelinePlace& place) {
  return kFirstLane + static_cast<std::uint64_t>((place.unit + 1) * kLanesPerUnit + place.lane);
}

class PerfettoTimeline : public TimelineSink {
 public:
  PerfettoTimeline(const std::string& path, const RunInfo& run)
      : path_(path), run_(run), out_(path, std::ios::binary | std::ios::trunc) {
    if (!out_) throw base::FileError(path + ": cannot open for writing");
    packet().set_sequence_flags(TracePacket::SEQ_INCREMENTAL_STATE_CLEARED);
  }

  void part(std::int32_t chiplet, const std::string& name) override {
    const bool package = chiplet < 0;
    // The chiplets stand below the package's own units.
    TrackDescriptor& d = describe(part_uuid(chiplet), package ? 0 : kPackage, name, package ? 0 : 1000000 + chiplet);
    d.set_child_ordering(TrackDescriptor::EXPLICIT);
    if (package) describe_run();
  }

  void track(const TimelinePlace& place, const std::string& name) override {
    described_.insert(lane_uuid(place));
    describe(lane_uuid(place), part_uuid(place.chiplet), name, (place.unit + 1) * kLanesPerUnit + place.lane);
  }

  void slice(const TimelineSlice& s) override {
    TracePacket& begin = event(s.start, TrackEvent::TYPE_SLICE_BEGIN, lane_uuid(s.place));
    begin.set_sequence_flags(TracePacket::SEQ_NEEDS_INCREMENTAL_STATE);
    TrackEvent& e = *begin.mutable_track_event();
    e.set_name_iid(number(names_, s.name, [&] { return begin.mutable_interned_data()->add_event_names(); }));
    e.add_category_iids(
        number(categories_, s.kind, [&] { return begin.mutable_interned_data()->add_event_categories(); }));
    annotate(begin, "start_cycle", s.start_cycle);
    annotate(begin, "end_cycle", s.end_cycle);
    if (!s.node.empty()) e.set_correlation_id(static_cast<std::uint64_t>(s.id));
    event(s.end, TrackEvent::TYPE_SLICE_END, lane_uuid(s.place));
  }

  void counter(const UnitRow& unit, const CounterRow& c) override {
    const TimelinePlace place{unit.chiplet, unit.id, 0};
    if (!described_.count(lane_uuid(place))) track(place, unit.name);  // a unit of counters alone
    const auto [at, fresh] = counters_.try_emplace({unit.id, c.name}, kFirstCounter + counters_.size());
    if (fresh) describe(at->second, lane_uuid(place), c.name, 0).mutable_counter();
    event(c.cycle, TrackEvent::TYPE_COUNTER, at->second).mutable_track_event()->set_double_counter_value(c.value);
  }

  void close() override {
    flush();
    out_.close();
    if (!out_) throw base::FileError(path_ + ": the timeline cannot be written (disk full?)");
  }

 private:
  TracePacket& packet() {
    if (trace_.packet_size() == kPacketsPerWrite) flush();
    TracePacket& p = *trace_.add_packet();
    p.set_trusted_packet_sequence_id(kSequence);
    return p;
  }

  void flush() {
    trace_.SerializeToOstream(&out_);
    trace_.Clear();
  }

  TracePacket& event(std::int64_t cycle, TrackEvent::Type type, std::uint64_t track) {
    TracePacket& p = packet();
    p.set_timestamp(static_cast<std::uint64_t>(std::llround(static_cast<double>(cycle) / run_.clock_ghz)));
    p.mutable_track_event()->set_type(type);
    p.mutable_track_event()->set_track_uuid(track);
    return p;
  }

  TrackDescriptor& describe(std::uint64_t uuid, std::uint64_t parent, const std::string& name, std::int32_t rank) {
    TrackDescriptor& d = *packet().mutable_track_descriptor();
    d.set_uuid(uuid);
    d.set_name(name);
    if (parent != 0) d.set_parent_uuid(parent);
    d.set_sibling_order_rank(rank);
    return d;
  }

  // What ran, as the arguments of an event at the package's start.
  void describe_run() {
    TrackEvent& e = *event(0, TrackEvent::TYPE_INSTANT, kPackage).mutable_track_event();
    e.set_name("run");
    const std::pair<const char*, std::string> texts[] = {{"program", run_.program + " " + run_.version},
                                                         {"network", run_.network},
                                                         {"method", run_.method},
                                                         {"arch", run_.arch}};
    for (const auto& [name, value] : texts) {
      auto& a = *e.add_debug_annotations();
      a.set_name(name);
      a.set_string_value(value);
    }
    auto& clock = *e.add_debug_annotations();
    clock.set_name("clock_ghz");
    clock.set_double_value(run_.clock_ghz);
  }

  // The text's number. `add` makes an entry of the packet's interned data: a text is written when it is first met.
  template <typename Add>
  static std::uint64_t number(std::map<std::string, std::uint64_t>& numbers, const std::string& text, const Add& add) {
    const auto [at, fresh] = numbers.try_emplace(text, numbers.size() + 1);
    if (fresh) {
      auto* entry = add();
      entry->set_iid(at->second);
      entry->set_name(text);
    }
    return at->second;
  }

  void annotate(TracePacket& p, const std::string& name, std::int64_t value) {
    auto& a = *p.mutable_track_event()->add_debug_annotations();
    a.set_name_iid(number(keys_, name, [&] { return p.mutable_interned_data()->add_debug_annotation_names(); }));
    a.set_int_value(value);
  }

  std::string path_;
  RunInfo run_;
  std::ofstream out_;
  perfetto::Trace trace_;
  std::map<std::string, std::uint64_t> names_, categories_, keys_;
  std::set<std::uint64_t> described_;
  std::map<std::pair<std::int32_t, std::string>, std::uint64_t> counters_;  // by unit and name
};

}  // namespace

std::unique_ptr<TimelineSink> perfetto_timeline(const std::string& path, const RunInfo& run) {
  return std::make_unique<PerfettoTimeline>(path, run);
}

}  // namespace heat::traces
