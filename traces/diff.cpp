// Nodes, layers and components are matched by name; order of equal changes is the order of first appearance.
#include "traces/diff.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "traces/text_table.h"

namespace heat::traces {
namespace {

class Matcher {
 public:
  DiffLine& at(const std::string& name) {
    const auto [it, added] = position_.emplace(name, lines_.size());
    if (added) lines_.emplace_back().name = name;
    return lines_[it->second];
  }
  void put(bool is_a, const std::string& name, double cycles, double energy_pj) {
    DiffLine& line = at(name);
    (is_a ? line.in_a : line.in_b) = true;
    (is_a ? line.cycles_a : line.cycles_b) += cycles;
    (is_a ? line.energy_a_pj : line.energy_b_pj) += energy_pj;
  }
  std::vector<DiffLine> changed(DiffOrder order) {
    std::vector<DiffLine> list;
    for (const auto& line : lines_)
      if (line.changed()) list.push_back(line);
    const auto size = [&](const DiffLine& l) {
      return order == DiffOrder::kCycles ? std::abs(l.cycles_b - l.cycles_a) : std::abs(l.energy_b_pj - l.energy_a_pj);
    };
    std::stable_sort(list.begin(), list.end(), [&](const auto& x, const auto& y) { return size(x) > size(y); });
    return list;
  }

 private:
  std::map<std::string, std::size_t> position_;
  std::vector<DiffLine> lines_;
};

std::vector<DiffLine> match(const std::vector<CostLine>& a, const std::vector<CostLine>& b, DiffOrder order) {
  Matcher matcher;
  for (const auto& l : a) matcher.put(true, l.name, static_cast<double>(l.cycles), l.energy_pj);
  for (const auto& l : b) matcher.put(false, l.name, static_cast<double>(l.cycles), l.energy_pj);
  return matcher.changed(order);
}

nlohmann::ordered_json line_json(const DiffLine& l, bool with_cycles) {
  nlohmann::ordered_json json{{"name", l.name}};
  if (!l.in_a || !l.in_b) json["only_in"] = l.in_a ? "a" : "b";
  if (with_cycles) {
    json["a_cycles"] = l.cycles_a;
    json["b_cycles"] = l.cycles_b;
  }
  json["a_energy_pj"] = l.energy_a_pj;
  json["b_energy_pj"] = l.energy_b_pj;
  return json;
}

nlohmann::ordered_json lines_json(const std::vector<DiffLine>& lines, bool with_cycles) {
  auto list = nlohmann::ordered_json::array();
  for (const auto& l : lines) list.push_back(line_json(l, with_cycles));
  return list;
}

std::string table_text(const char* what, const std::vector<DiffLine>& lines, int max_lines, bool with_cycles) {
  if (lines.empty()) return "";
  using Align = TextTable::Align;
  std::vector<TextTable::Column> columns{{what, Align::kLeft}};
  if (with_cycles) columns.insert(columns.end(), {{"A_cycles"}, {"B_cycles"}, {"change"}, {"rel"}});
  columns.insert(columns.end(), {{"A_energy_pJ"}, {"B_energy_pJ"}, {"change"}, {"rel"}, {"only_in", Align::kLeft}});
  TextTable table(columns);
  const std::size_t shown = max_lines > 0 ? std::min(lines.size(), static_cast<std::size_t>(max_lines)) : lines.size();
  for (std::size_t i = 0; i < shown; ++i) {
    const DiffLine& l = lines[i];
    std::vector<std::string> cells{l.name};
    if (with_cycles)
      cells.insert(cells.end(), {fmt::format("{:.0f}", l.cycles_a), fmt::format("{:.0f}", l.cycles_b),
                                 fmt::format("{:+.0f}", l.cycles_b - l.cycles_a), change(l.cycles_a, l.cycles_b)});
    cells.insert(cells.end(),
                 {fmt::format("{:.1f}", l.energy_a_pj), fmt::format("{:.1f}", l.energy_b_pj),
                  fmt::format("{:+.1f}", l.energy_b_pj - l.energy_a_pj), change(l.energy_a_pj, l.energy_b_pj),
                  l.in_a == l.in_b ? ""
                  : l.in_a         ? "A"
                                   : "B"});
    table.add(cells);
  }
  return fmt::format("\nBy {} ({} of {} that changed)\n", what, shown, lines.size()) + table.render();
}

}  // namespace

Diff diff(const Summary& a, const Summary& b, DiffOrder order) {
  Diff d;
  d.file_a = a.file;
  d.file_b = b.file;
  d.total = {
      "total",         true,           true, static_cast<double>(a.run.cycles), static_cast<double>(b.run.cycles),
      a.run.energy_pj, b.run.energy_pj};
  Matcher components;
  for (const auto& [name, pj] : a.energy_by_component_pj) components.put(true, name, 0, pj);
  for (const auto& [name, pj] : b.energy_by_component_pj) components.put(false, name, 0, pj);
  d.components = components.changed(DiffOrder::kEnergy);
  d.layers = match(a.layers, b.layers, order);
  d.nodes = match(a.nodes, b.nodes, order);
  return d;
}

nlohmann::ordered_json to_json(const Diff& d) {
  return {{"a", d.file_a},
          {"b", d.file_b},
          {"identical", d.identical()},
          {"total", line_json(d.total, true)},
          {"components", lines_json(d.components, false)},
          {"layers", lines_json(d.layers, true)},
          {"nodes", lines_json(d.nodes, true)}};
}

std::string to_text(const Diff& d, int max_lines) {
  std::string text = fmt::format("A  {}\nB  {}\n", d.file_a, d.file_b);
  if (d.identical()) return text + "\nNo differences in time or energy.\n";
  const DiffLine& t = d.total;
  const auto edp = [](double a, double b) { return b == 0 ? std::string("-") : fmt::format("{:.3f}x", a / b); };
  text +=
      fmt::format("\n  cycles  {:.0f} -> {:.0f} ({})\n  energy  {:.1f} pJ -> {:.1f} pJ ({})\n", t.cycles_a, t.cycles_b,
                  change(t.cycles_a, t.cycles_b), t.energy_a_pj, t.energy_b_pj, change(t.energy_a_pj, t.energy_b_pj));
  text += fmt::format("  cycles x energy, A over B: {}\n", edp(t.cycles_a * t.energy_a_pj, t.cycles_b * t.energy_b_pj));
  text += table_text("component", d.components, max_lines, false);
  text += table_text("layer", d.layers, max_lines, true);
  text += table_text("node", d.nodes, max_lines, true);
  return text;
}

}  // namespace heat::traces
