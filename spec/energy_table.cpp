// Reading and writing follow the lists of the header.
#include "spec/energy_table.h"

#include <nlohmann/json.hpp>

#include "base/config_reader.h"

namespace heat::spec {
EnergyTable EnergyTable::load(const std::string& path, base::Problems& problems) {
  EnergyTable table;
  base::ConfigReader r = base::ConfigReader::load(path, problems);
  table.name_ = r.text("name");
  base::ConfigReader actions = r.section("action_pj");
  for (const ActionInfo& a : kActions)
    table.action_pj_[static_cast<std::size_t>(a.value)] = actions.number(a.name, {0.0, 1e9});
  base::ConfigReader statics = r.section("static_mw");
  for (const StaticPartInfo& p : kStaticParts)
    table.static_mw_[static_cast<std::size_t>(p.value)] = statics.number(p.name, {0.0, 1e9});
  base::ConfigReader analytical = r.section("analytical_dram");
  table.dram_all_in_pj_per_byte_ = analytical.number("all_in_pj_per_byte", {0.0, 1e9});
  table.dram_background_mw_ = analytical.number("background_mw", {0.0, 1e9});
  r.finish();
  return table;
}

EnergyTable EnergyTable::load(const std::string& path) {
  base::Problems problems;
  EnergyTable table = load(path, problems);
  problems.throw_if_any();
  return table;
}

nlohmann::ordered_json to_json(const EnergyTable& table) {
  nlohmann::ordered_json j;
  j["name"] = table.name();
  for (const ActionInfo& a : kActions) j["action_pj"][a.name] = table.pj(a.value);
  for (const StaticPartInfo& p : kStaticParts) j["static_mw"][p.name] = table.static_mw(p.value);
  j["analytical_dram"] = {{"all_in_pj_per_byte", table.dram_all_in_pj_per_byte()},
                          {"background_mw", table.dram_background_mw()}};
  return j;
}

}  // namespace heat::spec
