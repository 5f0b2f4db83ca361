// Every figure is made from the values as they are written, so that a reader of the table finds the same.
#include "offline/loop/energy_fit_report.h"

#include <fmt/printf.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>

#include "base/atomic_file.h"
#include "base/errors.h"

namespace heat::offline {
namespace {

using nlohmann::ordered_json;

const char* name_of(BoundHit hit) {
  switch (hit) {
    case BoundHit::kNone:
      return "none";
    case BoundHit::kLower:
      return "lower";
    case BoundHit::kUpper:
      return "upper";
  }
  HEAT_CHECK(false, "unknown bound");
}

const char* key_of(EnergyTarget kind) {
  return kind == EnergyTarget::kEdp ? "edp_js" : "energy_pj";
}

// In uJ*s or mJ, without and with the unit.
std::string shown_value(EnergyTarget kind, double value) {
  return fmt::sprintf("%.4g", kind == EnergyTarget::kEdp ? value * 1e6 : value * 1e-9);
}
std::string shown(EnergyTarget kind, double value) {
  return shown_value(kind, value) + (kind == EnergyTarget::kEdp ? " uJ*s" : " mJ");
}

double off_by(const TargetRow& row, const EnergyEntries& entries) {
  return row.predicted(entries) / row.target - 1;
}

std::string file_name(const std::string& path) {
  return std::filesystem::path(path).filename().string();
}

// The names of free values by position.
std::vector<std::string> names_of(const EnergyFitProblem& problem, const std::vector<std::size_t>& positions) {
  std::vector<std::string> names;
  for (std::size_t j : positions) names.push_back(problem.free[j].name);
  return names;
}

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

ordered_json rows_json(const EnergyFitProblem& p, const EnergyFit& fit) {
  ordered_json rows = ordered_json::array();
  for (const TargetRow& row : p.rows) {
    const std::string key = key_of(row.kind);
    ordered_json j = {{"name", row.name},
                      {"run", row.run.file},
                      {"weight", row.weight},
                      {"target_" + key, row.target},
                      {"start_" + key, row.predicted(p.start)},
                      {"fitted_" + key, row.predicted(fit.entries)},
                      {"start_residual", off_by(row, p.start)},
                      {"residual", off_by(row, fit.entries)},
                      {"least_" + key, row.predicted(p.at_bounds(BoundHit::kLower))},
                      {"most_" + key, row.predicted(p.at_bounds(BoundHit::kUpper))},
                      {"energy_pj", row.run.energy_pj(fit.entries)},
                      {"fixed_energy_pj", row.run.fixed_pj},
                      {"latency_ns", row.run.latency_ns}};
    if (row.target_latency_ns) j["target_latency_ns"] = *row.target_latency_ns;
    rows.push_back(std::move(j));
  }
  return rows;
}

ordered_json free_json(const EnergyFitProblem& p, const EnergyFit& fit) {
  ordered_json list = ordered_json::array();
  for (std::size_t j = 0; j < p.free.size(); ++j) {
    const FreeValue& f = p.free[j];
    ordered_json entries = ordered_json::object();
    for (std::size_t entry : f.entries) entries[energy_entry_name(entry)] = fit.entries[entry];
    list.push_back({{f.scale ? "scale" : "entry", f.name},
                    {"start", f.start},
                    {"lower", f.lower},
                    {"upper", f.upper},
                    {"value", fit.values[j]},
                    {"bound_hit", name_of(fit.hits[j])},
                    {"resolution", fit.identifiability.resolution[j]},
                    {"entries", entries},
                    {"source", f.source}});
  }
  return list;
}

std::string rows_text(const EnergyFitProblem& p, const EnergyFit& fit) {
  std::string text = fmt::sprintf("%-28s %15s %15s %15s %9s  %-22s  %s\n", "row", "target", "start", "fitted", "off by",
                                  "the bounds allow", "latency");
  for (const TargetRow& row : p.rows) {
    const std::string allowed = shown_value(row.kind, row.predicted(p.at_bounds(BoundHit::kLower))) + " to " +
                                shown(row.kind, row.predicted(p.at_bounds(BoundHit::kUpper)));
    text += fmt::sprintf("%-28s %15s %15s %15s %+8.2f%%  %-22s  %.4g ms", row.name.c_str(),
                         shown(row.kind, row.target).c_str(), shown(row.kind, row.predicted(p.start)).c_str(),
                         shown(row.kind, row.predicted(fit.entries)).c_str(), 100 * off_by(row, fit.entries),
                         allowed.c_str(), row.run.latency_ns * 1e-6);
    if (row.target_latency_ns)
      text += fmt::sprintf(" (target %.4g ms, %+.1f%%)", *row.target_latency_ns * 1e-6,
                           100 * (row.run.latency_ns / *row.target_latency_ns - 1));
    text += "\n";
  }
  return text;
}

// What a fitted line of the table says of itself.
std::string provenance(const EnergyFitProblem& p, const EnergyFit& fit, std::size_t j, std::size_t entry) {
  const FreeValue& f = p.free[j];
  std::string source = f.source;
  std::replace(source.begin(), source.end(), '\n', ' ');
  std::string text = fmt::sprintf("fitted, %g in %s; ", p.start[entry], file_name(p.start_file).c_str());
  if (f.scale) text += fmt::sprintf("scaled by %.6g with '%s', ", fit.values[j], f.name.c_str());
  text += fit.hits[j] == BoundHit::kNone ? "within " : std::string("at its ") + name_of(fit.hits[j]) + " bound, ";
  return text + fmt::sprintf("%g to %g: ", f.lower, f.upper) + source;
}

// Comments at the end of a table's lines, by "section.key".
std::map<std::string, std::string> comments_of(const std::string& yaml) {
  std::map<std::string, std::string> comments;
  std::istringstream lines(yaml);
  std::string section;
  for (std::string line; std::getline(lines, line);) {
    const std::size_t first = line.find_first_not_of(' '), colon = line.find(':'), hash = line.find(" #");
    if (first == std::string::npos || line[first] == '#' || colon == std::string::npos) continue;
    const std::string key = line.substr(first, colon - first);
    if (first == 0) section = key;
    if (hash == std::string::npos) continue;
    comments[first == 0 ? key : section + "." + key] = line.substr(line.find_first_not_of("# ", hash));
  }
  return comments;
}

class TableText {
 public:
  TableText(const EnergyFitProblem& p, const EnergyFit& fit)
      : p_(p), fit_(fit), comments_(comments_of(base::read_file(p.start_file))) {}

  std::string yaml() {
    text_ = "# Fitted by `heat-offline calibrate-energy` from " + file_name(p_.start_file) + " within the bounds of " +
            file_name(p_.file) + " to these rows; entries that are not\n# marked as fitted are those of " +
            file_name(p_.start_file) + ".\n#\n";
    std::istringstream rows(rows_text(p_, fit_));
    for (std::string line; std::getline(rows, line);) text_ += "# " + line + "\n";
    text_ += "name: " + p_.name + "\n";
    const auto actions = static_cast<std::size_t>(spec::kActionCount);
    section("action_pj");
    for (std::size_t entry = 0; entry < kEnergyEntries; ++entry) {
      if (entry == actions) section("static_mw");
      entry_line(entry);
    }
    section("analytical_dram");
    line("analytical_dram.all_in_pj_per_byte", p_.start_table.dram_all_in_pj_per_byte());
    line("analytical_dram.background_mw", p_.start_table.dram_background_mw());
    return text_;
  }

 private:
  std::string comment(const std::string& name) const {
    const auto found = comments_.find(name);
    return found == comments_.end() ? "" : found->second;
  }
  void section(const std::string& name) {
    const std::string why = comment(name);
    text_ += name + ":" + (why.empty() ? "" : "  # " + why) + "\n";
  }
  void entry_line(std::size_t entry) {
    const std::string name = energy_entry_name(entry);
    for (std::size_t j = 0; j < p_.free.size(); ++j)
      for (std::size_t e : p_.free[j].entries)
        if (e == entry) return line(name, fit_.entries[entry], provenance(p_, fit_, j, entry));
    line(name, fit_.entries[entry], comment(name));
  }
  void line(const std::string& name, double value, const std::string& why) {
    const std::string key = name.substr(name.find('.') + 1) + ": " + ordered_json(value).dump();
    text_ += why.empty() ? "  " + key + "\n" : fmt::sprintf("  %-28s", key.c_str()) + "  # " + why + "\n";
  }
  void line(const std::string& name, double value) { line(name, value, comment(name)); }

  const EnergyFitProblem& p_;
  const EnergyFit& fit_;
  const std::map<std::string, std::string> comments_;
  std::string text_;
};

}  // namespace

std::string fitted_table_yaml(const EnergyFitProblem& problem, const EnergyFit& fit) {
  return TableText(problem, fit).yaml();
}

ordered_json to_json(const EnergyFitProblem& p, const EnergyFit& fit) {
  const Identifiability& id = fit.identifiability;
  ordered_json groups = ordered_json::array();
  for (const auto& group : id.groups) groups.push_back(names_of(p, group));
  return {{"name", p.name},
          {"start", p.start_file},
          {"pull", p.pull},
          {"rows", rows_json(p, fit)},
          {"free", free_json(p, fit)},
          {"identifiability",
           {{"rank", id.rank},
            {"free", p.free.size()},
            {"seen_by_no_row", names_of(p, id.unseen)},
            {"not_told_apart", groups}}}};
}

std::string to_text(const EnergyFitProblem& p, const EnergyFit& fit) {
  const Identifiability& id = fit.identifiability;
  std::string text = rows_text(p, fit);
  for (const TargetRow& row : p.rows)
    text += fmt::sprintf("  %s: %.4g mJ, %.4g of them the DRAM devices', which no entry changes\n", row.name.c_str(),
                         row.run.energy_pj(fit.entries) * 1e-9, row.run.fixed_pj * 1e-9);
  text += fmt::sprintf("%-28s %15s %15s %21s  %5s  %s\n", "free value", "start", "fitted", "bounds", "hit",
                       "told by the rows");
  for (std::size_t j = 0; j < p.free.size(); ++j) {
    const FreeValue& f = p.free[j];
    const char* hit = fit.hits[j] == BoundHit::kNone ? "" : name_of(fit.hits[j]);
    text += fmt::sprintf("%-28s %15.6g %15.6g %21s  %5s  %5.1f%%\n", f.name.c_str(), f.start, fit.values[j],
                         fmt::sprintf("%g to %g", f.lower, f.upper).c_str(), hit, 100 * id.resolution[j]);
  }
  text += fmt::sprintf("the rows tell %zu of %zu combinations of the free values; the others stay near the start\n",
                       id.rank, p.free.size());
  for (const auto& group : id.groups)
    text += "  not told apart (they move all rows alike): " + joined(names_of(p, group)) + "\n";
  if (!id.unseen.empty()) text += "  seen by no row: " + joined(names_of(p, id.unseen)) + "\n";
  return text;
}

}  // namespace heat::offline
