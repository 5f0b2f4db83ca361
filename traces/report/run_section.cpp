// From rows of a run database to the arrays that the page draws.
#include "traces/report/run_section.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "traces/busy_time.h"
#include "traces/dram_analysis.h"
#include "traces/report/dram_section.h"
#include "traces/summary.h"

namespace heat::traces {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kBins = 240;
constexpr int kAddressRows = 48;

// Adds the cycles of [start, end) that fall into each bin.
void spread(std::vector<double>& bins, double bin_cycles, double start, double end) {
  const auto last = static_cast<std::int64_t>(bins.size()) - 1;
  for (auto b = std::min(last, static_cast<std::int64_t>(start / bin_cycles)); b <= last && start < end; ++b) {
    const double bin_end = b == last ? end : std::min(end, static_cast<double>(b + 1) * bin_cycles);
    bins[static_cast<std::size_t>(b)] += std::max(0.0, bin_end - start);
    start = std::max(start, bin_end);
  }
}

Json stalls_by_layer(const Reader& reader, const std::vector<NodeRow>& nodes) {
  std::map<std::int32_t, std::string> layers;
  for (const auto& n : nodes) layers[n.id] = n.layer;
  std::map<std::tuple<std::string, std::string, std::string>, std::int64_t> sums;
  for (const auto& s : reader.stalls())
    sums[{s.node < 0 ? "(no node)" : layers[s.node], s.engine, s.reason}] += s.cycles;
  Json list = Json::array();
  for (const auto& [key, cycles] : sums)
    list.push_back(
        {{"layer", std::get<0>(key)}, {"engine", std::get<1>(key)}, {"reason", std::get<2>(key)}, {"cycles", cycles}});
  return list;
}

}  // namespace

Json utilization_over_time(const Reader& reader, int bins) {
  struct Kind {
    int units = 0;
    std::vector<double> busy;
  };
  const double cycles = static_cast<double>(reader.run().cycles);
  const double bin_cycles = cycles > 0 ? cycles / bins : 1;
  std::map<std::string, Kind> kinds;
  std::map<std::int32_t, Kind*> kind_of_unit;
  for (const auto& u : working_units(reader)) {
    Kind& kind = kinds[unit_kind(u.name)];
    ++kind.units;
    kind_of_unit[u.id] = &kind;
  }
  for_each_busy_stretch(reader, [&](std::int32_t unit, std::int64_t start, std::int64_t end) {
    Kind& kind = *kind_of_unit.at(unit);
    kind.busy.resize(static_cast<std::size_t>(bins));
    spread(kind.busy, bin_cycles, static_cast<double>(start), static_cast<double>(end));
  });
  Json list = Json::array();
  for (auto& [name, kind] : kinds) {
    if (kind.busy.empty()) continue;
    for (double& b : kind.busy) b = std::min(1.0, b / (bin_cycles * kind.units));
    list.push_back({{"kind", name}, {"units", kind.units}, {"busy", kind.busy}});
  }
  return {{"bins", bins}, {"bin_cycles", bin_cycles}, {"kinds", list}};
}

Json run_section(const Reader& reader, const std::string& name) {
  const RunRow& run = reader.run();
  const auto nodes = reader.nodes();
  Json json{{"name", name},
            {"file", reader.path()},
            {"program", run.info.program},
            {"version", run.info.version},
            {"network", run.info.network},
            {"method", run.info.method},
            {"arch", run.info.arch},
            {"clock_ghz", run.info.clock_ghz},
            {"peak_macs_per_cycle", run.info.peak_macs_per_cycle},
            {"dram_peak_bytes_per_cycle", run.info.dram_peak_bytes_per_cycle},
            {"cycles", run.cycles},
            {"latency_ns", run.latency_ns()},
            {"energy_pj", run.energy_pj},
            {"edp_js", run.edp_js()},
            {"macs", run.macs},
            {"utilization_of_peak", run.utilization()}};
  auto& node_list = json["nodes"] = Json::array();
  for (const auto& n : nodes)
    node_list.push_back({{"name", n.name},
                         {"macs", n.macs},
                         {"cycles", n.cycles},
                         {"dram_bytes", n.dram_read_bytes + n.dram_write_bytes}});
  auto& group_list = json["groups"] = Json::array();
  for (const auto& g : reader.groups())
    group_list.push_back({{"name", g.name}, {"start_cycle", g.start_cycle}, {"end_cycle", g.end_cycle}});
  json["stalls"] = stalls_by_layer(reader, nodes);
  json["utilization"] = utilization_over_time(reader, kBins);
  Json dram = dram_over_time(reader, kBins, kAddressRows);
  if (!dram.is_null()) {
    const Json analysis = to_json(analyze_dram(reader));
    dram["limit"] = analysis["limit"];
    dram["channel_time_cycles"] = analysis["channel_time_cycles"];
    dram["read_latency_log2"] = analysis["read_latency_histogram_log2_cycles"];
    dram["banks"] = analysis["by_bank"];
    json["dram"] = std::move(dram);
  }
  return json;
}

Json layers_of_run(const Reader& reader) {
  const Summary summary = summarize(reader);
  Json list = Json::array();
  for (const auto& l : summary.layers)
    list.push_back({{"layer", l.name},
                    {"energy_by_component_pj", l.energy_by_component_pj},
                    {"latency_ns", static_cast<double>(l.cycles) / summary.run.info.clock_ghz}});
  if (!summary.elsewhere.energy_by_component_pj.empty())
    list.push_back({{"layer", "(shared)"},
                    {"energy_by_component_pj", summary.elsewhere.energy_by_component_pj},
                    {"latency_ns", 0.0}});
  return list;
}

}  // namespace heat::traces
