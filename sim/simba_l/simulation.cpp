// Elaborate, fill the DRAM through the debug transport, run, collect the accounts.
#include "sim/simba_l/simulation.h"

#include <algorithm>

#include "machines/simba/misfits.h"
#include "sim/simba_l/run_loop.h"
#include "spec/dram_image.h"

namespace heat::simba {
namespace {

constexpr std::size_t kDebugChunk = 1 << 20;

void debug_transfer(DramPort& port, tlm::tlm_command command, std::uint64_t address, std::uint8_t* data,
                    std::size_t bytes) {
  for (std::size_t done = 0; done < bytes;) {
    const std::size_t chunk = std::min(kDebugChunk, bytes - done);
    tlm::tlm_generic_payload p;
    p.set_command(command);
    p.set_address(address + done);
    p.set_data_ptr(data + done);
    p.set_data_length(static_cast<unsigned>(chunk));
    p.set_streaming_width(static_cast<unsigned>(chunk));
    if (port.socket->transport_dbg(p) != chunk)
      throw base::ScheduleError("the DRAM has no byte at address " + std::to_string(address + done) + " or behind it");
    done += chunk;
  }
}

std::vector<Stall> stalls_of(const RunContext& context, int node) {
  std::vector<Stall> list;
  for (int unit = 0; unit < kUnits; ++unit)
    for (int r = 0; r < kStallReasons; ++r) {
      const auto reason = static_cast<StallReason>(r);
      const std::int64_t cycles = context.ledger.node_cycles(node, unit, reason);
      if (cycles > 0) list.push_back({unit, reason, cycles});
    }
  return list;
}

// What follows a unit's last command is a wait for the next.
void close_ledger(RunContext& context, RunResult& r) {
  for (int chiplet = 0; chiplet < context.arch.chiplets(); ++chiplet)
    for (int unit = 0; unit < kUnits; ++unit)
      context.account({spec::ChipletId(chiplet), unit}, -1, WorkKind::kStall, StallReason::kCommand, r.cycles);
  context.ledger.check(r.cycles);
  for (int chiplet = 0; chiplet < context.arch.chiplets(); ++chiplet)
    for (int unit = 0; unit < kUnits; ++unit) {
      UnitLedger u{{spec::ChipletId(chiplet), unit}, 0, {}};
      u.work = context.ledger.cycles(u.unit, std::nullopt);
      for (int i = 0; i < kStallReasons; ++i) {
        const auto reason = static_cast<StallReason>(i);
        const std::int64_t cycles = context.ledger.cycles(u.unit, reason);
        if (cycles > 0) u.waits.push_back({unit, reason, cycles});
      }
      r.ledger.push_back(std::move(u));
    }
  r.waits_of_no_node = stalls_of(context, -1);
}

// Accounts of a finished run.
RunResult collect(RunContext& context, const spec::EnergyTable& table, const DramEnergy& dram) {
  const spec::Schedule& s = context.schedule;
  const NodeClock::Account clock = context.clock.account();
  RunResult r;
  r.cycles = clock.group_end.empty() ? 0 : clock.group_end.back();
  close_ledger(context, r);
  r.energy_parts = context.meter.parts(context.arch, table, clock.node_cycles, dram);
  r.nodes.resize(s.workload.nodes.size());
  for (const EnergyPart& p : r.energy_parts)
    r.nodes[static_cast<std::size_t>(p.node)].energy.pj_of[spec::component_name(p.component)] += p.energy_pj;
  for (std::size_t n = 0; n < r.nodes.size(); ++n) {
    const int node = static_cast<int>(n);
    r.energy += r.nodes[n].energy;
    r.nodes[n].cycles = clock.node_cycles[n];
    r.nodes[n].macs = context.meter.count(node, spec::Action::kMac);
    r.nodes[n].dram_read_bytes = context.meter.dram_read_bytes(node);
    r.nodes[n].dram_write_bytes = context.meter.dram_write_bytes(node);
    r.nodes[n].stalls = stalls_of(context, node);
  }
  for (std::size_t g = 0; g < clock.group_end.size(); ++g) {
    GroupResult group;
    group.start_cycle = g == 0 ? 0 : clock.group_end[g - 1];
    group.end_cycle = clock.group_end[g];
    for (const auto& n : s.plan.groups[spec::GroupId(static_cast<std::int32_t>(g))].nodes)
      group.energy_pj += r.nodes[static_cast<std::size_t>(n.node.value)].energy.pj();
    r.groups.push_back(group);
  }
  for (const spec::ActionInfo& a : spec::kActions) r.counts[a.name] = context.meter.total(a.value);
  return r;
}

// MACs at the peak of all PEs; weights, each read once, at what the port and the devices behind it can move.
std::vector<spec::FloorTerm> floor_terms(const RunContext& context, std::int64_t macs, double dram_peak) {
  std::int64_t weights = 0;
  for (const spec::Tensor& t : context.schedule.workload.tensors)
    if (t.kind == spec::TensorKind::kWeight) weights += t.bytes();
  return {{"macs", macs, static_cast<double>(context.arch.macs_per_cycle())},
          {"weight_bytes", weights, std::min(context.arch.dram_bytes_per_cycle(), dram_peak)}};
}

void add_controllers(const RunResult& r, spec::BusiestUnits& units) {
  for (const UnitLedger& u : r.ledger)
    if (u.unit.unit == kControllerUnit)
      units.add(unit_name(u.unit.unit), "chiplet" + std::to_string(u.unit.chiplet.value) + "." + unit_name(u.unit.unit),
                u.work);
}

spec::RunFloor floor_of(const RunContext& context, const Package& package, const RunResult& r, double dram_peak) {
  spec::RunFloor floor;
  floor.cycles = r.cycles;
  floor.terms = floor_terms(context, context.meter.total(spec::Action::kMac), dram_peak);
  spec::BusiestUnits units;
  for (const spec::ResourceUse& u : package.resources()) units.add(u.kind, u.busiest, u.busy_cycles);
  add_controllers(r, units);
  floor.resources = units.list();
  return floor;
}

}  // namespace

EnergyByComponent::EnergyByComponent() {
  for (const spec::ComponentInfo& component : spec::kComponents) pj_of[component.name] = 0;
}

double EnergyByComponent::pj() const {
  double sum = 0;
  for (const auto& [component, pj] : pj_of) sum += pj;
  return sum;
}

EnergyByComponent& EnergyByComponent::operator+=(const EnergyByComponent& o) {
  for (const auto& [component, pj] : o.pj_of) pj_of[component] += pj;
  return *this;
}

RunResult simulate(const spec::Schedule& schedule, const spec::ArchSpec& arch, const spec::EnergyTable& table,
                   const RunOptions& options, const DramAttachment& dram, const std::vector<std::uint8_t>& image) {
  base::Problems problems;
  for (const std::string& text : machines::simba::misfits(schedule, arch)) problems.add(schedule.file, text);
  if (options.data) spec::verify_given_data(schedule, image, problems);
  problems.throw_if_any<base::ScheduleError>();
  sc_core::sc_report_handler::set_actions(sc_core::SC_INFO, sc_core::SC_DO_NOTHING);
  RunContext context(schedule, arch, options);
  Package package("package", context);
  for (const auto& port : package.ports) dram.bind(port->socket);
  if (options.data)
    package.before_start = [&] {
      std::vector<std::uint8_t> content = image;
      debug_transfer(*package.ports.front(), tlm::TLM_WRITE_COMMAND, 0, content.data(), content.size());
    };
  run_to_end(context, {[&] { return package.finished(); }, [&] { return package.blocked(); }});
  RunResult result = collect(context, table, dram.energy());
  result.floor = floor_of(context, package, result, dram.peak_bytes_per_cycle);
  result.intervals = std::move(context.intervals);
  result.log = std::move(context.log);
  result.waves = std::move(context.waves);
  result.flows = context.activity.samples(result.cycles);
  if (options.data)
    for (spec::TensorId id : schedule.workload.tensors.ids()) {
      const spec::Tensor& t = schedule.workload.tensors[id];
      if (t.kind != spec::TensorKind::kOutput) continue;
      std::vector<std::uint8_t>& bytes = result.outputs[t.name];
      bytes.resize(static_cast<std::size_t>(t.bytes()));
      debug_transfer(*package.ports.front(), tlm::TLM_READ_COMMAND,
                     static_cast<std::uint64_t>(schedule.plan.dram_addresses[id]), bytes.data(), bytes.size());
    }
  return result;
}

}  // namespace heat::simba
