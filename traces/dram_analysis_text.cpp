// The analysis for machines and for people.
#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "traces/dram_analysis.h"
#include "traces/text_table.h"

namespace heat::traces {
namespace {

using Json = nlohmann::ordered_json;

double hit_rate(const DramShare& s) {
  return s.requests > 0 ? static_cast<double>(s.row_results[0]) / static_cast<double>(s.requests) : 0;
}

double mean_read_latency(const DramShare& s) {
  return s.reads > 0 ? static_cast<double>(s.read_latency_cycles) / static_cast<double>(s.reads) : 0;
}

Json share_json(const DramShare& s) {
  return {{"name", s.name},
          {"requests", s.requests},
          {"read_bytes", s.read_bytes},
          {"write_bytes", s.write_bytes},
          {"row_hits", s.row_results[0]},
          {"row_misses", s.row_results[1]},
          {"row_conflicts", s.row_results[2]},
          {"row_hit_rate", hit_rate(s)},
          {"read_latency_mean_cycles", mean_read_latency(s)}};
}

Json list_json(const std::vector<DramShare>& list) {
  Json j = Json::array();
  for (const DramShare& s : list) j.push_back(share_json(s));
  return j;
}

std::string table_of(const std::string& title, const std::vector<DramShare>& list, int rows, double all_bytes) {
  using Align = TextTable::Align;
  TextTable table({{title, Align::kLeft},
                   {"bytes", Align::kRight},
                   {"share", Align::kRight},
                   {"writes", Align::kRight},
                   {"row hits", Align::kRight},
                   {"conflicts", Align::kRight},
                   {"read latency", Align::kRight}});
  int shown = 0;
  for (const DramShare& s : list) {
    if (rows > 0 && shown++ == rows) break;
    char latency[32];
    std::snprintf(latency, sizeof latency, "%.1f", mean_read_latency(s));
    table.add({s.name, with_separators(s.bytes()), share(static_cast<double>(s.bytes()), all_bytes),
               share(static_cast<double>(s.write_bytes), static_cast<double>(s.bytes())), percent(hit_rate(s)),
               with_separators(s.row_results[2]), latency});
  }
  std::string text = table.render();
  if (rows > 0 && static_cast<int>(list.size()) > rows)
    text += "  (" + std::to_string(list.size() - static_cast<std::size_t>(rows)) + " more)\n";
  return text + "\n";
}

// A line of block characters, one per bin.
std::string sparkline(const std::vector<double>& values, double top) {
  static const char* const kBlocks[] = {" ",      "\u2581", "\u2582", "\u2583", "\u2584",
                                        "\u2585", "\u2586", "\u2587", "\u2588"};
  std::string line;
  for (const double v : values) line += kBlocks[std::clamp(static_cast<int>(top > 0 ? v / top * 8 + 0.5 : 0), 0, 8)];
  return line;
}

std::string histogram(const std::vector<std::int64_t>& counts, const std::string& unit, std::int64_t offset) {
  TextTable table(
      {{"from", TextTable::Align::kRight}, {unit, TextTable::Align::kRight}, {"", TextTable::Align::kLeft}});
  const std::int64_t top = counts.empty() ? 0 : *std::max_element(counts.begin(), counts.end());
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] == 0) continue;
    const auto width = static_cast<std::size_t>(40 * static_cast<double>(counts[i]) / static_cast<double>(top) + 0.5);
    table.add({with_separators((std::int64_t{1} << i) - offset), with_separators(counts[i]),
               std::string(std::max<std::size_t>(width, 1), '#')});
  }
  return table.render() + "\n";
}

}  // namespace

Json to_json(const DramAnalysis& a) {
  Json j;
  j["limit"] = a.limit;
  j["cycles"] = a.cycles;
  j["channels"] = a.channels;
  j["peak_bytes_per_cycle"] = a.peak_bytes_per_cycle;
  j["all"] = share_json(a.all);
  j["channel_time_cycles"] = {{"data", a.time.data},       {"idle", a.time.idle},
                              {"refresh", a.time.refresh}, {"turnaround", a.time.turnaround},
                              {"rows", a.time.rows},       {"spacing", a.time.spacing}};
  if (a.what_if.known)
    j["shorter_without"] = {{"all", a.what_if.free},
                            {"rows", a.what_if.rows},
                            {"refresh", a.what_if.refresh},
                            {"turnaround", a.what_if.turnaround},
                            {"replay_error", a.what_if.replay_error}};
  j["by_channel"] = list_json(a.by_channel);
  j["by_bank"] = list_json(a.by_bank);
  j["by_tensor"] = list_json(a.by_tensor);
  j["by_node"] = list_json(a.by_node);
  j["read_latency_p50_cycles"] = a.read_latency_p50_cycles;
  j["read_latency_p95_cycles"] = a.read_latency_p95_cycles;
  j["read_latency_max_cycles"] = a.read_latency_max_cycles;
  j["read_latency_histogram_log2_cycles"] = a.read_latency_log2;
  j["first_touch_lines"] = a.first_touches;
  j["reuse_histogram_log2_lines"] = a.reuse_log2_lines;
  j["bin_cycles"] = a.bin_cycles;
  j["read_bytes_over_time"] = a.read_bytes_over_time;
  j["write_bytes_over_time"] = a.write_bytes_over_time;
  j["lowest_address"] = a.lowest_address;
  j["highest_address"] = a.highest_address;
  j["address_rows"] = a.address_rows;
  j["bytes_by_time_and_address"] = a.bytes_by_time_and_address;
  return j;
}

std::string to_text(const DramAnalysis& a, int rows) {
  std::string text = a.limit + "\n\n";
  if (a.all.requests == 0) return text + "Record them with: simba-sim --trace DIR --trace-dram\n";
  const double bytes = static_cast<double>(a.all.bytes());
  const auto part = [&](double x) { return share(x, a.time.total()); };
  text += "  requests      " + with_separators(a.all.requests) + ", " + with_separators(a.all.bytes()) + " bytes, " +
          share(bytes, a.peak_bytes_per_cycle * static_cast<double>(a.cycles)) + " of the peak bandwidth\n";
  text += "  row results   hit " + percent(hit_rate(a.all)) + ", miss " +
          share(static_cast<double>(a.all.row_results[1]), static_cast<double>(a.all.requests)) + ", conflict " +
          share(static_cast<double>(a.all.row_results[2]), static_cast<double>(a.all.requests)) + "\n";
  text += "  data buses    data " + part(a.time.data) + ", idle " + part(a.time.idle) + ", rows " + part(a.time.rows) +
          ", turn-around " + part(a.time.turnaround) + ", refresh " + part(a.time.refresh) + ", spacing " +
          part(a.time.spacing) + "\n";
  text += "  read latency  p50 " + with_separators(a.read_latency_p50_cycles) + ", p95 " +
          with_separators(a.read_latency_p95_cycles) + ", max " + with_separators(a.read_latency_max_cycles) +
          " cycles\n\n";
  std::vector<double> bandwidth;
  for (std::size_t i = 0; i < a.read_bytes_over_time.size(); ++i)
    bandwidth.push_back(static_cast<double>(a.read_bytes_over_time[i] + a.write_bytes_over_time[i]));
  text += "Bandwidth over time (full height: the peak)\n  |" +
          sparkline(bandwidth, a.peak_bytes_per_cycle * a.bin_cycles) + "|\n\n";
  text += "Address over time (address upwards)\n";
  std::int64_t top = 0;
  for (const auto& bin : a.bytes_by_time_and_address) top = std::max(top, *std::max_element(bin.begin(), bin.end()));
  constexpr int kLines = 16;
  for (int line = kLines - 1; line >= 0; --line) {
    std::vector<double> cells;
    for (const auto& bin : a.bytes_by_time_and_address) {
      std::int64_t sum = 0;
      for (int r = line * a.address_rows / kLines; r < (line + 1) * a.address_rows / kLines; ++r)
        sum = std::max(sum, bin[static_cast<std::size_t>(r)]);
      cells.push_back(sum > 0 ? std::max(0.13 * static_cast<double>(top), static_cast<double>(sum)) : 0);
    }
    text += "  |" + sparkline(cells, static_cast<double>(top)) + "|\n";
  }
  text += "\n" + table_of("tensor", a.by_tensor, rows, bytes) + table_of("node", a.by_node, rows, bytes) +
          table_of("channel", a.by_channel, rows, bytes) + table_of("bank", a.by_bank, rows, bytes);
  text += "Read latency, cycles\n" + histogram(a.read_latency_log2, "reads", 0);
  text += "Reuse distance, other 64-byte lines in between (" + with_separators(a.first_touches) + " first touches)\n" +
          histogram(a.reuse_log2_lines, "reuses", 1);
  return text;
}

}  // namespace heat::traces
