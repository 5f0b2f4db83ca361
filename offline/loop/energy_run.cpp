// Results and databases are brought into one form: the keys of simba-sim's result that hold energy.
#include "offline/loop/energy_run.h"

#include <cmath>
#include <filesystem>

#include "base/atomic_file.h"
#include "base/errors.h"
#include "traces/reader.h"

namespace heat::offline {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::size_t entry_of(spec::Action action) {
  return static_cast<std::size_t>(action);
}
constexpr std::size_t entry_of(spec::StaticPart part) {
  return static_cast<std::size_t>(spec::kActionCount) + static_cast<std::size_t>(part);
}

json from_database(const std::string& path) {
  const traces::Reader trace(path);
  const json config = trace.config();
  json run = {{"latency_ns", trace.run().latency_ns()}, {"energy_pj", trace.run().energy_pj}};
  for (const char* key : {"arch", "energy_table", "static_instances"})
    if (config.contains(key)) run[key] = config[key];
  for (const spec::ActionInfo& a : spec::kActions) run["counts"][a.name] = 0;
  double dram_pj = 0;
  for (const traces::EnergyRow& e : trace.energies()) {
    const auto count = run["counts"].find(e.action);
    if (count != run["counts"].end()) *count = count->get<std::int64_t>() + e.count;
    if (e.component == spec::component_name(spec::Component::kDram)) dram_pj += e.energy_pj;
  }
  run["energy_by_component_pj"][spec::component_name(spec::Component::kDram)] = dram_pj;
  return run;
}

json from_result(const std::string& path) {
  json run = json::parse(base::read_file(path), nullptr, false);
  if (run.is_discarded()) throw base::TraceError(path + ": neither a run database nor JSON");
  return run;
}

json read_run(const std::string& path) {
  if (fs::is_directory(path)) return from_database((fs::path(path) / "run.sqlite").string());
  if (fs::path(path).extension() == ".sqlite") return from_database(path);
  return from_result(path);
}

// The energy that a run's own table makes of its counts.
EnergyEntries own_entries(const json& table) {
  EnergyEntries values{};
  for (const spec::ActionInfo& a : spec::kActions)
    values[entry_of(a.value)] = table.at("action_pj").at(a.name).get<double>();
  for (const spec::StaticPartInfo& p : spec::kStaticParts)
    values[entry_of(p.value)] = table.at("static_mw").at(p.name).get<double>();
  return values;
}

EnergyRun parse(const json& j, const std::string& path) {
  EnergyRun run;
  run.file = path;
  run.arch = j.at("arch").get<json::object_t>();
  run.latency_ns = j.at("latency_ns").get<double>();
  for (const spec::ActionInfo& a : spec::kActions)
    run.pj_per_unit[entry_of(a.value)] = j.at("counts").at(a.name).get<double>();
  for (const spec::StaticPartInfo& p : spec::kStaticParts)
    run.pj_per_unit[entry_of(p.value)] = j.at("static_instances").at(p.name).get<double>() * run.latency_ns;
  const EnergyEntries own = own_entries(j.at("energy_table"));
  const std::size_t interface = entry_of(spec::Action::kDramByte);
  run.fixed_pj = j.at("energy_by_component_pj").at(spec::component_name(spec::Component::kDram)).get<double>() -
                 own[interface] * run.pj_per_unit[interface];
  const double stated = j.at("energy_pj").get<double>(), made = run.energy_pj(own);
  if (!(run.latency_ns > 0) || !(stated > 0) || !(std::abs(made / stated - 1) <= 1e-6))
    throw base::TraceError(path + ": energy_pj: is " + std::to_string(stated) + " in " +
                           std::to_string(run.latency_ns) + " ns, its counts and its energy_table make " +
                           std::to_string(made));
  return run;
}

}  // namespace

std::string energy_entry_name(std::size_t entry) {
  const auto actions = static_cast<std::size_t>(spec::kActionCount);
  return entry < actions ? std::string("action_pj.") + spec::kActions[entry].name
                         : std::string("static_mw.") + spec::kStaticParts[entry - actions].name;
}

std::vector<std::string> energy_entry_names() {
  std::vector<std::string> names;
  for (std::size_t entry = 0; entry < kEnergyEntries; ++entry) names.push_back(energy_entry_name(entry));
  return names;
}

EnergyEntries entries_of(const spec::EnergyTable& table) {
  EnergyEntries values{};
  for (const spec::ActionInfo& a : spec::kActions) values[entry_of(a.value)] = table.pj(a.value);
  for (const spec::StaticPartInfo& p : spec::kStaticParts) values[entry_of(p.value)] = table.static_mw(p.value);
  return values;
}

double EnergyRun::energy_pj(const EnergyEntries& entries) const {
  double sum = fixed_pj;
  for (std::size_t entry = 0; entry < kEnergyEntries; ++entry) sum += pj_per_unit[entry] * entries[entry];
  return sum;
}

EnergyRun read_energy_run(const std::string& path) {
  if (!fs::exists(path)) throw base::TraceError(path + ": no such file");
  const json run = read_run(path);
  try {
    return parse(run, path);
  } catch (const json::exception& e) {
    throw base::TraceError(path + ": is no run of this simba-sim: " + e.what());
  }
}

std::string machine_difference(const EnergyRun& run, const json& arch) {
  json theirs = run.arch, ours = arch;
  theirs.erase("energy");
  ours.erase("energy");
  const json flat = ours.flatten(), other = theirs.flatten();
  for (const auto& [key, value] : flat.items())
    if (!other.contains(key) || other[key] != value)
      return key.substr(1) + " is " + (other.contains(key) ? other[key].dump() : "absent") + ", expected " +
             value.dump();
  for (const auto& [key, value] : other.items())
    if (!flat.contains(key)) return key.substr(1) + " is " + value.dump() + ", expected none";
  return "";
}

}  // namespace heat::offline
