// The resolved DRAM configuration, as echoed into results and run databases.
#include <nlohmann/json.hpp>

#include "spec/dram_spec.h"

namespace heat::spec {

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
  return j;
}

}  // namespace heat::spec
