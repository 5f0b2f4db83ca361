// The same figures in two forms; every sum is formed from the parts, so that readers can check it.
#include "sim/simba_l/run_report.h"

#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <systemc>

#include "machines/simba/units.h"
#include "spec/units.h"

namespace heat::simba {

using nlohmann::ordered_json;

namespace {

double latency_ns(const spec::ArchSpec& arch, std::int64_t cycles) {
  return arch.nanoseconds(spec::Cycles(cycles)).value();
}

double edp(const spec::ArchSpec& arch, const RunResult& r) {
  return spec::edp_js(spec::Picojoules(r.energy.pj()), arch.nanoseconds(spec::Cycles(r.cycles)));
}

std::int64_t total_macs(const RunResult& r) {
  std::int64_t macs = 0;
  for (const auto& n : r.nodes) macs += n.macs;
  return macs;
}

double utilization(const spec::ArchSpec& arch, const RunResult& r) {
  const double peak = static_cast<double>(r.cycles) * static_cast<double>(arch.macs_per_cycle());
  return peak > 0 ? static_cast<double>(total_macs(r)) / peak : 0;
}

// "<unit>_waits_<reason>_cycles", in the order of these keys.
ordered_json stalls_json(const std::vector<Stall>& stalls) {
  std::map<std::string, std::int64_t> by_key;
  for (const Stall& s : stalls)
    by_key[std::string(unit_name(s.unit)) + "_waits_" + stall_reason_name(s.reason) + "_cycles"] = s.cycles;
  return by_key;
}

// Every unit of every chiplet; its cycles add up to the run's.
ordered_json ledger_json(const RunResult& r) {
  ordered_json list = ordered_json::array();
  for (const UnitLedger& u : r.ledger) {
    ordered_json waits = ordered_json::object();
    for (const Stall& s : u.waits) waits[stall_reason_name(s.reason)] = s.cycles;
    list.push_back({{"chiplet", u.unit.chiplet.value},
                    {"unit", unit_name(u.unit.unit)},
                    {"work_cycles", u.work},
                    {"wait_cycles", waits}});
  }
  return list;
}

// The mean over the chiplets, a line a unit: "compute: work 71.3%, waits for load 12.0%, ...".
std::string ledger_text(const RunResult& r) {
  std::array<std::int64_t, kUnits> work{}, all{};
  std::array<std::array<std::int64_t, kStallReasons>, kUnits> waits{};
  for (const UnitLedger& u : r.ledger) {
    const auto unit = static_cast<std::size_t>(u.unit.unit);
    work[unit] += u.work;
    all[unit] += r.cycles;
    for (const Stall& s : u.waits) waits[unit][static_cast<std::size_t>(s.reason)] += s.cycles;
  }
  std::string text = "  ledger of the units (mean over the chiplets):\n";
  for (std::size_t unit = 0; unit < kUnits; ++unit) {
    const auto share = [&](std::int64_t cycles) {
      char number[16];
      std::snprintf(number, sizeof number, "%.1f%%",
                    100.0 * static_cast<double>(cycles) / static_cast<double>(all[unit]));
      return std::string(number);
    };
    std::multimap<std::int64_t, int, std::greater<>> order;
    for (int i = 0; i < kStallReasons; ++i)
      if (waits[unit][static_cast<std::size_t>(i)] > 0) order.emplace(waits[unit][static_cast<std::size_t>(i)], i);
    text += std::string("    ") + unit_name(static_cast<int>(unit)) + ": work " + share(work[unit]);
    const char* link = "; waits for ";
    for (const auto& [cycles, reason] : order) {
      text += link + std::string(stall_reason_name(static_cast<StallReason>(reason))) + " " + share(cycles);
      link = ", ";
    }
    text += "\n";
  }
  return text;
}

ordered_json nodes_json(const spec::Schedule& s, const RunResult& r) {
  ordered_json list = ordered_json::array();
  for (spec::NodeId id : s.workload.nodes.ids()) {
    const NodeResult& n = r.nodes[static_cast<std::size_t>(id.value)];
    list.push_back({{"name", s.workload.nodes[id].name},
                    {"layer", s.workload.nodes[id].layer},
                    {"cycles", n.cycles},
                    {"energy_pj", n.energy.pj()},
                    {"macs", n.macs},
                    {"dram_read_bytes", n.dram_read_bytes},
                    {"dram_write_bytes", n.dram_write_bytes},
                    {"energy_by_component_pj", n.energy.pj_of},
                    {"stalls", stalls_json(n.stalls)}});
  }
  return list;
}

ordered_json groups_json(const spec::Schedule& s, const RunResult& r) {
  ordered_json list = ordered_json::array();
  for (std::size_t g = 0; g < r.groups.size(); ++g)
    list.push_back({{"name", s.plan.groups[spec::GroupId(static_cast<std::int32_t>(g))].name},
                    {"cycles", r.groups[g].end_cycle - r.groups[g].start_cycle},
                    {"start_cycle", r.groups[g].start_cycle},
                    {"energy_pj", r.groups[g].energy_pj}});
  return list;
}

}  // namespace

RunCost run_cost() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return {static_cast<double>(std::clock()) / CLOCKS_PER_SEC, static_cast<std::int64_t>(usage.ru_maxrss) * 1024,
          static_cast<std::uint64_t>(sc_core::sc_delta_count())};
}

ordered_json static_instances_json(const spec::ArchSpec& arch) {
  ordered_json j;
  for (const spec::StaticPartInfo& p : spec::kStaticParts) j[p.name] = machines::simba::instances(arch, p.value);
  return j;
}

std::string output_hash(const RunResult& result) {
  std::uint64_t hash = 14695981039346656037u;
  for (const auto& [name, bytes] : result.outputs)
    for (std::uint8_t b : bytes) hash = (hash ^ b) * 1099511628211u;
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(hash));
  return text;
}

ordered_json report_json(const spec::Schedule& schedule, const spec::ArchSpec& arch, const spec::EnergyTable& table,
                         const RunOptions& options, const RunResult& result, const RunCost& cost) {
  std::int64_t reads = 0, writes = 0;
  for (const auto& n : result.nodes) {
    reads += n.dram_read_bytes;
    writes += n.dram_write_bytes;
  }
  ordered_json j = {{"program", "simba-sim"},
                    {"network", schedule.workload.network},
                    {"method", schedule.workload.method},
                    {"data", options.data},
                    {"cycles", result.cycles},
                    {"latency_ns", latency_ns(arch, result.cycles)},
                    {"energy_pj", result.energy.pj()},
                    {"edp_js", edp(arch, result)},
                    {"macs", total_macs(result)},
                    {"utilization", utilization(arch, result)},
                    {"dram_read_bytes", reads},
                    {"dram_write_bytes", writes},
                    {"energy_by_component_pj", result.energy.pj_of},
                    {"counts", result.counts},
                    {"nodes", nodes_json(schedule, result)},
                    {"groups", groups_json(schedule, result)},
                    {"ledger", ledger_json(result)},
                    {"floor", spec::floor_json(result.floor)},
                    {"resources", spec::resources_json(result.floor)}};
  if (options.data) j["output_fnv1a"] = output_hash(result);
  j["predicted"] = {{"cycles", schedule.plan.prediction.cycles}, {"energy_pj", schedule.plan.prediction.energy_pj}};
  j["arch"] = spec::to_json(arch);
  j["energy_table"] = spec::to_json(table);
  j["static_instances"] = static_instances_json(arch);
  j["cpu_s"] = cost.cpu_s;
  j["peak_rss_bytes"] = cost.peak_rss_bytes;
  j["kernel_deltas"] = cost.kernel_deltas;
  return j;
}

std::string report_text(const spec::Schedule& schedule, const spec::ArchSpec& arch, const RunResult& result,
                        const RunCost& cost) {
  char line[256];
  std::string text;
  const auto add = [&](auto... values) {
    std::snprintf(line, sizeof line, values...);
    text += line;
  };
  add("%s (%s) on %s\n", schedule.workload.network.c_str(), schedule.workload.method.c_str(), arch.name.c_str());
  add("  cycles       %lld (%.6g ms)\n", static_cast<long long>(result.cycles), latency_ns(arch, result.cycles) * 1e-6);
  add("  energy       %.6g uJ\n", result.energy.pj() * 1e-6);
  add("  EDP          %.6g uJ*s\n", edp(arch, result) * 1e6);
  add("  MACs         %lld, utilisation %.1f%%\n", static_cast<long long>(total_macs(result)),
      utilization(arch, result) * 100);
  for (const auto& [component, pj] : result.energy.pj_of)
    add("    %-14s %12.6g uJ  %5.1f%%\n", component.c_str(), pj * 1e-6, 100 * pj / result.energy.pj());
  text += spec::to_text(result.floor);
  std::vector<std::size_t> order(result.nodes.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t x, std::size_t y) { return result.nodes[x].cycles > result.nodes[y].cycles; });
  if (order.size() > 8) order.resize(8);
  text += "  longest nodes:\n";
  for (std::size_t i : order)
    add("    %-48s %10lld cycles %12.6g uJ\n",
        schedule.workload.nodes[spec::NodeId(static_cast<std::int32_t>(i))].name.c_str(),
        static_cast<long long>(result.nodes[i].cycles), result.nodes[i].energy.pj() * 1e-6);
  text += ledger_text(result);
  add("  simulated in %.2f s of CPU time, %.0f MB, %llu kernel deltas\n", cost.cpu_s,
      static_cast<double>(cost.peak_rss_bytes) / 1e6, static_cast<unsigned long long>(cost.kernel_deltas));
  return text;
}

}  // namespace heat::simba
