// Formulas: docs/mapper.md, "Cycles".
#include "machines/simba/node_step.h"

#include <algorithm>

#include "firmware/include/simba_abi.h"
#include "machines/simba/mesh_links.h"
#include "machines/simba/mesh_route.h"
#include "machines/simba/units.h"

namespace heat::machines::simba {

using spec::Action;

std::vector<StepClass> step_classes(const Shares& shares, std::int64_t step) {
  std::vector<StepClass> classes;
  for (std::int64_t at = 0; at < shares.share;) {
    const std::int64_t full = simba_piece_size(shares.share, step, at / step);
    const std::int64_t partial = simba_piece_size(shares.partial, step, at / step);
    // Steps that look the same from here on: whole ones until the share or the partial share ends.
    std::int64_t count = 1;
    if (full == step && partial == step) count = std::max<std::int64_t>(1, (shares.partial - at) / step);
    if (full == step && partial == 0) count = std::max<std::int64_t>(1, (shares.share - at) / step);
    classes.push_back({full, partial, count});
    at += count * step;
  }
  return classes;
}

StepPricer::StepPricer(const machines::Machine& machine) : m_(machine) {
  const spec::ArchSpec& a = m_.arch;
  const spec::EnergyTable& e = m_.energy;
  const int n = a.chiplets();
  nop_latency_.push_back(0);
  tree_.push_back(0);
  hops_.push_back(0);
  busiest_.push_back(0);
  const std::vector<int>& ports = a.dram_ports.chiplets;
  std::vector<int> to;
  double far = 0;
  for (int c = 0; c < n; ++c) {
    to.push_back(c);
    double hops = 0, links = 0;
    for (int port : ports) {
      hops += mesh_hops(a.nop, port, c) / static_cast<double>(ports.size());
      links += multicast_links(a.nop, port, to) / static_cast<double>(ports.size());
    }
    far = std::max(far, hops);
    nop_latency_.push_back(a.nop.base_cycles + far * a.nop.hop_cycles);
    tree_.push_back(links);
    hops_.push_back(hops_.back() + hops);
    busiest_.push_back(busiest_link_packets(a.nop, ports, c + 1));
  }
  dram_bytes_per_cycle_ = a.dram_bytes_per_cycle() * m_.calibration.dram_bandwidth_factor;
  double mw = 0;
  for (const spec::StaticPartInfo& p : spec::kStaticParts)
    mw += e.static_mw(p.value) * static_cast<double>(instances(a, p.value));
  static_pj_per_cycle_ = mw / a.clock_ghz;
  background_pj_per_cycle_ = m_.calibration.dram_background_mw_with(e) / a.clock_ghz;
  handover_cycles_ = a.signal_cycles + a.nop.base_cycles +
                     static_cast<double>(mesh_diameter(a.nop)) * a.nop.hop_cycles +
                     m_.calibration.group_overhead_cycles;
  for (int from = 0; from < n; ++from)
    for (int c = 0; c < n; ++c) signal_byte_hops_ += SIMBA_SIGNAL_BYTES * mesh_hops(a.nop, from, c);
}

namespace {

// Adds the on-chip actions of `times` chiplets.
void add_on_chip(std::array<double, spec::kActionCount>& to, const StepCounts& c, double times) {
  const auto add = [&](Action action, double count) { to[static_cast<std::size_t>(action)] += times * count; };
  add(Action::kMac, c.macs);
  add(Action::kWeightBufferRead, c.weight.buffer_reads);
  add(Action::kWeightBufferWrite, c.weight.buffer_writes);
  add(Action::kInputBufferRead, c.input.buffer_reads);
  add(Action::kInputBufferWrite, c.input.buffer_writes);
  add(Action::kAccumulatorRead, c.accumulator_reads);
  add(Action::kAccumulatorWrite, c.accumulator_writes);
  add(Action::kPpuElement, c.ppu_elements);
  add(Action::kGlobalBufferRead, c.gb_reads);
  add(Action::kGlobalBufferWrite, c.gb_writes);
  add(Action::kVectorElement, c.vector_elements);
  add(Action::kNocByteHop, c.noc_byte_hops);
  add(Action::kControllerCommand, c.commands());
}

// Busy cycles of what a chiplet has of its own.
void set_chip_busy(NodeStep& s, const StepCounts& full, const machines::Machine& machine) {
  const spec::ArchSpec& a = machine.arch;
  const Calibration& cal = machine.calibration;
  const auto busy = [&](Resource r) -> double& { return s.busy[static_cast<std::size_t>(r)]; };
  busy(Resource::kGbRead) = full.gb_read_cycles;
  busy(Resource::kGbWrite) = full.gb_write_cycles;
  busy(Resource::kNocSend) = full.send_flits * cal.send_factor;
  busy(Resource::kNocDrain) = full.drain_flits;
  busy(Resource::kCompute) = full.compute_cycles * cal.compute_factor + full.waves * cal.wave_overhead_cycles;
  busy(Resource::kPpu) = full.ppu_cycles;
  busy(Resource::kPeWrite) = std::max(full.weight.port_cycles, full.input.port_cycles);
  busy(Resource::kController) = full.commands() * (a.controller.command_cycles + cal.command_overhead_cycles);
  busy(Resource::kVectorUnit) = full.vector_cycles;
}

}  // namespace

NodeStep StepPricer::price(const StepCounts& full, const StepCounts* partial, bool weight_shared, bool input_shared,
                           const Shares& shares) const {
  NodeStep s;
  add_on_chip(s.actions, full, shares.full);
  if (partial) add_on_chip(s.actions, *partial, 1);

  double nop_hops = 0, link = 0, first = 0;
  LoadWork work;
  const int all = shares.participants();
  const auto load = [&](bool shared, const OperandCounts& of_full, const OperandCounts& of_partial) {
    const int f = shares.full;
    const double bytes_full = of_full.load_bytes, bytes_partial = of_partial.load_bytes;
    if (shared) {
      s.load_bytes += bytes_full;
      nop_hops += (bytes_full - bytes_partial) * tree_links(f) + bytes_partial * tree_links(partial ? f + 1 : f);
      link += bytes_full;
      first += of_full.first_bytes;
    } else {
      s.load_bytes += f * bytes_full + bytes_partial;
      nop_hops += bytes_full * unicast_hops(f) + bytes_partial * (partial ? unicast_hops(f + 1) - unicast_hops(f) : 0);
      link += bytes_full * link_packets(f);
      first += f * of_full.first_bytes;
    }
    work.add({shared, f, shared ? 1 : link_packets(f)}, bytes_full, bytes_partial, of_full.requests, of_full.loads);
  };
  load(weight_shared, full.weight, partial ? partial->weight : OperandCounts{});
  load(input_shared, full.input, partial ? partial->input : OperandCounts{});
  s.store_bytes = shares.full * full.store_bytes + (partial ? partial->store_bytes : 0);
  nop_hops += full.store_bytes * unicast_hops(shares.full);
  if (partial) nop_hops += partial->store_bytes * (unicast_hops(shares.full + 1) - unicast_hops(shares.full));
  s.actions[static_cast<std::size_t>(Action::kNopByteHop)] = nop_hops;
  s.actions[static_cast<std::size_t>(Action::kDramByte)] = s.load_bytes + s.store_bytes;

  const auto busy = [&](Resource r) -> double& { return s.busy[static_cast<std::size_t>(r)]; };
  const double loading_link = link / m_.arch.nop.link_bytes_per_cycle,
               storing_link = full.store_bytes * link_packets(shares.full) / m_.arch.nop.link_bytes_per_cycle;
  busy(Resource::kNop) = std::max(loading_link, storing_link);
  set_chip_busy(s, full, m_);

  busy(Resource::kDram) =
      port_cycles(s.load_bytes + s.store_bytes,
                  work.part[0].port_requests + work.part[1].port_requests + shares.full * full.store_requests);
  busy(Resource::kDma) = std::max(load_cycles(work, all), engine_cycles(full.store_requests, full.stores, all));
  for (const ResourceInfo& r : kResources) {
    double& longest = r.memory ? s.memory : s.execution;
    longest = std::max(longest, busy(r.value));
  }
  if (full.waves > 0)
    s.slot_cycles = std::max(slot_cycles(full.weight, weight_shared, full, s.execution, shares),
                             slot_cycles(full.input, input_shared, full, s.execution, shares));
  s.fill = full.first_send_cycles + full.last_drain_flits + (full.waves > 0 ? 2 * noc_latency(full.farthest_hops) : 0) +
           m_.calibration.node_overhead_cycles;
  s.execution += s.fill;
  s.tiles = std::max(1.0, full.tiles);
  set_ends(s, {work, first, loading_link, storing_link}, full, shares);
  return s;
}

// The first tile's loads and the last store stand alone: the engine's window hides no latency of theirs, which is added.
void StepPricer::set_ends(NodeStep& s, const Transfers& t, const StepCounts& full, const Shares& shares) const {
  const int all = shares.participants();
  if (full.loads() > 0) {
    const double port = port_cycles(s.load_bytes, t.loads.part[0].port_requests + t.loads.part[1].port_requests);
    const double part = t.first_bytes / s.load_bytes;
    s.first_load =
        std::max(part * std::max(port, t.loading_link), part * load_cycles(t.loads, all) - load_latency(all));
    s.latency = load_latency(all);
  }
  if (full.stores > 0) {
    const double port = port_cycles(s.store_bytes, shares.full * full.store_requests);
    s.store_latency = 2 * nop_latency_[static_cast<std::size_t>(all)];
    s.last_store = std::max(std::max(port, t.storing_link) / full.stores,
                            engine_cycles(full.store_requests, full.stores, all) / full.stores - s.store_latency);
  }
}

double StepPricer::static_pj_per_cycle(spec::StaticPart part) const {
  return m_.energy.static_mw(part) * static_cast<double>(instances(m_.arch, part)) / m_.arch.clock_ghz;
}

double StepPricer::engine_cycles(double requests, double transfers, int chiplets) const {
  return requests * load_latency(chiplets) / m_.arch.dma.outstanding_bursts +
         transfers * (m_.arch.dma.setup_cycles + m_.calibration.load_overhead_cycles);
}

// A streamed operand has two slots, so a load waits until the tile before the last one has been sent: two loads take no
// less than a slot needs for one, from its set-up to the last send. Later sends of a tile follow the waves, as a PE's
// halves are two.
double StepPricer::slot_cycles(const OperandCounts& o, bool shared, const StepCounts& of, double execution,
                               const Shares& shares) const {
  if (o.loads == 0) return 0;
  const double each = (shared ? 1 : shares.full) / o.loads;
  const double load =
      m_.arch.dma.setup_cycles + load_latency(shares.participants()) +
      std::max(port_cycles(each * o.load_bytes, each * o.requests),
               link_cycles(o.load_bytes / o.loads, o.requests / o.loads) * (shared ? 1 : link_packets(shares.full)));
  const double sends = o.sends / o.loads, send = o.send_cycles / o.sends;
  const double held = noc_latency(of.farthest_hops) + std::min(sends, 2.0) * send +
                      std::max(0.0, sends - 2) * std::max(execution / of.waves, send);
  return o.loads * (load + held) / 2;
}

double StepPricer::load_cycles(const LoadWork& work, int chiplets) const {
  double cycles = 0;
  for (const LoadWork::Part& p : work.part)
    cycles += std::max({port_cycles(p.bytes, p.port_requests), link_cycles(p.link_bytes, p.link_requests),
                        engine_cycles(p.requests, p.loads, chiplets)});
  return cycles;
}

double StepPricer::dynamic_pj(const std::array<double, spec::kActionCount>& actions) const {
  double pj = 0;
  for (const spec::ActionInfo& a : spec::kActions) {
    if (a.value == Action::kDramByte) continue;
    pj += actions[static_cast<std::size_t>(a.value)] * m_.energy.pj(a.value);
  }
  return pj * m_.calibration.dynamic_energy_factor +
         actions[static_cast<std::size_t>(Action::kDramByte)] * m_.calibration.dram_pj_per_byte_with(m_.energy);
}

double Pipeline::hidden(double execution, double memory) const {
  return std::max(execution, memory) + (1 - overlap_) * std::min(execution, memory);
}

void Pipeline::add(const NodeStep& n) {
  // Beside the previous execution's last tile: earlier stores, and this one's first load.
  cycles_ += hidden(last_execution_, pending_ + n.first_load + n.latency);
  pending_ = store_;
  const double tile_execution = n.execution / n.tiles;
  if (n.tiles > 1) {
    const double rest = std::max(0.0, n.memory - n.first_load - n.last_store) + pending_;
    cycles_ += (n.tiles - 1) * std::max(hidden(tile_execution, rest / (n.tiles - 1)), n.slot_cycles / n.tiles);
    pending_ = 0;
    store_ = n.last_store;
  } else {
    store_ = n.last_store;
  }
  last_execution_ = tile_execution;
  store_latency_ = n.store_latency;
}

}  // namespace heat::machines::simba
