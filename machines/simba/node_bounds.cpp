// A PE tile and a split fix compute, buffer reads and partial sums exactly; sends are taken at the least the loop nest
// allows, every DRAM operand once. A tile of the global buffer adds the traffic, requests and exposed first load.
//
// Why the send bound holds: two successive waves differ in m or in n. A wave of other m needs its weights sent, one of
// other n its inputs, so every wave (m, n) pays at least the cheaper of its two sends; when k takes several waves it
// pays both.
#include "machines/simba/node_bounds.h"

#include <algorithm>
#include <cmath>

#include "base/checked.h"

namespace heat::machines::simba {

using base::ceil_div;
using spec::Action;
using spec::Extents;

namespace {

double d(std::int64_t v) {
  return static_cast<double>(v);
}

// DRAM bytes of an operand whose GB tile is `tile` of `extents`, at least: whole bursts for whole tiles.
double burst_bound(const OperandShape& operand, const ViewRuns::Sizes& extents, const ViewRuns::Sizes& tile) {
  double whole = 1, bytes = 1, total = 1;
  for (std::size_t i = 0; i < 3; ++i) {
    whole *= d(extents[i] / tile[i]);
    bytes *= d(tile[i]);
    total *= d(extents[i]);
  }
  return whole * operand.runs.burst_bytes(tile) + (total - whole * bytes);
}

}  // namespace

// An extent in waves: all but the last are whole.
struct NodeBounds::Waves {
  std::int64_t extent, tile, count, last;
  Waves(std::int64_t e, std::int64_t t, std::int64_t split)
      : extent(e), tile(t), count(ceil_div(e, t * split)), last(e - (count - 1) * t * split) {}
  std::int64_t size(int kind, std::int64_t split) const { return kind ? last : std::min(extent, tile * split); }
  std::int64_t times(int kind) const { return kind ? 1 : count - 1; }
  // Sum over waves of f(largest PE tile).
  template <class F>
  double sum(F f) const {
    return d(count - 1) * d(f(tile)) + d(f(std::min(tile, last)));
  }
};

NodeBounds::NodeBounds(const GroupModel& model, std::size_t position, const StepPricer& pricer, bool alone)
    : model_(model),
      pricer_(pricer),
      arch_(pricer.machine().arch),
      node_(model.nodes()[position]),
      shares_(model.shares()),
      e_(model.extents(position)) {
  const std::int64_t values = model.values_in_step();
  steps_ = d(shares_.share / values);
  rest_ = d(shares_.share % values) / d(values);
  executions_ = steps_ * shares_.full;
  const auto& energy = pricer.machine().energy;
  const double factor = pricer.machine().calibration.dynamic_energy_factor;
  for (const spec::ActionInfo& a : spec::kActions) pj_[static_cast<std::size_t>(a.value)] = energy.pj(a.value) * factor;
  dram_pj_ = pricer.machine().calibration.dram_pj_per_byte_with(energy);
  rate_ = pricer.static_pj_per_cycle() + pricer.background_pj_per_cycle();
  prepare(alone);
}

LoadWork::Receivers NodeBounds::receivers(const OperandShape& operand) const {
  return {!operand.holds_bound, shares_.full,
          operand.holds_bound ? pricer_.link_packets(shares_.full, operand.travels) : 1, operand.travels};
}

// What no mapping of the node changes.
void NodeBounds::prepare(bool alone) {
  const double bmn = d(e_.b) * d(e_.m) * d(e_.n);
  const double linear = executions_ + rest_ * shares_.full;
  fixed_energy_ = linear * (bmn * d(e_.k) * pj(Action::kMac) + bmn * pj(Action::kPpuElement));
  weight_bytes_ = d(e_.b) * d(e_.m) * d(e_.k);
  input_bytes_ = d(e_.b) * d(e_.n) * d(e_.k);
  output_bytes_ = bmn * d(node_.shape.output_bytes);
  sums_ = bmn;
  const double word = arch_.global_buffer.word_bytes;
  const double gb_write = pj(Action::kGlobalBufferWrite) / word, gb_read = pj(Action::kGlobalBufferRead) / word;
  const int full = shares_.full;
  // Energy of one byte of an operand brought to the chiplets that need it, per execution of the node on one of them.
  const auto load_pj = [&](const OperandShape& o) {
    if (o.resident) return 0.0;
    const bool shared = !o.holds_bound;
    const double links = (shared ? pricer_.tree_links(full, o.travels) : pricer_.unicast_hops(full, o.travels)) / full;
    const double source = o.travels ? gb_read : dram_pj_;
    return (shared ? source / full : source) + links * pj(Action::kNopByteHop);
  };
  weight_load_pj_ = load_pj(node_.shape.weight);
  input_load_pj_ = load_pj(node_.shape.input);
  if (!node_.shape.output.resident) {
    const bool travels = node_.shape.output.travels;
    output_store_pj_ =
        (travels ? gb_write : dram_pj_) + pricer_.unicast_hops(full, travels) / full * pj(Action::kNopByteHop);
    fixed_energy_ += linear * output_bytes_ * (output_store_pj_ + gb_read);
  }
  fixed_energy_ += linear * gb_write *
                   (output_bytes_ + (node_.shape.weight.resident ? 0 : weight_bytes_) +
                    (node_.shape.input.resident ? 0 : input_bytes_));
  // Port cycles of one byte of an operand, all chiplets together, per step.
  const auto port = [&](const OperandShape& o, double chiplets) {
    return o.resident || o.travels ? 0 : pricer_.port_cycles(chiplets);
  };
  weight_port_ = port(node_.shape.weight, node_.shape.weight.holds_bound ? full : 1);
  input_port_ = port(node_.shape.input, node_.shape.input.holds_bound ? full : 1);
  output_port_ = port(node_.shape.output, full);
  memory_ = weight_bytes_ * weight_port_ + input_bytes_ * input_port_ + output_bytes_ * output_port_;
  rest_memory_ = rest_ * memory_;
  rest_compute_ = rest_ * bmn * d(e_.k) / d(arch_.macs_per_cycle()) * pricer_.machine().calibration.compute_factor;
  // No tiling takes fewer requests than the whole operand at once.
  LoadWork work;
  const std::int64_t burst = arch_.request_bytes();
  if (!node_.shape.weight.resident)
    work.add(receivers(node_.shape.weight), weight_bytes_, 0,
             node_.shape.weight.runs.requests({e_.b, e_.m, e_.k}, burst), 1);
  if (!node_.shape.input.resident)
    work.add(receivers(node_.shape.input), input_bytes_, 0, node_.shape.input.runs.requests({e_.b, e_.n, e_.k}, burst),
             1);
  memory_ = std::max(memory_, pricer_.load_cycles(work, shares_.participants()));
  send_read_pj_ = gb_read;
  if (alone) {
    const Cost fixed = model_.fixed();
    fixed_cycles_ = fixed.cycles;
    fixed_energy_ += fixed.energy_pj;
  }
}

TileBound NodeBounds::of_tile(const Extents& tile) const {
  const std::int64_t lanes = arch_.pe.lanes, width = arch_.pe.width;
  const auto pieces = [](std::int64_t extent, std::int64_t size, std::int64_t unit) {
    return d(extent / size) * d(ceil_div(size, unit)) + d(ceil_div(extent % size, unit));
  };
  TileBound t;
  const double m_lanes = pieces(e_.m, tile.m, lanes);
  t.k_grains = pieces(e_.k, tile.k, width);
  t.step_pj = weight_bytes_ * d(ceil_div(e_.n, tile.n)) * pj(Action::kWeightBufferRead) +
              input_bytes_ * m_lanes * pj(Action::kInputBufferRead) +
              sums_ * t.k_grains * (pj(Action::kAccumulatorRead) + pj(Action::kAccumulatorWrite)) +
              weight_bytes_ * weight_load_pj_ + input_bytes_ * input_load_pj_;
  const double sends = weight_bytes_ * (send_read_pj_ + pj(Action::kWeightBufferWrite)) +
                       input_bytes_ * (send_read_pj_ + pj(Action::kInputBufferWrite));
  const double compute =
      d(e_.b) * d(e_.n) * m_lanes * t.k_grains / arch_.pes() * pricer_.machine().calibration.compute_factor;
  // Of the shorter step only what is in proportion: pieces are not rounded up.
  const double even_pj = weight_bytes_ * d(e_.n) / d(tile.n) * pj(Action::kWeightBufferRead) +
                         input_bytes_ * d(e_.m) / d(lanes) * pj(Action::kInputBufferRead) +
                         sums_ * d(e_.k) / d(width) * (pj(Action::kAccumulatorRead) + pj(Action::kAccumulatorWrite)) +
                         weight_bytes_ * weight_load_pj_ + input_bytes_ * input_load_pj_;
  t.rest_pj = rest_ * shares_.full * (even_pj + sends);
  const double cycles = fixed_cycles_ + all_steps(compute, memory_);
  t.least = {cycles, fixed_energy_ + executions_ * (t.step_pj + sends) + t.rest_pj + cycles * rate_};
  return t;
}

double NodeBounds::all_steps(double execution, double memory) const {
  return std::max(steps_ * execution + rest_compute_, steps_ * memory + rest_memory_);
}

PeChoice NodeBounds::of_split(const Extents& tile, const spec::SpatialSplit& split, const TileBound& t) const {
  PeChoice c{tile, split, {}, 0, 0};
  const Waves wb(e_.b, c.tile.b, c.split.b), wm(e_.m, c.tile.m, c.split.m), wn(e_.n, c.tile.n, c.split.n),
      wk(e_.k, c.tile.k, c.split.k);
  const std::int64_t kc = wk.count, lanes = arch_.pe.lanes, width = arch_.pe.width;
  const double bmn_waves = d(wb.count) * d(wm.count) * d(wn.count), waves = bmn_waves * d(kc);
  const auto same = [](std::int64_t size) { return size; };
  const double area = wb.sum(same) * wn.sum(same);
  const double compute = area * wm.sum([&](std::int64_t size) { return ceil_div(size, lanes); }) *
                             wk.sum([&](std::int64_t size) { return ceil_div(size, width); }) +
                         waves * arch_.pe.compute_overhead_cycles;
  const double sums = area * wm.sum(same);
  double ppu = sums / arch_.pe.ppu_elements_per_cycle;
  if (std::min(c.split.k, ceil_div(e_.k, c.tile.k)) > 1)  // each is read twice on its way
    ppu = std::max(ppu, sums * 2 * arch_.pe.accumulator_bits / 8 / arch_.pe.accumulation_buffer.read_bytes_per_cycle);
  const SendBound sends = bound_sends(c, wb, wm, wn, kc);
  const double commands = waves + bmn_waves + (kc > 1 ? 2 * waves : waves);
  const double drains = drain_accesses(c.tile);
  const double energy = t.step_pj + sends.energy + pass_pj(c) + commands * pj(Action::kControllerCommand) +
                        (drains - output_bytes_ / arch_.global_buffer.word_bytes) * pj(Action::kGlobalBufferWrite);

  const Calibration& cal = pricer_.machine().calibration;
  const auto& gb = arch_.global_buffer;
  double execution = compute * cal.compute_factor + waves * cal.wave_overhead_cycles;
  execution = std::max({execution, ppu, sends.bytes / arch_.noc.link_bytes_per_cycle * cal.send_factor,
                        sends.bytes / gb.read_bytes_per_cycle, drains * gb.word_bytes / gb.write_bytes_per_cycle,
                        commands * (arch_.controller.command_cycles + cal.command_overhead_cycles)});
  // The first wave's operands come before, its latency around.
  const auto used = [](const Waves& w, std::int64_t pes) { return ceil_div(std::min(w.extent, w.tile * pes), w.tile); };
  const Extents pes{used(wb, c.split.b), used(wm, c.split.m), used(wn, c.split.n), used(wk, c.split.k)};
  const int farthest = farthest_hops(arch_.noc, c.split, pes);
  const double first_wave = d(wb.size(wb.count == 1, c.split.b)) * d(wk.size(wk.count == 1, c.split.k)) *
                            d(wm.size(wm.count == 1, c.split.m) + wn.size(wn.count == 1, c.split.n));
  execution +=
      first_wave / arch_.noc.link_bytes_per_cycle + 2 * pricer_.noc_latency(farthest) + cal.node_overhead_cycles;
  const int ways = static_cast<int>(pes.k - 1);
  execution += pricer_.chain_latency(ways, ways);
  const double cycles = fixed_cycles_ + all_steps(execution, memory_);
  c.least_execution = execution;
  c.least_dynamic_pj = fixed_energy_ + executions_ * energy + t.rest_pj;
  c.least = {cycles, c.least_dynamic_pj + cycles * rate_};
  return c;
}

// What it takes at least to add up the sums of all PEs along k, in one execution: every way has a link.
double NodeBounds::pass_pj(const PeChoice& c) const {
  const auto passed = d(std::min(c.split.k, ceil_div(e_.k, c.tile.k)) - 1);
  return output_bytes_ * passed *
         (pj(Action::kAccumulatorRead) + pj(Action::kAccumulatorWrite) +
          arch_.pe.accumulator_bits / 8.0 * pj(Action::kNocByteHop));
}

// Accesses of the global buffer that drains make at least: exact for whole PE tiles, full words for the rest.
double NodeBounds::drain_accesses(const Extents& tile) const {
  const double word = arch_.global_buffer.word_bytes;
  const double whole = d(e_.b / tile.b) * d(e_.m / tile.m) * d(e_.n / tile.n),
               bytes = d(tile.b * tile.m * tile.n * node_.shape.output_bytes);
  const double each = node_.shape.output.resident
                          ? d(node_.shape.output.runs.accesses({tile.b, tile.m, tile.n * node_.shape.output_bytes},
                                                               arch_.global_buffer.word_bytes))
                          : std::ceil(bytes / word);
  return whole * each + (output_bytes_ - whole * bytes) / word;
}

// Requests that its loads take at least: those of whole tiles.
double NodeBounds::request_bound(const OperandShape& operand, const ViewRuns::Sizes& extents,
                                 const ViewRuns::Sizes& tile) const {
  double whole = 1;
  for (std::size_t i = 0; i < 3; ++i) whole *= d(extents[i] / tile[i]);
  return whole * operand.runs.requests(tile, arch_.request_bytes());
}

NodeBounds::SendBound NodeBounds::bound_sends(const PeChoice& c, const Waves& wb, const Waves& wm, const Waves& wn,
                                              std::int64_t kc) const {
  const double read = pj(Action::kGlobalBufferRead) / arch_.global_buffer.word_bytes;
  // pJ of a byte multicast to `to` PEs: a tree to that many has at least one link less (PE 0 is at the source).
  const auto byte_pj = [&](Action write, std::int64_t to) {
    return read + d(to) * pj(write) + d(to - 1) * pj(Action::kNocByteHop);
  };
  const double bk = d(wb.extent) * d(e_.k);
  SendBound each, once;
  for (int i = 0; i < 2; ++i)
    for (int j = 0; j < 2; ++j) {
      const double times = d(wm.times(i)) * d(wn.times(j));
      if (times == 0) continue;
      const std::int64_t m = wm.size(i, c.split.m), n = wn.size(j, c.split.n);
      const double w = bk * d(m), x = bk * d(n);
      const double we = w * byte_pj(Action::kWeightBufferWrite, ceil_div(n, c.tile.n));
      const double xe = x * byte_pj(Action::kInputBufferWrite, ceil_div(m, c.tile.m));
      each.bytes += times * (kc > 1 ? w + x : std::min(w, x));
      each.energy += times * (kc > 1 ? we + xe : std::min(we, xe));
    }
  once.bytes = weight_bytes_ + input_bytes_;
  once.energy = weight_bytes_ * byte_pj(Action::kWeightBufferWrite, std::min(c.split.n, ceil_div(e_.n, c.tile.n))) +
                input_bytes_ * byte_pj(Action::kInputBufferWrite, std::min(c.split.m, ceil_div(e_.m, c.tile.m)));
  return {std::max(each.bytes, once.bytes), std::max(each.energy, once.energy)};
}

Cost NodeBounds::of_tiling(const PeChoice& c, const BufferTiling& tiling) const {
  const Extents &g = tiling.tile, &tiles = tiling.count;
  const double bmk = d(tiles.b) * d(tiles.k);
  LoadWork work;
  double transfers = 0, first = 0;  // commands; port cycles of the first tile
  // Bytes of all visits of an operand, of this size and in such tiles: 0 where it stays.
  const auto stream = [&](const OperandShape& operand, const ViewRuns::Sizes& size, const ViewRuns::Sizes& part,
                          double visits, double count, double port) {
    if (operand.resident) return 0.0;
    const double bytes = visits * burst_bound(operand, size, part), loads = bmk * count * visits;
    transfers += loads;
    work.add(receivers(operand), bytes, 0, visits * request_bound(operand, size, part), loads);
    first += d(part[0] * part[1] * part[2]) * port;
    return bytes;
  };
  const double weight = stream(node_.shape.weight, {e_.b, e_.m, e_.k}, {g.b, g.m, g.k}, tiling.weight_visits,
                               d(tiles.m), weight_port_),
               input = stream(node_.shape.input, {e_.b, e_.n, e_.k}, {g.b, g.n, g.k}, tiling.input_visits, d(tiles.n),
                              input_port_);
  double output = 0;
  // The NoP's part of the latency: an operand may travel.
  if (transfers > 0) first += pricer_.load_latency(shares_.participants(), true);
  if (!node_.shape.output.resident) {
    const std::int64_t each = node_.shape.output_bytes;
    output = burst_bound(node_.shape.output, {e_.b, e_.m, e_.n * each}, {g.b, g.m, g.n * each});
    transfers += d(tiles.b) * d(tiles.m) * d(tiles.n);
  }
  // The bound of the PE choice has every operand once.
  const double energy = c.least_dynamic_pj + executions_ * (std::max(0.0, weight - weight_bytes_) * weight_load_pj_ +
                                                            std::max(0.0, input - input_bytes_) * input_load_pj_ +
                                                            std::max(0.0, output - output_bytes_) * output_store_pj_ +
                                                            transfers * pj(Action::kControllerCommand));
  const double memory = std::max(weight * weight_port_ + input * input_port_ + output * output_port_,
                                 pricer_.load_cycles(work, shares_.participants()));
  // The last tile executes after everything is loaded; the first after its load.
  const double cycles =
      fixed_cycles_ + std::max({steps_ * memory + c.least_execution / d(tiles.product()),
                                steps_ * memory + rest_memory_, first + steps_ * c.least_execution + rest_compute_});
  return {cycles, energy + cycles * rate_};
}

}  // namespace heat::machines::simba
