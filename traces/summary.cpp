// Aggregation of the run database.
#include "traces/summary.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <tuple>

#include "traces/busy_time.h"

namespace heat::traces {
namespace {

std::vector<EnergyRow> sum_by_action(const std::vector<EnergyRow>& rows) {
  std::map<std::pair<std::string, std::string>, EnergyRow> sums;
  for (const auto& r : rows) {
    EnergyRow& sum = sums[{r.component, r.action}];
    sum.component = r.component;
    sum.action = r.action;
    sum.count += r.count;
    sum.energy_pj += r.energy_pj;
  }
  std::vector<EnergyRow> list;
  for (auto& [key, row] : sums) list.push_back(std::move(row));
  return list;
}

void add(CostLine& to, const CostLine& line) {
  to.macs += line.macs;
  to.cycles += line.cycles;
  to.energy_pj += line.energy_pj;
  to.predicted_cycles += line.predicted_cycles;
  to.predicted_energy_pj += line.predicted_energy_pj;
  to.dram_bytes += line.dram_bytes;
  for (const auto& [component, pj] : line.energy_by_component_pj) to.energy_by_component_pj[component] += pj;
}

void fill_costs(const Reader& reader, const std::vector<NodeRow>& nodes, Summary& summary) {
  std::map<std::int32_t, CostLine> by_node;
  for (const auto& n : nodes)
    by_node[n.id] = {n.name,
                     n.macs,
                     n.cycles,
                     n.energy_pj,
                     n.predicted_cycles,
                     n.predicted_energy_pj,
                     n.dram_read_bytes + n.dram_write_bytes,
                     {}};
  const auto energies = reader.energies();
  for (const auto& e : energies) {
    summary.energy_by_component_pj[e.component] += e.energy_pj;
    const auto it = by_node.find(e.node);
    CostLine& line = it == by_node.end() ? summary.elsewhere : it->second;
    line.energy_by_component_pj[e.component] += e.energy_pj;
    if (it == by_node.end()) line.energy_pj += e.energy_pj;
  }
  summary.energy_by_action = sum_by_action(energies);
  std::map<std::string, std::size_t> layer_position;
  for (const auto& n : nodes) {
    const CostLine& line = by_node[n.id];
    summary.nodes.push_back(line);
    summary.dram_bytes += line.dram_bytes;
    const auto [it, added] = layer_position.emplace(n.layer, summary.layers.size());
    if (added) summary.layers.emplace_back().name = n.layer;
    add(summary.layers[it->second], line);
  }
}

std::vector<StallLine> collect_stalls(const Reader& reader, const std::vector<NodeRow>& nodes) {
  std::map<std::int32_t, std::string> names;
  for (const auto& n : nodes) names[n.id] = n.name;
  std::map<std::pair<std::string, std::string>, std::map<std::int32_t, std::int64_t>> by_cause;
  for (const auto& s : reader.stalls()) by_cause[{s.engine, s.reason}][s.node] += s.cycles;
  std::vector<StallLine> lines;
  for (const auto& [cause, by_node] : by_cause) {
    StallLine line{cause.first, cause.second, 0, "", 0};
    for (const auto& [node, cycles] : by_node) {
      line.cycles += cycles;
      if (node >= 0 && cycles > line.worst_node_cycles) {
        line.worst_node = names[node];
        line.worst_node_cycles = cycles;
      }
    }
    lines.push_back(line);
  }
  std::stable_sort(lines.begin(), lines.end(), [](const auto& a, const auto& b) { return a.cycles > b.cycles; });
  return lines;
}

std::vector<UnitLine> collect_units(const Reader& reader, std::int64_t run_cycles) {
  std::map<std::int32_t, std::int64_t> busy;
  for_each_busy_stretch(reader,
                        [&](std::int32_t unit, std::int64_t start, std::int64_t end) { busy[unit] += end - start; });
  std::map<std::string, UnitLine> by_kind;
  for (const auto& unit : working_units(reader)) {
    UnitLine& line = by_kind[unit_kind(unit.name)];
    const double fraction = run_cycles == 0 ? 0 : static_cast<double>(busy[unit.id]) / static_cast<double>(run_cycles);
    if (line.units == 0 || fraction > line.max_busy) {
      line.max_busy = fraction;
      line.busiest = (unit.chiplet < 0 ? "package " : "chiplet " + std::to_string(unit.chiplet) + " ") + unit.name;
    }
    line.kind = unit_kind(unit.name);
    line.mean_busy += fraction;
    line.busy_cycles += busy[unit.id];
    ++line.units;
  }
  std::vector<UnitLine> lines;
  for (auto& [kind, line] : by_kind) {
    line.mean_busy /= line.units;
    lines.push_back(line);
  }
  return lines;
}

std::vector<LedgerLine> collect_ledger(const Summary& s) {
  std::vector<LedgerLine> lines;
  for (const UnitLine& u : s.units) {
    const auto time = static_cast<double>(s.run.cycles) * u.units;
    const auto add = [&](const std::string& spent, std::int64_t cycles) {
      lines.push_back({u.kind, spent, cycles, time > 0 ? static_cast<double>(cycles) / time : 0});
    };
    std::int64_t left = s.run.cycles * u.units;
    const bool waits = std::any_of(s.stalls.begin(), s.stalls.end(), [&](const auto& l) { return l.engine == u.kind; });
    if (!waits) continue;
    add("work", u.busy_cycles);
    left -= u.busy_cycles;
    for (const StallLine& l : s.stalls) {
      if (l.engine != u.kind) continue;
      add(l.reason, l.cycles);
      left -= l.cycles;
    }
    if (left != 0) add("unaccounted", left);
  }
  return lines;
}

nlohmann::ordered_json cost_json(const CostLine& line) {
  return {{"name", line.name},
          {"macs", line.macs},
          {"cycles", line.cycles},
          {"energy_pj", line.energy_pj},
          {"predicted_cycles", line.predicted_cycles},
          {"predicted_energy_pj", line.predicted_energy_pj},
          {"dram_bytes", line.dram_bytes},
          {"energy_by_component_pj", line.energy_by_component_pj}};
}

}  // namespace

Summary summarize(const Reader& reader) {
  Summary summary;
  summary.file = reader.path();
  summary.run = reader.run();
  const auto nodes = reader.nodes();
  fill_costs(reader, nodes, summary);
  summary.elsewhere.name = "(no node)";
  summary.stalls = collect_stalls(reader, nodes);
  summary.units = collect_units(reader, summary.run.cycles);
  summary.ledger = collect_ledger(summary);
  summary.floor = reader.floor();
  return summary;
}

nlohmann::ordered_json to_json(const Summary& s) {
  const RunRow& run = s.run;
  nlohmann::ordered_json json{{"program", run.info.program},
                              {"version", run.info.version},
                              {"network", run.info.network},
                              {"method", run.info.method},
                              {"arch", run.info.arch},
                              {"schedule", run.info.schedule},
                              {"seed", run.info.seed},
                              {"clock_ghz", run.info.clock_ghz},
                              {"cycles", run.cycles},
                              {"latency_ns", run.latency_ns()},
                              {"energy_pj", run.energy_pj},
                              {"edp_js", run.edp_js()},
                              {"macs", run.macs},
                              {"utilization", run.utilization()},
                              {"dram_bytes", s.dram_bytes},
                              {"energy_by_component_pj", s.energy_by_component_pj}};
  auto& actions = json["energy_by_action"] = nlohmann::ordered_json::array();
  for (const auto& e : s.energy_by_action)
    actions.push_back(
        {{"component", e.component}, {"action", e.action}, {"count", e.count}, {"energy_pj", e.energy_pj}});
  auto& layers = json["layers"] = nlohmann::ordered_json::array();
  for (const auto& line : s.layers) layers.push_back(cost_json(line));
  auto& nodes = json["nodes"] = nlohmann::ordered_json::array();
  for (const auto& line : s.nodes) nodes.push_back(cost_json(line));
  json["energy_of_no_node_pj"] = s.elsewhere.energy_pj;
  json["energy_of_no_node_by_component_pj"] = s.elsewhere.energy_by_component_pj;
  auto& stalls = json["stalls"] = nlohmann::ordered_json::array();
  for (const auto& l : s.stalls)
    stalls.push_back({{"engine", l.engine},
                      {"reason", l.reason},
                      {"cycles", l.cycles},
                      {"worst_node", l.worst_node},
                      {"worst_node_cycles", l.worst_node_cycles}});
  auto& ledger = json["ledger"] = nlohmann::ordered_json::array();
  for (const auto& l : s.ledger)
    ledger.push_back({{"engine", l.engine}, {"spent", l.spent}, {"cycles", l.cycles}, {"share", l.share}});
  auto& units = json["units"] = nlohmann::ordered_json::array();
  for (const auto& u : s.units)
    units.push_back({{"kind", u.kind},
                     {"units", u.units},
                     {"mean_busy", u.mean_busy},
                     {"max_busy", u.max_busy},
                     {"busiest", u.busiest}});
  json["floor"] = spec::floor_json(s.floor);
  json["resources"] = spec::resources_json(s.floor);
  return json;
}

}  // namespace heat::traces
