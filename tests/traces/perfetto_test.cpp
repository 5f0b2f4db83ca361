// Perfetto's protobuf, read back by a reader of the wire format with the field numbers of Perfetto's public schema spelled
// out, so that a wrong number in traces/perfetto.proto shows.
#include <gtest/gtest.h>

#include <bit>
#include <map>
#include <optional>
#include <set>

#include "base/atomic_file.h"
#include "tests/traces/sample_run.h"
#include "traces/timeline.h"

namespace heat::traces {
namespace {

using testing::TemporaryFolder;
using testing::write_sample_run;

// A message: its fields by number. Numbers of any wire type are 64 bits.
class Message {
 public:
  explicit Message(std::string_view bytes) {
    while (!bytes.empty()) {
      const std::uint64_t key = varint(bytes), field = key >> 3;
      switch (key & 7) {
        case 0:
          numbers_.emplace(field, varint(bytes));
          break;
        case 1: {
          std::uint64_t value = 0;
          for (int i = 0; i < 8; ++i) value |= std::uint64_t{static_cast<unsigned char>(bytes.at(i))} << (8 * i);
          bytes.remove_prefix(8);
          numbers_.emplace(field, value);
          break;
        }
        case 2: {
          const std::uint64_t size = varint(bytes);
          if (size > bytes.size()) throw std::runtime_error("a field reaches past its message");
          texts_.emplace(field, std::string(bytes.substr(0, size)));
          bytes.remove_prefix(size);
          break;
        }
        default:
          throw std::runtime_error("wire type " + std::to_string(key & 7));
      }
    }
  }
  bool has(std::uint64_t field) const { return numbers_.count(field) + texts_.count(field) > 0; }
  std::uint64_t number(std::uint64_t field) const { return find(numbers_, field); }
  std::string text(std::uint64_t field) const { return find(texts_, field); }
  Message message(std::uint64_t field) const { return Message(text(field)); }
  std::vector<Message> messages(std::uint64_t field) const {
    std::vector<Message> list;
    for (auto [at, end] = texts_.equal_range(field); at != end; ++at) list.emplace_back(at->second);
    return list;
  }

 private:
  template <typename Map>
  static typename Map::mapped_type find(const Map& map, std::uint64_t field) {
    if (map.count(field) != 1) throw std::runtime_error("field " + std::to_string(field) + " is not there once");
    return map.find(field)->second;
  }
  static std::uint64_t varint(std::string_view& bytes) {
    std::uint64_t value = 0;
    for (int shift = 0;; shift += 7) {
      const auto byte = static_cast<unsigned char>(bytes.at(0));
      bytes.remove_prefix(1);
      value |= std::uint64_t{byte & 0x7fu} << shift;
      if (byte < 0x80) return value;
    }
  }
  std::multimap<std::uint64_t, std::uint64_t> numbers_;
  std::multimap<std::uint64_t, std::string> texts_;
};

struct Slice {
  std::string track, name, category;  // track: the names from the root, joined by '/'
  std::uint64_t start = 0, end = 0;
  std::optional<std::uint64_t> node;
  std::map<std::string, std::uint64_t> arguments;
  auto operator<=>(const Slice&) const = default;
};

struct Sample {
  std::string track;
  std::uint64_t time = 0;
  double value = 0;
  auto operator<=>(const Sample&) const = default;
};

// What trace processor makes of the packets: names by number, tracks by parents, ends matched with the latest begin.
class PerfettoReader {
 public:
  explicit PerfettoReader(const std::string& bytes) {
    for (const Message& packet : Message(bytes).messages(1)) {
      EXPECT_EQ(packet.number(10), 1u);  // trusted_packet_sequence_id
      if (packet.has(12)) intern(packet.message(12));
      if (packet.has(60)) describe(packet.message(60));
      if (packet.has(11)) event(packet, packet.message(11));
    }
    for (const auto& [track, open] : open_) EXPECT_TRUE(open.empty()) << path(track);
  }
  std::vector<Slice> slices;
  std::vector<Sample> samples;
  std::vector<std::string> instants;

 private:
  void intern(const Message& data) {
    for (std::uint64_t kind : {1u, 2u, 3u})  // event_categories, event_names, debug_annotation_names
      for (const Message& entry : data.messages(kind))
        EXPECT_TRUE(interned_.try_emplace({kind, entry.number(1)}, entry.text(2)).second);
  }
  void describe(const Message& d) {
    const std::uint64_t uuid = d.number(1);
    EXPECT_TRUE(tracks_.try_emplace(uuid, d.text(2), d.has(5) ? d.number(5) : 0).second) << d.text(2);
    if (d.has(8)) counters_.insert(uuid);
  }
  void event(const Message& packet, const Message& e) {
    const std::uint64_t time = packet.number(8), track = e.number(11);
    switch (e.number(9)) {
      case 1: {
        EXPECT_EQ(packet.number(13), 2u);  // sequence_flags: it names what earlier packets hold
        EXPECT_TRUE(open_[track].empty()) << "slices overlap on " << path(track);
        Slice s{path(track), interned_.at({2, e.number(10)}), interned_.at({1, e.number(3)}), time, 0, {}, {}};
        if (e.has(52)) s.node = e.number(52);
        for (const Message& a : e.messages(4)) s.arguments[interned_.at({3, a.number(1)})] = a.number(4);
        open_[track].push_back(s);
        break;
      }
      case 2:
        open_.at(track).at(0).end = time;
        slices.push_back(open_[track][0]);
        open_[track].clear();
        break;
      case 3:
        instants.push_back(e.text(23));
        break;
      case 4:
        EXPECT_EQ(counters_.count(track), 1u);
        samples.push_back({path(track), time, std::bit_cast<double>(e.number(44))});
        break;
      default:
        ADD_FAILURE() << "event of type " << e.number(9);
    }
  }
  std::string path(std::uint64_t uuid) const {
    const auto& [name, parent] = tracks_.at(uuid);
    return parent == 0 ? name : path(parent) + "/" + name;
  }
  std::map<std::pair<std::uint64_t, std::uint64_t>, std::string> interned_;
  std::map<std::uint64_t, std::pair<std::string, std::uint64_t>> tracks_;
  std::set<std::uint64_t> counters_;
  std::map<std::uint64_t, std::vector<Slice>> open_;
};

PerfettoReader perfetto_of(const TemporaryFolder& folder, const TimelineWindow& window = {}) {
  write_timeline(Reader(folder.file("run.sqlite")), folder.file("t.pftrace"), TimelineFormat::kPerfetto, window);
  return PerfettoReader(base::read_file(folder.file("t.pftrace")));
}

TEST(Perfetto, SlicesAreTheRunsIntervalsAndGroups) {
  TemporaryFolder folder;
  write_sample_run(folder.file("run.sqlite"));
  const Reader run(folder.file("run.sqlite"));
  const auto units = run.units();
  const auto nodes = run.nodes();
  std::multiset<Slice> expected;
  const auto add = [&](const std::string& track, const std::string& name, const std::string& kind, std::int64_t start,
                       std::int64_t end, std::int32_t node) {
    const auto from = static_cast<std::uint64_t>(start), to = static_cast<std::uint64_t>(end);  // 1 GHz: a cycle a ns
    expected.insert({track,
                     name,
                     kind,
                     from,
                     to,
                     node < 0 ? std::nullopt : std::optional<std::uint64_t>(node),
                     {{"start_cycle", from}, {"end_cycle", to}}});
  };
  run.for_each_interval([&](const IntervalRow& i) {
    const UnitRow& u = units[static_cast<std::size_t>(i.unit)];
    const std::string part = u.chiplet < 0 ? "package/" : "package/chiplet " + std::to_string(u.chiplet) + "/";
    const std::string node = i.node < 0 ? "" : " " + nodes[static_cast<std::size_t>(i.node)].name;
    add(part + u.name, i.kind + node, i.kind, i.start_cycle, i.end_cycle, i.node);
  });
  for (const GroupRow& g : run.groups()) add("package/fused groups", g.name, "group", g.start_cycle, g.end_cycle, -1);
  const PerfettoReader read = perfetto_of(folder);
  EXPECT_EQ(std::multiset<Slice>(read.slices.begin(), read.slices.end()), expected);
  EXPECT_EQ(expected.size(), 11u);
  EXPECT_EQ(read.instants, std::vector<std::string>{"run"});
}

TEST(Perfetto, CountersStandInTheirUnits) {
  TemporaryFolder folder;
  {
    Writer w(folder.file("run.sqlite"), testing::sample_info(), nlohmann::ordered_json::object());
    const auto dram = w.unit(-1, "dram"), pe = w.unit(3, "pe");
    w.counter(dram, "read_bytes_per_cycle", 0, 2.5);
    w.counter(pe, "macs_per_cycle", 10, 1024);
    w.counter(dram, "read_bytes_per_cycle", 50, 0);
    w.counter(dram, "outstanding_bursts", 50, -1.5);
    w.finish({100});
  }
  const PerfettoReader read = perfetto_of(folder);
  const std::multiset<Sample> expected{{"package/dram/read_bytes_per_cycle", 0, 2.5},
                                       {"package/chiplet 3/pe/macs_per_cycle", 10, 1024},
                                       {"package/dram/read_bytes_per_cycle", 50, 0},
                                       {"package/dram/outstanding_bursts", 50, -1.5}};
  EXPECT_EQ(std::multiset<Sample>(read.samples.begin(), read.samples.end()), expected);
}

TEST(Perfetto, TimesAreNanosecondsWhateverTheClock) {
  TemporaryFolder folder;
  RunInfo info = testing::sample_info();
  info.clock_ghz = 2;
  {
    Writer w(folder.file("run.sqlite"), info, nlohmann::ordered_json::object());
    const auto pe = w.unit(0, "pe");
    w.interval(pe, 10, 30, "compute");
    w.interval(pe, 30, 33, "stall");  // 1.5 ns
    w.finish({100});
  }
  const PerfettoReader read = perfetto_of(folder);
  ASSERT_EQ(read.slices.size(), 2u);
  EXPECT_EQ(read.slices[0].start, 5u);
  EXPECT_EQ(read.slices[0].end, 15u);
  EXPECT_EQ(read.slices[1].end, 17u);
  EXPECT_EQ(read.slices[1].arguments.at("end_cycle"), 33u);
}

TEST(Perfetto, LongRunsAreWrittenInPartsThatJoin) {
  TemporaryFolder folder;
  constexpr int kIntervals = 5000;
  {
    Writer w(folder.file("run.sqlite"), testing::sample_info(), nlohmann::ordered_json::object());
    const auto pe = w.unit(0, "pe"), dma = w.unit(0, "dma");
    for (int i = 0; i < kIntervals; ++i) {
      w.interval(pe, 10 * i, 10 * i + 10, i % 2 == 0 ? "compute" : "stall");
      w.interval(dma, 10 * i, 10 * i + 15, "load");  // overlap: two lanes
    }
    w.finish({10 * kIntervals + 5});
  }
  std::map<std::string, int> slices;
  for (const Slice& s : perfetto_of(folder).slices) ++slices[s.track];
  const std::map<std::string, int> expected{{"package/chiplet 0/pe", kIntervals},
                                            {"package/chiplet 0/dma", kIntervals / 2},
                                            {"package/chiplet 0/dma (2)", kIntervals / 2}};
  EXPECT_EQ(slices, expected);
}

TEST(Perfetto, WindowClipsSlicesAndTheirArgumentsSayTheWhole) {
  TemporaryFolder folder;
  write_sample_run(folder.file("run.sqlite"));
  const PerfettoReader read = perfetto_of(folder, {150, 250});
  ASSERT_EQ(read.slices.size(), 3u);  // the group and the two PEs computing node 0
  for (const Slice& s : read.slices) {
    EXPECT_EQ(s.start, 150u);
    EXPECT_EQ(s.end, 250u);
    EXPECT_LT(s.arguments.at("start_cycle"), 150u);
    EXPECT_GT(s.arguments.at("end_cycle"), 250u);
  }
}

}  // namespace
}  // namespace heat::traces
