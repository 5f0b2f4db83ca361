// Everything is read before anything is refused: the configuration, its machine, its table and the runs of all rows.
#include <algorithm>
#include <cmath>
#include <set>

#include "base/config_reader.h"
#include "base/relative_path.h"
#include "offline/loop/energy_fit.h"

namespace heat::offline {
namespace {

constexpr double kLargest = 1e18;

class Loader {
 public:
  Loader(const std::string& path, const std::map<std::string, std::string>& runs, base::Problems& problems)
      : path_(path), runs_(runs), problems_(problems) {}

  EnergyFitProblem load() {
    base::ConfigReader r = base::ConfigReader::load(path_, problems_);
    p_.file = path_;
    p_.name = r.text("name");
    if (const std::string arch = r.text("arch"); !arch.empty())
      arch_ = spec::to_json(spec::ArchSpec::load(base::beside(path_, arch), problems_));
    if (const std::string start = r.text("start"); !start.empty()) {
      p_.start_file = base::beside(path_, start);
      p_.start_table = spec::EnergyTable::load(p_.start_file, problems_);
    }
    p_.start = entries_of(p_.start_table);
    p_.pull = r.number_or("pull", 1e-6, {1e-12, 1.0});
    for (base::ConfigReader& f : r.sections("free")) read_free(f);
    if (r.has("free") && p_.free.empty()) problems_.add(r.place("free"), "expected at least one entry or scale");
    for (base::ConfigReader& row : r.sections("rows")) read_row(row);
    if (r.has("rows") && rows_.empty()) problems_.add(r.place("rows"), "expected at least one row");
    for (const auto& [name, file] : runs_)
      if (!rows_.count(name))
        r.problems().add("--run " + name, "no such row" + suggestion(name, {rows_.begin(), rows_.end()}));
    r.finish();
    return std::move(p_);
  }

 private:
  static std::string suggestion(const std::string& word, const std::vector<std::string>& known) {
    const auto near = base::nearest_word(word, known);
    return near ? " (did you mean '" + *near + "'?)" : "";
  }

  // Position of the entry that is named; nothing, and a problem, when there is none or it is free already.
  std::optional<std::size_t> entry(const std::string& name, const std::string& place) {
    const std::vector<std::string> names = energy_entry_names();
    const auto found = std::find(names.begin(), names.end(), name);
    if (found == names.end()) {
      problems_.add(place, "'" + name + "': no entry that runs are charged by" + suggestion(name, names));
      return std::nullopt;
    }
    const auto position = static_cast<std::size_t>(found - names.begin());
    if (taken_.insert(position).second) return position;
    problems_.add(place, "'" + name + "': is free twice");
    return std::nullopt;
  }

  void read_free(base::ConfigReader& r) {
    FreeValue f;
    f.scale = r.has("scale");
    std::vector<std::string> names;
    if (f.scale) {
      f.name = r.text("scale");
      names = r.texts("entries");
      if (r.has("entries") && names.empty()) problems_.add(r.place("entries"), "expected at least one entry");
    } else {
      f.name = r.text("entry");
      if (!f.name.empty()) names.push_back(f.name);
    }
    const std::string place = r.place(f.scale ? "entries" : "entry");
    for (const std::string& name : names)
      if (const auto position = entry(name, place)) f.entries.push_back(*position);
    if (f.scale && !f.name.empty() && !scales_.insert(f.name).second)
      problems_.add(r.place("scale"), "'" + f.name + "': two scales have this name");
    const std::size_t before = problems_.list().size();
    f.lower = r.number("lower", {0, kLargest});
    f.upper = r.number("upper", {0, kLargest});
    f.source = r.text("source");
    if (problems_.list().size() == before && f.lower >= f.upper)
      problems_.add(r.place("upper"), "is " + number(f.upper) + ", expected more than lower, " + number(f.lower));
    if (problems_.list().size() == before && f.source.empty())
      problems_.add(r.place("source"), "is empty, expected why the value lies within these bounds");
    f.start = f.scale || f.entries.empty() ? 1.0 : p_.start[f.entries.front()];
    p_.free.push_back(std::move(f));
  }

  static std::string number(double value) {
    char text[32];
    std::snprintf(text, sizeof text, "%g", value);
    return text;
  }

  double positive(base::ConfigReader& r, const std::string& key) {
    const std::size_t before = problems_.list().size();
    const double value = r.number(key, {-kLargest, kLargest});
    if (problems_.list().size() == before && !(value > 0))
      problems_.add(r.place(key), "is " + number(value) + ", expected more than 0");
    return value;
  }

  void read_row(base::ConfigReader& r) {
    TargetRow row;
    row.name = r.text("name");
    if (!row.name.empty() && !rows_.insert(row.name).second)
      problems_.add(r.place("name"), "'" + row.name + "': two rows have this name");
    const bool edp = r.has("target_edp_js"), energy = r.has("target_energy_pj");
    if (edp == energy)
      problems_.add(r.place(), edp ? "has target_edp_js and target_energy_pj, expected one of them"
                                   : "expected target_edp_js or target_energy_pj");
    if (edp) row.target = positive(r, "target_edp_js");
    if (energy) row.target = positive(r, "target_energy_pj");
    row.kind = edp ? EnergyTarget::kEdp : EnergyTarget::kEnergy;
    if (r.has("weight")) row.weight = positive(r, "weight");
    if (r.has("target_latency_ns")) row.target_latency_ns = positive(r, "target_latency_ns");
    const std::string own = r.text_or("run", "");
    const auto given = runs_.find(row.name);
    if (given == runs_.end() && own.empty())
      problems_.add(r.place("run"), "is absent; give it here or as --run " + row.name + "=FILE");
    else
      read_run(r, given != runs_.end() ? given->second : base::beside(path_, own), row);
    p_.rows.push_back(std::move(row));
  }

  void read_run(base::ConfigReader& r, const std::string& file, TargetRow& row) {
    try {
      row.run = read_energy_run(file);
    } catch (const base::Error& e) {
      problems_.add(r.place("run"), e.what());
      return;
    }
    if (!problems_of_the_machine()) {
      const std::string difference = machine_difference(row.run, arch_);
      if (!difference.empty()) problems_.add(r.place("run"), file + ": was made by another machine: " + difference);
    }
  }

  // A machine that could not be read differs from everything.
  bool problems_of_the_machine() const { return arch_.at("name").get<std::string>().empty(); }

  const std::string path_;
  const std::map<std::string, std::string>& runs_;
  base::Problems& problems_;
  nlohmann::json arch_;
  std::set<std::size_t> taken_;          // entries that are free
  std::set<std::string> scales_, rows_;  // names
  EnergyFitProblem p_;
};

}  // namespace

EnergyFitProblem EnergyFitProblem::load(const std::string& path, const std::map<std::string, std::string>& runs) {
  base::Problems problems;
  EnergyFitProblem problem = Loader(path, runs, problems).load();
  problems.throw_if_any();
  return problem;
}

}  // namespace heat::offline
