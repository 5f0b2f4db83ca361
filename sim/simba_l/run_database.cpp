// Posted DRAM writes may finish after the run's end and are clipped.
#include "sim/simba_l/run_database.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "sim/simba_l/run_report.h"
#include "traces/writer.h"

namespace heat::simba {
namespace {

void write_nodes(traces::Writer& w, const spec::Schedule& s, const RunResult& r) {
  for (spec::GroupId g : s.plan.groups.ids()) {
    const spec::FusedGroup& group = s.plan.groups[g];
    const GroupResult& measured = r.groups[static_cast<std::size_t>(g.value)];
    w.group({g.value, group.name, measured.start_cycle, measured.end_cycle, group.prediction.cycles,
             group.prediction.energy_pj});
    for (const spec::PlannedNode& planned : group.nodes) {
      const spec::Node& node = s.workload.nodes[planned.node];
      const NodeResult& result = r.nodes[static_cast<std::size_t>(planned.node.value)];
      traces::NodeRow row;
      row.id = planned.node.value;
      row.name = node.name;
      row.layer = node.layer;
      row.group = g.value;
      row.macs = result.macs;
      row.cycles = result.cycles;
      row.predicted_cycles = planned.prediction.cycles;
      row.predicted_energy_pj = planned.prediction.energy_pj;
      row.dram_read_bytes = result.dram_read_bytes;
      row.dram_write_bytes = result.dram_write_bytes;
      w.node(row);
    }
  }
  for (spec::TensorId t : s.workload.tensors.ids())
    w.tensor({t.value, s.workload.tensors[t].name, s.plan.dram_addresses[t], s.workload.tensors[t].bytes()});
}

void write_stalls(traces::Writer& w, const RunResult& r) {
  for (std::size_t n = 0; n < r.nodes.size(); ++n)
    for (const Stall& s : r.nodes[n].stalls)
      w.stall({static_cast<std::int32_t>(n), unit_name(s.unit), stall_reason_name(s.reason), s.cycles});
  for (const Stall& s : r.waits_of_no_node) w.stall({-1, unit_name(s.unit), stall_reason_name(s.reason), s.cycles});
}

// A read that the write queue answers needs no row at all: the database has no word for it and calls it a hit.
traces::RowResult row_result(heat::dram::RowResult result) {
  switch (result) {
    case heat::dram::RowResult::kHit:
    case heat::dram::RowResult::kQueue:
      return traces::RowResult::kHit;
    case heat::dram::RowResult::kMiss:
      return traces::RowResult::kMiss;
    case heat::dram::RowResult::kConflict:
      return traces::RowResult::kConflict;
  }
  throw std::logic_error("unknown row result");
}

void write_accesses(traces::Writer& w, const spec::ArchSpec& arch, const spec::DramSpec& dram, std::int64_t end,
                    const std::vector<heat::dram::AccessRecord>& accesses) {
  const double cycles_per_clock = dram.clock_ns() * arch.clock_ghz;
  const auto cycle = [&](heat::dram::Cycle c) {
    return std::min(end, static_cast<std::int64_t>(static_cast<double>(c) * cycles_per_clock));
  };
  for (const auto& a : accesses) {
    traces::DramTransactionRow row;
    row.address = static_cast<std::int64_t>(a.address);
    row.bytes = static_cast<std::int32_t>(a.bytes);
    row.is_write = a.write;
    row.arrival_cycle = cycle(a.arrival);
    row.start_cycle = cycle(a.start);
    row.finish_cycle = cycle(a.finish);
    row.row_result = row_result(a.row_result);
    row.channel = a.channel;
    row.rank = a.place.rank;
    row.bank_group = a.place.bank_group;
    row.bank = a.place.bank;
    row.row = static_cast<std::int32_t>(a.place.row);
    row.node = a.node.value;
    row.tensor = a.tensor.value;
    w.dram_transaction(row);
  }
}

// Commands in the order in which they started; those of a unit are numbered from 1 in that order, too.
void write_command_log(traces::Writer& w, const CommandLog& log) {
  std::map<std::pair<int, int>, std::vector<std::int32_t>> of_unit;
  for (std::size_t i = 0; i < log.entries.size(); ++i)
    of_unit[{log.entries[i].chiplet, log.entries[i].engine}].push_back(static_cast<std::int32_t>(i));
  for (std::size_t i = 0; i < log.entries.size(); ++i) {
    const CommandLog::Entry& e = log.entries[i];
    const auto id = static_cast<std::int32_t>(i);
    w.command({id, w.unit(e.chiplet, unit_name(e.engine)), e.pushed, e.start, e.settled, e.begin, e.freed, e.done,
               e.results, e.job, e.node});
  }
  for (std::size_t i = 0; i < log.entries.size(); ++i)
    for (const CommandLog::Wait& wait : log.entries[i].waits)
      w.command_wait({static_cast<std::int32_t>(i),
                      of_unit.at({log.entries[i].chiplet, wait.engine}).at(wait.number - 1), wait.settled});
  for (const CommandLog::Burst& b : log.bursts)
    w.burst({b.job, w.unit(b.chiplet, unit_name(b.engine)), b.port, static_cast<std::int64_t>(b.address),
             static_cast<std::int32_t>(b.bytes), b.write, b.submitted, b.ready, b.answered, b.slot, b.end});
}

}  // namespace

double dram_peak_bytes_per_cycle(const spec::DramSpec& dram, const spec::ArchSpec& arch) {
  const spec::DramOrganization& o = dram.organization;
  return static_cast<double>(o.access_bytes()) * o.channels / (o.burst_cycles * dram.clock_ns() * arch.clock_ghz);
}

std::string interval_kind(const TraceInterval& i) {
  const std::string kind = work_kind_name(i.kind);
  return i.kind == WorkKind::kStall ? kind + "." + stall_reason_name(i.reason) : kind;
}

void write_run_database(const std::string& path, const FinishedRun& run) {
  const spec::ArchSpec& arch = run.arch;
  traces::RunInfo info;
  info.program = "simba-sim";
  info.version = HEAT_VERSION;
  info.seed = static_cast<std::int64_t>(run.options.random_stall);
  info.schedule = run.schedule.file;
  info.network = run.schedule.workload.network;
  info.method = run.schedule.workload.method;
  info.arch = arch.name;
  info.clock_ghz = arch.clock_ghz;
  info.peak_macs_per_cycle = arch.macs_per_cycle();
  info.dram_peak_bytes_per_cycle = dram_peak_bytes_per_cycle(run.dram, arch);
  traces::Writer w(path, info,
                   {{"arch", spec::to_json(arch)},
                    {"energy_table", spec::to_json(run.table)},
                    {"static_instances", static_instances_json(arch)},
                    {"dram", spec::to_json(run.dram)}});
  write_nodes(w, run.schedule, run.result);
  write_stalls(w, run.result);
  for (const spec::FloorTerm& t : run.result.floor.terms) w.floor_term(t);
  for (const spec::ResourceUse& u : run.result.floor.resources) w.resource(u);
  for (const EnergyPart& p : run.result.energy_parts)
    w.energy({spec::component_name(p.component), p.action, p.node, p.count, p.energy_pj});
  for (const TraceInterval& i : run.result.intervals)
    w.interval(w.unit(i.chiplet.value, unit_name(i.unit)), i.start, i.end, interval_kind(i), i.node);
  for (const FlowSample& s : run.result.flows)
    w.counter(w.unit(s.chiplet.value, spec::component_name(flow_info(s.flow).component)), flow_info(s.flow).name,
              s.cycle, s.value);
  write_accesses(w, arch, run.dram, run.result.cycles, run.accesses);
  write_command_log(w, run.result.log);
  w.finish({run.result.cycles});
}

}  // namespace heat::simba
