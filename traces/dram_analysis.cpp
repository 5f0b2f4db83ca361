// One pass in the order of arrival fills the sums. For the data bus, the requests of each channel are then taken in the
// order in which their data went over it: a gap in front of a burst is idle time as far as the request was not there
// yet; the rest is laid to the refresh (a gap that long), the change of direction, the row the request had to open, or
// else to the spacing of commands.
#include "traces/dram_analysis.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>

#include "traces/reuse_distance.h"
#include "traces/run_replay.h"
#include "traces/text_table.h"

namespace heat::traces {
namespace {

constexpr std::int64_t kLineBytes = 64;

struct Burst {
  std::int64_t arrival, finish;
  std::int32_t bytes;
  bool write;
  RowResult row;
};

void count(DramShare& s, const DramTransactionRow& t) {
  ++s.requests;
  (t.is_write ? s.write_bytes : s.read_bytes) += t.bytes;
  ++s.row_results[static_cast<std::size_t>(t.row_result)];
  if (t.is_write) return;
  ++s.reads;
  s.read_latency_cycles += t.finish_cycle - t.arrival_cycle;
}

void count_log2(std::vector<std::int64_t>& histogram, std::int64_t value) {
  const auto i =
      static_cast<std::size_t>(std::bit_width(static_cast<std::uint64_t>(std::max<std::int64_t>(value, 1))) - 1);
  if (histogram.size() <= i) histogram.resize(i + 1, 0);
  ++histogram[i];
}

std::vector<DramShare> sorted_by_bytes(std::map<std::int32_t, DramShare> shares) {
  std::vector<DramShare> list;
  for (auto& [id, share] : shares) list.push_back(std::move(share));
  std::stable_sort(list.begin(), list.end(),
                   [](const DramShare& a, const DramShare& b) { return a.bytes() > b.bytes(); });
  return list;
}

// Cycles of the run's clock that a refresh makes a rank unavailable; 0 when the run does not say.
double refresh_cycles(const Reader& reader) {
  const nlohmann::ordered_json config = reader.config();
  if (!config.contains("dram") || !config["dram"].is_object()) return 0;
  const auto& dram = config["dram"];
  const nlohmann::ordered_json timings = dram.value("timings_cycles", nlohmann::ordered_json::object());
  if (!timings.is_object() || !timings.contains("tRFC") || !timings["tRFC"].is_number()) return 0;
  const double clock_ns =
      dram.contains("clock_ns") && dram["clock_ns"].is_number() ? dram["clock_ns"].get<double>() : 0;
  return timings["tRFC"].get<double>() * clock_ns * reader.run().info.clock_ghz;
}

void account_channel(std::vector<Burst>& bursts, double bytes_per_cycle, double refresh, double run_cycles,
                     DramTime& time) {
  std::stable_sort(bursts.begin(), bursts.end(), [](const Burst& a, const Burst& b) { return a.finish < b.finish; });
  double busy_until = 0;
  bool last_write = false, first = true;
  for (const Burst& b : bursts) {
    const double end = std::max(static_cast<double>(b.finish), busy_until);
    const double begin = std::max(busy_until, end - static_cast<double>(b.bytes) / bytes_per_cycle);
    time.data += end - begin;
    const double idle = std::clamp(static_cast<double>(b.arrival) - busy_until, 0.0, begin - busy_until);
    const double waited = begin - busy_until - idle;
    time.idle += idle;
    if (refresh > 0 && waited >= 0.8 * refresh)
      time.refresh += waited;
    else if (!first && b.write != last_write)
      time.turnaround += waited;
    else if (b.row != RowResult::kHit)
      time.rows += waited;
    else
      time.spacing += waited;
    busy_until = end;
    last_write = b.write;
    first = false;
  }
  time.idle += std::max(0.0, run_cycles - busy_until);
}

struct Collected {
  DramAnalysis a;
  std::map<std::int32_t, DramShare> channels, tensors, nodes;
  std::map<std::pair<std::int32_t, std::int32_t>, DramShare> banks;
  std::map<std::int32_t, std::vector<Burst>> bursts;
  std::vector<std::int64_t> read_latencies;
  ReuseDistance reuse;
};

void collect(Collected& c, const DramTransactionRow& t) {
  count(c.a.all, t);
  count(c.channels[t.channel], t);
  count(c.banks[{t.channel, t.bank}], t);
  count(c.tensors[t.tensor], t);
  count(c.nodes[t.node], t);
  c.bursts[t.channel].push_back({t.arrival_cycle, t.finish_cycle, t.bytes, t.is_write, t.row_result});
  const std::int64_t end = t.address + std::max(t.bytes, 1);
  c.a.lowest_address = std::min(c.a.lowest_address, t.address);
  c.a.highest_address = std::max(c.a.highest_address, end);
  if (!t.is_write) {
    c.read_latencies.push_back(t.finish_cycle - t.arrival_cycle);
    count_log2(c.a.read_latency_log2, t.finish_cycle - t.arrival_cycle);
  }
  for (std::int64_t line = t.address / kLineBytes; line * kLineBytes < end; ++line) {
    const std::int64_t distance = c.reuse.access(line);
    if (distance == ReuseDistance::kFirst)
      ++c.a.first_touches;
    else
      count_log2(c.a.reuse_log2_lines, distance + 1);
  }
}

// The second pass, when the range of addresses is known.
void fill_grid(const Reader& reader, DramAnalysis& a, int bins) {
  const auto n = static_cast<std::size_t>(bins);
  a.bin_cycles = std::max(1.0, static_cast<double>(a.cycles) / bins);
  a.read_bytes_over_time.assign(n, 0);
  a.write_bytes_over_time.assign(n, 0);
  a.bytes_by_time_and_address.assign(n, std::vector<std::int64_t>(static_cast<std::size_t>(a.address_rows), 0));
  const double row_bytes = static_cast<double>(a.highest_address - a.lowest_address) / a.address_rows;
  reader.for_each_dram_transaction([&](const DramTransactionRow& t) {
    const int bin = std::clamp(static_cast<int>(static_cast<double>(t.finish_cycle) / a.bin_cycles), 0, bins - 1);
    const int row = std::clamp(static_cast<int>(static_cast<double>(t.address - a.lowest_address) / row_bytes), 0,
                               a.address_rows - 1);
    (t.is_write ? a.write_bytes_over_time : a.read_bytes_over_time)[static_cast<std::size_t>(bin)] += t.bytes;
    a.bytes_by_time_and_address[static_cast<std::size_t>(bin)][static_cast<std::size_t>(row)] += t.bytes;
  });
}

void name_shares(Collected& c, const Reader& reader) {
  const std::vector<TensorRow> tensors = reader.tensors();
  const std::vector<NodeRow> nodes = reader.nodes();
  for (auto& [id, share] : c.channels) share.name = "channel" + std::to_string(id);
  for (auto& [id, share] : c.banks)
    share.name = "channel" + std::to_string(id.first) + ".bank" + std::to_string(id.second);
  const auto name = [](const auto& rows, std::int32_t id) {
    for (const auto& row : rows)
      if (row.id == id) return row.name;
    return std::string("(none)");
  };
  for (auto& [id, share] : c.tensors) share.name = name(tensors, id);
  for (auto& [id, share] : c.nodes) share.name = name(nodes, id);
}

DramWhatIf what_if_of(const Reader& reader) {
  DramWhatIf w;
  const RecordedRun run = recorded_run(reader);
  if (run.commands.empty()) return w;
  const spec::DramSpec dram = spec::dram_spec_from_json(reader.config().at("dram"), reader.path() + ": config.dram");
  const auto cycles = static_cast<double>(replayed_cycles(run, dram));
  const auto shorter = [&](spec::DramCost cost) {
    return 1 - static_cast<double>(replayed_cycles(run, spec::without(dram, cost))) / cycles;
  };
  w.known = true;
  w.free = shorter(spec::DramCost::kAll);
  w.rows = shorter(spec::DramCost::kRows);
  w.refresh = shorter(spec::DramCost::kRefresh);
  w.turnaround = shorter(spec::DramCost::kTurnaround);
  w.replay_error = cycles / static_cast<double>(run.cycles) - 1;
  return w;
}

std::string limit_of(const DramAnalysis& a) {
  if (a.all.requests == 0) return "The run recorded no DRAM requests.";
  const DramWhatIf& w = a.what_if;
  if (w.known)
    return "With a free DRAM this run is " + percent(w.free) + " shorter: without opening rows " + percent(w.rows) +
           ", without refresh " + percent(w.refresh) + ", without turn-around " + percent(w.turnaround) + ".";
  const DramTime& t = a.time;
  const auto part = [&](double x) { return share(x, t.total()); };
  if (t.data >= 0.7 * t.total())
    return "The data bus limits the traffic: it moves data " + part(t.data) + " of the time.";
  const double most = std::max({t.idle, t.refresh, t.turnaround, t.rows, t.spacing});
  if (most == t.idle)
    return "What the DRAM costs the run is not known: the run recorded no commands. For " + part(t.idle) +
           " of the time no request waits (its bus moves data " + part(t.data) + " of the time).";
  if (most == t.rows) {
    const auto worst =
        std::max_element(a.by_tensor.begin(), a.by_tensor.end(), [](const DramShare& x, const DramShare& y) {
          return x.row_results[1] + x.row_results[2] < y.row_results[1] + y.row_results[2];
        });
    return "Opening rows limits the traffic: the bus waits for it " + part(t.rows) + " of the time, most of it for " +
           worst->name + ".";
  }
  if (most == t.turnaround)
    return "Changing between reads and writes limits the traffic: it takes " + part(t.turnaround) +
           " of the bus's time.";
  if (most == t.refresh) return "Refresh limits the traffic: requests wait for it " + part(t.refresh) + " of the time.";
  return "The spacing of commands limits the traffic: between row hits the bus waits " + part(t.spacing) +
         " of the time (neighbouring accesses in one bank group, or too few requests at a time).";
}

}  // namespace

DramAnalysis analyze_dram(const Reader& reader, int bins, int address_rows) {
  Collected c;
  DramAnalysis& a = c.a;
  a.cycles = reader.run().cycles;
  a.peak_bytes_per_cycle = reader.run().info.dram_peak_bytes_per_cycle;
  a.address_rows = address_rows;
  a.lowest_address = std::numeric_limits<std::int64_t>::max();
  reader.for_each_dram_transaction([&](const DramTransactionRow& t) { collect(c, t); });
  if (a.all.requests == 0) a.lowest_address = 0;
  name_shares(c, reader);
  a.all.name = "all";
  for (auto& [id, s] : c.channels) a.by_channel.push_back(s);
  for (auto& [id, s] : c.banks) a.by_bank.push_back(s);
  a.by_tensor = sorted_by_bytes(std::move(c.tensors));
  a.by_node = sorted_by_bytes(std::move(c.nodes));
  a.channels = c.bursts.empty() ? 0 : c.bursts.rbegin()->first + 1;
  if (!c.read_latencies.empty()) {
    std::sort(c.read_latencies.begin(), c.read_latencies.end());
    const auto at = [&](double q) {
      return c.read_latencies[static_cast<std::size_t>(q * static_cast<double>(c.read_latencies.size() - 1))];
    };
    a.read_latency_p50_cycles = at(0.5);
    a.read_latency_p95_cycles = at(0.95);
    a.read_latency_max_cycles = c.read_latencies.back();
  }
  if (a.all.requests > 0) fill_grid(reader, a, bins);
  const double per_channel = a.peak_bytes_per_cycle > 0 && a.channels > 0 ? a.peak_bytes_per_cycle / a.channels : 64.0;
  const double refresh = refresh_cycles(reader);
  for (int channel = 0; channel < a.channels; ++channel)
    account_channel(c.bursts[channel], per_channel, refresh, static_cast<double>(a.cycles), a.time);
  a.what_if = what_if_of(reader);
  a.limit = limit_of(a);
  return std::move(c.a);
}

}  // namespace heat::traces
