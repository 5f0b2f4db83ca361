// Keys end in their unit. `commands.pre` counts single-bank and all-bank precharges, `row_hits` is rd + wr - act: the
// only definition that can be compared between simulators.
#include "sim/dram/report.h"

#include <cstdio>
#include <nlohmann/json.hpp>

namespace heat::dram {

using nlohmann::ordered_json;
using C = spec::DramCommand;

namespace {

struct Derived {
  double bandwidth_gb_per_s, peak_percent, read_latency_mean;
  std::int64_t row_hits;
  std::uint64_t absorbed_bytes;  // of reads and writes that the write queue answered: they never reach the bus
};

Derived derive(const spec::DramSpec& spec, const ReplayResult& r) {
  const double ns = static_cast<double>(r.total_cycles) * spec.clock_ns();
  const ChannelStatistics& s = r.statistics;
  Derived d{};
  d.bandwidth_gb_per_s = ns > 0 ? static_cast<double>(s.bytes) / ns : 0;
  d.absorbed_bytes =
      (s.forwarded_reads + s.merged_writes) * static_cast<std::uint64_t>(spec.organization.access_bytes());
  d.peak_percent = 100 * d.bandwidth_gb_per_s / spec.peak_gb_per_s();
  d.read_latency_mean = s.reads ? static_cast<double>(s.read_latency_sum_cycles) / static_cast<double>(s.reads) : 0;
  d.row_hits =
      static_cast<std::int64_t>(s.read_commands() + s.write_commands()) - static_cast<std::int64_t>(s.activations());
  return d;
}

ordered_json wait_json(const Wait& w, const spec::DramOrganization& o) {
  if (w.cycles < 0) return nullptr;
  ordered_json causes;
  for (const WaitCauseName& cause : kWaitCauses) causes[cause.name] = w.by_cause[static_cast<std::size_t>(cause.value)];
  return {{"cycles", w.cycles},
          {"kind", w.write ? "write" : "read"},
          {"accepted_cycle", w.arrival},
          {"channel", w.channel},
          {"rank", w.place.rank},
          {"bank_group", w.place.bank_group % o.bank_groups},
          {"bank", w.place.bank % o.banks_per_group},
          {"row", w.place.row},
          {"column", w.place.column},
          {"cause", w.cause().name},
          {"by_cause_cycles", causes}};
}

std::string wait_text(const Wait& w) {
  if (w.cycles < 0) return "none";
  const Cycle most = w.by_cause[static_cast<std::size_t>(w.cause().value)];
  return std::to_string(w.cycles) + " cycles, a " + (w.write ? "write" : "read") + " accepted in cycle " +
         std::to_string(w.arrival) + ": " + std::to_string(most) + " for " + w.cause().text;
}

ordered_json energy_json(const EnergyBreakdown& e) {
  ordered_json j;
  for (const EnergyPart& part : kEnergyParts) j[part.name] = e.*part.pj;
  return j;
}

}  // namespace

ordered_json result_json(const spec::DramSpec& spec, const ReplayResult& r, double cpu_s) {
  const ChannelStatistics& s = r.statistics;
  const Derived d = derive(spec, r);
  ordered_json j;
  j["requests"] = r.requests;
  j["total_cycles"] = r.total_cycles;
  j["total_ns"] = static_cast<double>(r.total_cycles) * spec.clock_ns();
  j["bus_bytes"] = s.bytes;
  j["absorbed_bytes"] = d.absorbed_bytes;
  j["bandwidth_gb_per_s"] = d.bandwidth_gb_per_s;
  j["peak_percent"] = d.peak_percent;
  j["read_latency_mean_cycles"] = d.read_latency_mean;
  j["read_latency_max_cycles"] = s.read_latency_max_cycles;
  j["read_latency_histogram_log2_cycles"] = s.read_latency_log2;
  j["longest_wait"] = wait_json(s.longest_wait, spec.organization);
  j["commands"] = {{"act", s.activations()},
                   {"pre", s.precharges()},
                   {"rd", s.read_commands()},
                   {"wr", s.write_commands()},
                   {"ref", s.refreshes()},
                   {"pre_all", s.count(C::kPreAll)},
                   {"auto_precharge", s.count(C::kRdAp) + s.count(C::kWrAp)},
                   {"ref_bank", s.count(C::kRefBank)},
                   {"power_down", s.count(C::kPdEnter)},
                   {"self_refresh", s.count(C::kSrEnter)}};
  j["row_hits"] = d.row_hits;
  j["row_results"] = {{"hit", s.row_hits}, {"miss", s.row_misses}, {"conflict", s.row_conflicts}};
  j["forwarded_reads"] = s.forwarded_reads;
  j["merged_writes"] = s.merged_writes;
  j["turnarounds"] = s.turnarounds;
  j["turnaround_cycles"] = s.turnaround_cycles;
  j["refresh_cycles"] = s.refresh_cycles;
  if (spec.energy.given) {
    j["energy_pj"] = r.energy.total();
    j["energy_by_kind_pj"] = energy_json(r.energy);
    ordered_json banks = ordered_json::array();
    for (const EnergyBreakdown& e : r.bank_energy) banks.push_back(e.total());
    j["energy_by_bank_pj"] = banks;
  } else {
    j["energy_pj"] = nullptr;
  }
  j["state_rank_cycles"] = {{"active_standby", r.residency_cycles[0]},
                            {"precharge_standby", r.residency_cycles[1]},
                            {"active_power_down", r.residency_cycles[2]},
                            {"precharge_power_down", r.residency_cycles[3]},
                            {"self_refresh", r.residency_cycles[4]}};
  ordered_json channels = ordered_json::array();
  for (const ChannelStatistics& c : r.channels)
    channels.push_back({{"bytes", c.bytes}, {"data_cycles", c.data_cycles}});
  j["channels"] = channels;
  j["config"] = spec::to_json(spec);
  j["cpu_s"] = cpu_s;
  return j;
}

std::string result_text(const spec::DramSpec& spec, const ReplayResult& r, double cpu_s) {
  const ChannelStatistics& s = r.statistics;
  const Derived d = derive(spec, r);
  char text[1024];
  std::snprintf(text, sizeof text,
                "%s\n"
                "  requests        %llu (%llu reads, %llu writes)\n"
                "  cycles          %lld (%.1f us)\n"
                "  bandwidth       %.3f GB/s (%.1f %% of peak) on the bus; %llu bytes absorbed by the write queue\n"
                "  read latency    mean %.1f, max %lld cycles\n"
                "  longest wait    %s\n"
                "  commands        ACT %llu, PRE %llu, RD %llu, WR %llu, REF %llu\n"
                "  row hits        %lld (rd + wr - act)\n"
                "  energy          %.3f uJ\n"
                "  cpu             %.3f s (%.2f M requests/s)\n",
                spec.name.c_str(), static_cast<unsigned long long>(r.requests),
                static_cast<unsigned long long>(s.reads), static_cast<unsigned long long>(s.writes),
                static_cast<long long>(r.total_cycles), static_cast<double>(r.total_cycles) * spec.clock_ns() * 1e-3,
                d.bandwidth_gb_per_s, d.peak_percent, static_cast<unsigned long long>(d.absorbed_bytes),
                d.read_latency_mean, static_cast<long long>(s.read_latency_max_cycles),
                wait_text(s.longest_wait).c_str(), static_cast<unsigned long long>(s.activations()),
                static_cast<unsigned long long>(s.precharges()), static_cast<unsigned long long>(s.read_commands()),
                static_cast<unsigned long long>(s.write_commands()), static_cast<unsigned long long>(s.refreshes()),
                static_cast<long long>(d.row_hits), r.energy.total() * 1e-6, cpu_s,
                cpu_s > 0 ? static_cast<double>(r.requests) / cpu_s * 1e-6 : 0.0);
  return text;
}

}  // namespace heat::dram
