// The resolved DRAM configuration, as echoed into results and run databases.
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/errors.h"
#include "spec/dram_spec.h"

namespace heat::spec {
namespace {

struct MappingField {
  const char* name;
  std::vector<DramAddressBit> DramMapping::*bits;
};
constexpr MappingField kMappingFields[] = {
    {"channel", &DramMapping::channel}, {"rank", &DramMapping::rank}, {"bank_group", &DramMapping::bank_group},
    {"bank", &DramMapping::bank},       {"row", &DramMapping::row},   {"column", &DramMapping::column}};

}  // namespace

nlohmann::ordered_json to_json(const DramSpec& spec) {
  const DramOrganization& o = spec.organization;
  const DramController& c = spec.controller;
  nlohmann::ordered_json j;
  j["file"] = spec.file;
  j["name"] = spec.name;
  j["standard"] = spec.standard;
  j["clock_ns"] = spec.clock_ns();
  j["organization"] = {{"channels", o.channels},
                       {"ranks", o.ranks},
                       {"bank_groups", o.bank_groups},
                       {"banks_per_group", o.banks_per_group},
                       {"rows", o.rows},
                       {"columns", o.columns},
                       {"bus_bits", o.bus_bits},
                       {"burst_length", o.burst_length},
                       {"burst_cycles", o.burst_cycles},
                       {"devices_per_rank", o.devices_per_rank},
                       {"capacity_bytes", o.capacity_bytes()}};
  j["timings_cycles"] = spec.timings;
  j["controller"] = {{"read_queue", c.read_queue},
                     {"write_queue", c.write_queue},
                     {"write_high_watermark", c.write_high_watermark},
                     {"write_low_watermark", c.write_low_watermark},
                     {"row_hit_cap", c.row_hit_cap},
                     {"max_wait_cycles", c.max_wait_cycles},
                     {"page_timeout_cycles", c.page_timeout_cycles},
                     {"page_policy", base::entry_of(kDramPagePolicies, c.page_policy).name},
                     {"forward_reads", c.forward_reads},
                     {"merge_writes", c.merge_writes},
                     {"posted_writes", c.posted_writes},
                     {"refresh", base::entry_of(kDramRefreshModes, c.refresh).name},
                     {"refresh_max_postponed", c.refresh_max_postponed},
                     {"refresh_banks", c.refresh_banks},
                     {"power_down_idle_cycles", c.power_down_idle_cycles},
                     {"self_refresh_idle_cycles", c.self_refresh_idle_cycles}};
  j["energy_cycle_ns"] = spec.energy.cycle_ns;
  j["one_row"] = spec.one_row;
  j["free"] = spec.free;
  j["split_command_bus"] = spec.split_command_bus;
  j["command_cycles"] = spec.command_cycles;
  for (const MappingField& field : kMappingFields) j["mapping"][field.name] = spec.mapping.*field.bits;
  j["constraints"] = nlohmann::ordered_json::array();
  for (const DramConstraint& row : spec.constraints)
    j["constraints"].push_back({row.from_mask, index(row.to), static_cast<int>(row.scope), row.latency, row.window});
  return j;
}

namespace {

DramOrganization organization_from(const nlohmann::ordered_json& j) {
  DramOrganization o;
  j.at("channels").get_to(o.channels);
  j.at("ranks").get_to(o.ranks);
  j.at("bank_groups").get_to(o.bank_groups);
  j.at("banks_per_group").get_to(o.banks_per_group);
  j.at("rows").get_to(o.rows);
  j.at("columns").get_to(o.columns);
  j.at("bus_bits").get_to(o.bus_bits);
  j.at("burst_length").get_to(o.burst_length);
  j.at("burst_cycles").get_to(o.burst_cycles);
  j.at("devices_per_rank").get_to(o.devices_per_rank);
  return o;
}

DramController controller_from(const nlohmann::ordered_json& j) {
  DramController c;
  j.at("read_queue").get_to(c.read_queue);
  j.at("write_queue").get_to(c.write_queue);
  j.at("write_high_watermark").get_to(c.write_high_watermark);
  j.at("write_low_watermark").get_to(c.write_low_watermark);
  j.at("row_hit_cap").get_to(c.row_hit_cap);
  j.at("max_wait_cycles").get_to(c.max_wait_cycles);
  c.page_policy = base::value_named(kDramPagePolicies, j.at("page_policy").get<std::string>());
  j.at("page_timeout_cycles").get_to(c.page_timeout_cycles);
  j.at("forward_reads").get_to(c.forward_reads);
  j.at("merge_writes").get_to(c.merge_writes);
  j.at("posted_writes").get_to(c.posted_writes);
  c.refresh = base::value_named(kDramRefreshModes, j.at("refresh").get<std::string>());
  j.at("refresh_max_postponed").get_to(c.refresh_max_postponed);
  j.at("refresh_banks").get_to(c.refresh_banks);
  j.at("power_down_idle_cycles").get_to(c.power_down_idle_cycles);
  j.at("self_refresh_idle_cycles").get_to(c.self_refresh_idle_cycles);
  return c;
}

// What an index of a list stands for.
template <class List>
auto entry(const List& list, const nlohmann::ordered_json& index) {
  const auto i = index.get<std::size_t>();
  if (i >= std::size(list))
    throw std::out_of_range("no entry " + index.dump() + " of " + std::to_string(std::size(list)));
  return list[i].value;
}

}  // namespace

DramSpec dram_spec_from_json(const nlohmann::ordered_json& j, const std::string& place) {
  try {
    DramSpec spec;
    j.at("file").get_to(spec.file);
    j.at("name").get_to(spec.name);
    j.at("standard").get_to(spec.standard);
    spec.clock_ps = std::llround(j.at("clock_ns").get<double>() * 1e3);
    spec.organization = organization_from(j.at("organization"));
    j.at("timings_cycles").get_to(spec.timings);
    spec.controller = controller_from(j.at("controller"));
    j.at("energy_cycle_ns").get_to(spec.energy.cycle_ns);
    j.at("one_row").get_to(spec.one_row);
    j.at("free").get_to(spec.free);
    j.at("split_command_bus").get_to(spec.split_command_bus);
    j.at("command_cycles").get_to(spec.command_cycles);
    for (const MappingField& field : kMappingFields) j.at("mapping").at(field.name).get_to(spec.mapping.*field.bits);
    for (const auto& row : j.at("constraints")) {
      DramConstraint c;
      c.from_mask = row.at(0).get<std::uint32_t>();
      c.to = entry(kDramCommandList, row.at(1));
      c.scope = entry(kDramScopes, row.at(2));
      c.latency = row.at(3).get<std::int64_t>();
      c.window = row.at(4).get<int>();
      spec.constraints.push_back(c);
    }
    return spec;
  } catch (const std::exception& e) {  // a key that is missing, a value that no name or table has
    throw base::ConfigError(place + ": the DRAM's configuration is not one that a DRAM wrote (" + e.what() + ")");
  }
}

}  // namespace heat::spec
