// Formulas: docs/mapper.md, "Cycles".
#include "machines/simba/node_step.h"

#include <algorithm>
#include <numeric>

#include "machines/simba/gb_layout.h"
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

namespace {

NopWays nop_ways(const spec::ArchSpec& a, const std::vector<int>& sources, bool own_stays) {
  NopWays w{{0}, {0}, {0}, {0}};
  const auto each = static_cast<double>(sources.size());
  const FirstNodes first = to_first_nodes(a.nop, sources, own_stays);
  double far = 0;
  for (int c = 0; c < a.chiplets(); ++c) {
    double hops = 0;
    for (int from : sources) hops += mesh_hops(a.nop, from, c) / each;
    far = std::max(far, hops);
    w.latency.push_back(a.nop.base_cycles + far * a.nop.hop_cycles);
    w.tree.push_back(first.tree_links[static_cast<std::size_t>(c)]);
    w.hops.push_back(w.hops.back() + hops);
    w.busiest.push_back(first.busiest_packets[static_cast<std::size_t>(c)]);
  }
  return w;
}

}  // namespace

StepPricer::StepPricer(const machines::Machine& machine, int chiplets) : m_(machine) {
  const spec::ArchSpec& a = m_.arch;
  const spec::EnergyTable& e = m_.energy;
  const int n = a.chiplets();
  std::vector<int> homes(static_cast<std::size_t>(chiplets));
  std::iota(homes.begin(), homes.end(), 0);
  from_dram_ = nop_ways(a, a.dram_ports.chiplets, false);
  from_homes_ = nop_ways(a, homes, true);
  dram_bytes_per_cycle_ = a.dram_bytes_per_cycle() * m_.calibration.dram_bandwidth_factor;
  double mw = 0;
  for (const spec::StaticPartInfo& p : spec::kStaticParts)
    mw += e.static_mw(p.value) * static_cast<double>(instances(a, p.value));
  static_pj_per_cycle_ = mw / a.clock_ghz;
  background_pj_per_cycle_ = m_.calibration.dram_background_mw_with(e) / a.clock_ghz;
  int far = 0;
  double byte_hops = 0;
  for (int c = 0; c <= n; ++c) {
    handover_.push_back(a.signal_cycles + a.nop.base_cycles + static_cast<double>(far) * a.nop.hop_cycles +
                        m_.calibration.group_overhead_cycles);
    signal_byte_hops_.push_back(byte_hops);
    for (int other = 0; other < c && c < n; ++other) {
      const int hops = mesh_hops(a.nop, other, c);
      far = std::max(far, hops);
      byte_hops += 2.0 * SIMBA_SIGNAL_BYTES * hops;
    }
  }
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
  busy(Resource::kNocDrain) = std::max(full.drain_flits, full.chain_flits);
  busy(Resource::kCompute) = full.compute_cycles * cal.compute_factor + full.waves * cal.wave_overhead_cycles;
  busy(Resource::kPpu) = full.ppu_cycles;
  busy(Resource::kPeWrite) = std::max(full.weight.port_cycles, full.input.port_cycles);
  busy(Resource::kController) = full.commands() * (a.controller.command_cycles + cal.command_overhead_cycles);
  busy(Resource::kVectorUnit) = full.vector_cycles;
}

}  // namespace

// What a step moves over the NoP, from and to DRAM or homes; adds bytes and byte-hops to `s`.
StepPricer::Transfers StepPricer::transfers(NodeStep& s, const StepCounts& full, const StepCounts& partial,
                                            const Ways& to, const Shares& shares) const {
  double nop_hops = 0, dram_bytes = 0;
  Transfers t;
  const int f = shares.full, last = shares.participants();
  const auto load = [&](const Way& way, const OperandCounts& of_full, const OperandCounts& of_partial) {
    if (of_full.loads == 0) return;
    const double bytes_full = of_full.load_bytes, bytes_partial = of_partial.load_bytes;
    const double packets = way.shared ? 1 : link_packets(f, way.travels);
    const double bytes = way.shared ? bytes_full : f * bytes_full + bytes_partial;
    const auto tree = [&](int chiplets) { return tree_links(chiplets, way.travels); };
    const auto hops = [&](int chiplets) { return unicast_hops(chiplets, way.travels); };
    nop_hops += way.shared ? (bytes_full - bytes_partial) * tree(f) + bytes_partial * tree(last)
                           : bytes_full * hops(f) + bytes_partial * (hops(last) - hops(f));
    s.load_bytes += bytes;
    if (!way.travels) dram_bytes += bytes;
    t.from_dram = t.from_dram || !way.travels;
    t.loading_link += bytes_full * packets / m_.arch.nop.link_bytes_per_cycle;
    t.first_bytes += way.shared ? of_full.first_bytes : f * of_full.first_bytes;
    t.loads.add({way.shared, f, packets, way.travels}, bytes_full, bytes_partial, of_full.requests, of_full.loads);
  };
  load(to.weight, full.weight, partial.weight);
  load(to.input, full.input, partial.input);
  load(to.residual, full.residual, partial.residual);
  const auto out_hops = [&](int chiplets) { return unicast_hops(chiplets, to.output.travels); };
  s.store_bytes = f * full.store_bytes + partial.store_bytes;
  nop_hops += full.store_bytes * out_hops(f) + partial.store_bytes * (out_hops(last) - out_hops(f));
  t.storing_link = full.store_bytes * link_packets(f, to.output.travels) / m_.arch.nop.link_bytes_per_cycle;
  t.to_dram = full.stores > 0 && !to.output.travels;
  if (t.to_dram) dram_bytes += s.store_bytes;
  s.actions[static_cast<std::size_t>(Action::kNopByteHop)] = nop_hops;
  s.actions[static_cast<std::size_t>(Action::kDramByte)] = dram_bytes;
  return t;
}

NodeStep StepPricer::price(const StepCounts& full, const StepCounts* partial, const Ways& to,
                           const Shares& shares) const {
  NodeStep s;
  add_on_chip(s.actions, full, shares.full);
  if (partial) add_on_chip(s.actions, *partial, 1);

  const Transfers t = transfers(s, full, partial ? *partial : StepCounts{}, to, shares);
  const int all = shares.participants(), f = shares.full;
  const auto busy = [&](Resource r) -> double& { return s.busy[static_cast<std::size_t>(r)]; };
  busy(Resource::kNop) = std::max(t.loading_link, t.storing_link);
  set_chip_busy(s, full, m_);

  const double load_requests = t.loads.part[0].port_requests + t.loads.part[1].port_requests;
  busy(Resource::kDram) = port_cycles(s.actions[static_cast<std::size_t>(Action::kDramByte)],
                                      load_requests + (t.to_dram ? f * full.store_requests : 0));
  busy(Resource::kDma) = std::max(load_cycles(t.loads, all), engine_cycles(full.store_requests, full.stores, all,
                                                                           t.to_dram ? 0 : full.store_requests));
  for (const ResourceInfo& r : kResources) {
    double& longest = r.memory ? s.memory : s.execution;
    longest = std::max(longest, busy(r.value));
  }
  if (full.waves > 0)
    s.slot_cycles = std::max({slot_cycles(full.weight, to.weight, full, s.execution, shares),
                              slot_cycles(full.input, to.input, full, s.execution, shares),
                              output_slot_cycles(full, to.output, s.execution, shares)});
  s.fill = full.first_send_cycles + full.last_drain_flits + (full.waves > 0 ? 2 * noc_latency(full.farthest_hops) : 0) +
           chain_latency(full.chain_ways, full.chain_hops) + full.last_pass_cycles +
           m_.calibration.node_overhead_cycles;
  s.execution += s.fill;
  s.tiles = std::max(1.0, full.tiles);
  set_ends(s, t, full, shares);
  return s;
}

// The first tile's loads and the last store stand alone: the engine's window hides no latency of theirs, which is added.
void StepPricer::set_ends(NodeStep& s, const Transfers& t, const StepCounts& full, const Shares& shares) const {
  const int all = shares.participants();
  if (full.loads() > 0) {
    const auto& [joint, own] = t.loads.part;
    const double port = port_cycles(joint.bytes + own.bytes, joint.port_requests + own.port_requests);
    const double part = t.first_bytes / s.load_bytes, latency = load_latency(all, !t.from_dram);
    s.first_load = std::max(part * std::max(port, t.loading_link), part * load_cycles(t.loads, all) - latency);
    s.latency = latency;
  }
  if (full.stores > 0) {
    const double port = t.to_dram ? port_cycles(s.store_bytes, shares.full * full.store_requests) : 0;
    const double engine = engine_cycles(full.store_requests, full.stores, all, t.to_dram ? 0 : full.store_requests);
    s.store_latency = 2 * ways(!t.to_dram).latency[static_cast<std::size_t>(all)];
    s.last_store = std::max(std::max(port, t.storing_link) / full.stores, engine / full.stores - s.store_latency);
  }
}

double StepPricer::static_pj_per_cycle(spec::StaticPart part) const {
  return m_.energy.static_mw(part) * static_cast<double>(instances(m_.arch, part)) / m_.arch.clock_ghz;
}

double StepPricer::engine_cycles(double requests, double transfers, int chiplets, double travelling_requests) const {
  const double latencies =
      (requests - travelling_requests) * load_latency(chiplets) + travelling_requests * load_latency(chiplets, true);
  return latencies / m_.arch.dma.outstanding_bursts +
         transfers * (m_.arch.dma.setup_cycles + m_.calibration.load_overhead_cycles);
}

// A streamed operand has slots, so a load waits until the tile so many before it has been sent: as many loads take no
// less than a slot needs for one, from its set-up to the last send. Later sends of a tile follow the waves, as a PE's
// halves are two.
double StepPricer::slot_cycles(const OperandCounts& o, const Way& way, const StepCounts& of, double execution,
                               const Shares& shares) const {
  if (o.loads == 0) return 0;
  const double each = (way.shared ? 1 : shares.full) / o.loads;
  const double port = way.travels ? 0 : port_cycles(each * o.load_bytes, each * o.requests);
  const double packets = way.shared ? 1 : link_packets(shares.full, way.travels);
  const double load = m_.arch.dma.setup_cycles + load_latency(shares.participants(), way.travels) +
                      std::max(port, link_cycles(o.load_bytes / o.loads, o.requests / o.loads) * packets);
  const double sends = o.sends / o.loads, send = o.send_cycles / o.sends;
  const double held = noc_latency(of.farthest_hops) + std::min(sends, 2.0) * send +
                      std::max(0.0, sends - 2) * std::max(execution / of.waves, send);
  return o.loads * (load + held) / static_cast<double>(max_slots(m_.arch));
}

// A tile of results has two slots: a slot is taken from its first drain until its store is acknowledged.
double StepPricer::output_slot_cycles(const StepCounts& of, const Way& way, double execution,
                                      const Shares& shares) const {
  if (of.stores == 0) return 0;
  const double bytes = of.store_bytes / of.stores, requests = of.store_requests / of.stores;
  const double port = way.travels ? 0 : port_cycles(shares.full * bytes, shares.full * requests);
  const double store = m_.arch.dma.setup_cycles +
                       2 * ways(way.travels).latency[static_cast<std::size_t>(shares.participants())] +
                       std::max(port, link_cycles(bytes, requests) * link_packets(shares.full, way.travels));
  const double drains = of.drains / of.stores, drain = std::max(of.drain_flits, of.ppu_cycles) / of.drains;
  const double held =
      noc_latency(of.farthest_hops) + drain + std::max(0.0, drains - 1) * std::max(execution / of.drains, drain);
  return of.stores * (held + store) / 2;
}

double StepPricer::load_cycles(const LoadWork& work, int chiplets) const {
  double cycles = 0;
  for (const LoadWork::Part& p : work.part)
    cycles += std::max({port_cycles(p.bytes, p.port_requests), link_cycles(p.link_bytes, p.link_requests),
                        engine_cycles(p.requests, p.loads, chiplets, p.travelling_requests)});
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

// A tile's loads begin when the tile as many before it as there are slots has been executed, hence the next one begins.
void Pipeline::add(const NodeStep& n) {
  const double others = n.tiles - 1, execution = n.execution / n.tiles;
  loaded_ = std::max(loaded_, slot_free()) + last_store_ + n.first_load;  // the store before it takes its turn
  execute(loaded_ + n.latency, execution, n.first_load, 0);
  const double rest = std::max(0.0, n.memory - n.first_load - n.last_store), memory = rest / std::max(1.0, others);
  if (others == 0) loaded_ += rest;  // of a load whose latency hides a part of its engine's time
  double before = done_;
  std::int64_t tile = 0;
  for (; static_cast<double>(tile) < others && tile <= 2 * slots_; ++tile) {
    before = done_;
    loaded_ = std::max(loaded_, slot_free()) + memory;
    execute(loaded_, execution, memory, n.slot_cycles / n.tiles);
  }
  if (const double left = others - static_cast<double>(tile); left > 0) {
    // Loads that are ahead by now may no longer be at the end.
    const double loaded = loaded_ + left * memory, took = done_ - begun_.back();
    shift(left * (done_ - before));
    shift(std::max(0.0, loaded + took - done_));
  }
  last_store_ = n.last_store;
  store_latency_ = n.store_latency;
}

void Pipeline::execute(double loaded, double execution, double memory, double period) {
  const double begin = std::max({done_, loaded, begun_.back() + period});
  std::rotate(begun_.begin(), begun_.begin() + 1, begun_.end());
  begun_.back() = begin;
  done_ = begin + execution + (1 - overlap_) * std::min(execution, memory);
}

void Pipeline::shift(double cycles) {
  done_ += cycles;
  loaded_ += cycles;
  for (double& begun : begun_) begun += cycles;
}

void Pipeline::add_exposed(double cycles) {
  done_ += cycles;
  loaded_ = std::max(loaded_, done_);
}

}  // namespace heat::machines::simba
