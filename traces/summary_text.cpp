// The text form of a summary: tables, costliest first where an order is not given by the schedule.
#include <fmt/format.h>

#include <algorithm>

#include "traces/summary.h"
#include "traces/text_table.h"

namespace heat::traces {
namespace {

using Align = TextTable::Align;

std::string head(const Summary& s) {
  const RunRow& run = s.run;
  const double seconds = run.latency_ns() * 1e-9;
  std::string text =
      fmt::format("{}\n  {} ({}) on {}, schedule {}, {} {}, seed {}\n\n", s.file, run.info.network, run.info.method,
                  run.info.arch, run.info.schedule, run.info.program, run.info.version, run.info.seed);
  text += fmt::format("  latency      {} ({} cycles at {:g} GHz)\n", with_prefix(seconds, "s"),
                      with_separators(run.cycles), run.info.clock_ghz);
  text += fmt::format("  energy       {}\n", with_prefix(run.energy_pj * 1e-12, "J"));
  text += fmt::format("  EDP          {}\n", with_prefix(run.edp_js(), "J*s"));
  text += fmt::format("  MACs         {} ({} of the peak of {} a cycle)\n", with_separators(run.macs),
                      percent(run.utilization()), with_separators(run.info.peak_macs_per_cycle));
  text += fmt::format("  DRAM         {} bytes", with_separators(s.dram_bytes));
  const double peak = run.info.dram_peak_bytes_per_cycle * static_cast<double>(run.cycles);
  if (run.cycles > 0)
    text += fmt::format(" ({:.4g} GB/s, {} of the peak)",
                        static_cast<double>(s.dram_bytes) / static_cast<double>(run.cycles) * run.info.clock_ghz,
                        share(static_cast<double>(s.dram_bytes), peak));
  return text + "\n" + spec::to_text(s.floor);
}

std::string components(const Summary& s) {
  std::vector<std::pair<std::string, double>> sorted(s.energy_by_component_pj.begin(), s.energy_by_component_pj.end());
  std::stable_sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
  TextTable table({{"component", Align::kLeft}, {"action", Align::kLeft}, {"count"}, {"energy_pJ"}, {"share"}});
  for (const auto& [component, pj] : sorted) {
    table.add({component, "", "", fmt::format("{:.1f}", pj), share(pj, s.run.energy_pj)});
    std::vector<EnergyRow> actions;
    for (const auto& e : s.energy_by_action)
      if (e.component == component) actions.push_back(e);
    std::stable_sort(actions.begin(), actions.end(),
                     [](const auto& a, const auto& b) { return a.energy_pj > b.energy_pj; });
    for (const auto& e : actions)
      table.add({"", e.action, with_separators(e.count), fmt::format("{:.1f}", e.energy_pj),
                 share(e.energy_pj, s.run.energy_pj)});
  }
  return "\nEnergy by component\n" + table.render();
}

// How far the prediction is from the measurement; "-" where nothing was predicted.
std::string deviation(double measured, double predicted) {
  return predicted == 0 ? "-" : change(measured, predicted);
}

void add_cost(TextTable& table, const Summary& s, const CostLine& l) {
  const bool has_time = l.cycles > 0 || l.macs > 0;
  const double peak = static_cast<double>(l.cycles) * static_cast<double>(s.run.info.peak_macs_per_cycle);
  table.add({l.name, with_separators(l.macs), has_time ? with_separators(l.cycles) : "-",
             has_time ? share(static_cast<double>(l.cycles), static_cast<double>(s.run.cycles)) : "-",
             has_time ? share(static_cast<double>(l.macs), peak) : "-", fmt::format("{:.1f}", l.energy_pj),
             share(l.energy_pj, s.run.energy_pj), with_separators(l.dram_bytes),
             deviation(static_cast<double>(l.cycles), l.predicted_cycles),
             deviation(l.energy_pj, l.predicted_energy_pj)});
}

TextTable cost_table(const char* first) {
  return TextTable({{first, Align::kLeft},
                    {"MACs"},
                    {"cycles"},
                    {"time"},
                    {"of_peak"},
                    {"energy_pJ"},
                    {"energy"},
                    {"DRAM_bytes"},
                    {"predicted_time"},
                    {"predicted_energy"}});
}

std::string layers(const Summary& s) {
  TextTable table = cost_table("layer");
  for (const auto& line : s.layers) add_cost(table, s, line);
  if (s.elsewhere.energy_pj != 0) add_cost(table, s, s.elsewhere);
  return "\nBy layer (in the order of the schedule; predicted: against what was measured)\n" + table.render();
}

// Most cycles first.
std::vector<CostLine> costliest(const Summary& s, int max_nodes) {
  std::vector<CostLine> sorted = s.nodes;
  std::stable_sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.cycles > b.cycles; });
  if (max_nodes > 0 && sorted.size() > static_cast<std::size_t>(max_nodes))
    sorted.resize(static_cast<std::size_t>(max_nodes));
  return sorted;
}

std::string nodes(const Summary& s, const std::vector<CostLine>& lines) {
  TextTable table = cost_table("node");
  for (const auto& line : lines) add_cost(table, s, line);
  return fmt::format("\nBy node (most cycles first, {} of {})\n", lines.size(), s.nodes.size()) + table.render();
}

// One row a node, one column a component, and what belongs to the rows above and the ones left out.
std::string nodes_by_component(const Summary& s, const std::vector<CostLine>& lines) {
  std::vector<TextTable::Column> columns{{"node", Align::kLeft}, {"cycles"}, {"energy_pJ"}};
  for (const auto& [component, pj] : s.energy_by_component_pj) columns.push_back({component});
  TextTable table(columns);
  const auto add = [&](const CostLine& l, const std::string& cycles) {
    std::vector<std::string> cells{l.name, cycles, fmt::format("{:.1f}", l.energy_pj)};
    for (const auto& [component, pj] : s.energy_by_component_pj) {
      const auto it = l.energy_by_component_pj.find(component);
      cells.push_back(it == l.energy_by_component_pj.end() ? "-" : fmt::format("{:.1f}", it->second));
    }
    table.add(std::move(cells));
  };
  CostLine all;
  all.name = "(run)";
  all.energy_pj = s.run.energy_pj;
  all.energy_by_component_pj = s.energy_by_component_pj;
  for (const auto& line : lines) add(line, with_separators(line.cycles));
  if (s.elsewhere.energy_pj != 0) add(s.elsewhere, "-");
  add(all, with_separators(s.run.cycles));
  return "\nEnergy by node and component, pJ\n" + table.render();
}

// The node that an engine waited for longest by this cause.
const StallLine* stall_of(const Summary& s, const LedgerLine& l) {
  for (const StallLine& stall : s.stalls)
    if (stall.engine == l.engine && stall.reason == l.spent) return &stall;
  return nullptr;
}

std::string ledger(const Summary& s) {
  if (s.ledger.empty()) return "\nLedger of the units: no waits recorded\n";
  TextTable table({{"engine", Align::kLeft},
                   {"time_went_to", Align::kLeft},
                   {"cycles"},
                   {"share"},
                   {"worst_node", Align::kLeft},
                   {"its_cycles"}});
  for (const LedgerLine& l : s.ledger) {
    const StallLine* stall = stall_of(s, l);
    const bool node = stall && !stall->worst_node.empty();
    table.add({l.engine, l.spent, with_separators(l.cycles), percent(l.share), node ? stall->worst_node : "",
               node ? with_separators(stall->worst_node_cycles) : ""});
  }
  return "\nLedger of the units (summed over all of a kind; work, then what they waited for)\n" + table.render();
}

std::string units(const Summary& s) {
  if (s.units.empty()) return "\nUnits: no activity recorded\n";
  TextTable table({{"units", Align::kLeft}, {"number"}, {"mean_busy"}, {"max_busy"}, {"busiest", Align::kLeft}});
  for (const auto& u : s.units)
    table.add({u.kind, std::to_string(u.units), percent(u.mean_busy), percent(u.max_busy), u.busiest});
  return "\nUtilisation (share of the run in which a unit had work)\n" + table.render();
}

}  // namespace

std::string to_text(const Summary& s, int max_nodes) {
  const std::vector<CostLine> lines = costliest(s, max_nodes);
  return head(s) + components(s) + layers(s) + nodes(s, lines) + nodes_by_component(s, lines) + ledger(s) + units(s);
}

}  // namespace heat::traces
