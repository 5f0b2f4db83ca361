// A PE tile and a split fix compute, buffer reads and partial sums exactly; sends are taken at the least the loop nest
// allows, every DRAM operand once. A tile of the global buffer adds the traffic, requests and exposed first load.
#include "machines/simba/node_bounds.h"

#include <algorithm>
#include <cmath>

#include "base/checked.h"
#include "machines/simba/operand_counts.h"

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

// A PE tile and a split, and what they fix.
class NodeBounds::Choice final : public ChoiceBounds {
 public:
  // `links` null: every way on the NoC is as short as any to so many PEs.
  Choice(const NodeBounds& of, const Extents& tile, const spec::SpatialSplit& split, const TileBound& t,
         const SplitLinks* links);
  Cost least() const override;
  Parts of_whole_steps() const;
  Cost of_tiling(const BufferTiling& tiling) const override;

 private:
  void bound_execution(const TileBound& t);
  // Of one execution with such sends.
  double execution(const SendBound& sent) const {
    const double bytes =
        sent.bytes / of_.arch_.noc.link_bytes_per_cycle * of_.pricer_.machine().calibration.send_factor;
    return std::max(
               {longest_, bytes, sent.read_cycles + of_.stored_bytes_ / of_.arch_.global_buffer.read_bytes_per_cycle}) +
           around_;
  }
  double dynamic_pj(const SendBound& sent) const { return of_.fixed_energy_ + of_.executions_ * (pj_ + sent.pj); }

  const NodeBounds& of_;
  const WaveNest nest_;
  const SplitLinks* links_;
  const WaveSends sends_;
  const Parts rest_;    // of the last step, when it is shorter
  double longest_ = 0;  // cycles of one execution, of what takes longest beside sends
  double around_ = 0;   // that nothing overlaps
  double pj_ = 0;       // of one execution on one chiplet, without sends
};

// A PE tile.
class NodeBounds::Tile final : public TileBounds {
 public:
  Tile(const NodeBounds& of, const Extents& tile);
  Cost least() const override { return of_.of_parts(whole_, t_.rest); }
  Cost of_split(const spec::SpatialSplit& split) const override {
    return Choice(of_, tile_, split, t_, nullptr).least();
  }
  std::unique_ptr<ChoiceBounds> choice(const spec::SpatialSplit& split) const override;

 private:
  const NodeBounds& of_;
  const Extents tile_;
  TileBound t_, in_rest_;
  Parts whole_;
};

NodeBounds::NodeBounds(const GroupModel& model, std::size_t position, const StepPricer& pricer, LinkTables& links,
                       bool alone)
    : NodeBounds(model, position, pricer, links,
                 Steps{model.values_in_step(), model.shares().share / model.values_in_step()}) {
  const std::int64_t rest = shares_.share % model.values_in_step();
  if (rest > 0) rest_.reset(new NodeBounds(model, position, pricer, links, Steps{rest, 1}));
  if (!alone) return;
  const Cost fixed = model.fixed();
  fixed_cycles_ = fixed.cycles;
  fixed_energy_ += fixed.energy_pj;
}

NodeBounds::NodeBounds(const GroupModel& model, std::size_t position, const StepPricer& pricer, LinkTables& links,
                       const Steps& steps)
    : pricer_(pricer),
      links_(links),
      arch_(pricer.machine().arch),
      node_(model.nodes()[position]),
      shares_(model.shares()),
      e_(model.extents(position, steps.values)),
      steps_(d(steps.count)),
      executions_(steps_ * shares_.full) {
  prepare();
}

Extents NodeBounds::in_rest(const Extents& tile) const {
  const Extents& e = rest_->e_;
  return {std::min(tile.b, e.b), std::min(tile.m, e.m), std::min(tile.n, e.n), std::min(tile.k, e.k)};
}

LoadWork::Receivers NodeBounds::receivers(const OperandShape& operand) const {
  return {!operand.holds_bound, shares_.full,
          operand.holds_bound ? pricer_.link_packets(shares_.full, operand.travels) : 1, operand.travels};
}

// What no mapping of the node changes.
void NodeBounds::prepare() {
  const auto& energy = pricer_.machine().energy;
  const double factor = pricer_.machine().calibration.dynamic_energy_factor;
  for (const spec::ActionInfo& a : spec::kActions) pj_[static_cast<std::size_t>(a.value)] = energy.pj(a.value) * factor;
  dram_pj_ = pricer_.machine().calibration.dram_pj_per_byte_with(energy);
  rate_ = pricer_.static_pj_per_cycle() + pricer_.background_pj_per_cycle();
  const double bmn = d(e_.b) * d(e_.m) * d(e_.n);
  fixed_energy_ = executions_ * (bmn * d(e_.k) * pj(Action::kMac) + bmn * pj(Action::kPpuElement));
  weight_bytes_ = d(e_.b) * d(e_.m) * d(e_.k);
  input_bytes_ = d(e_.b) * d(e_.n) * d(e_.k);
  output_bytes_ = bmn * d(node_.shape.output_bytes);
  sums_ = bmn;
  stored_bytes_ = node_.shape.output.resident ? 0 : output_bytes_;
  loaded_bytes_ = (node_.shape.weight.resident ? 0 : weight_bytes_) + (node_.shape.input.resident ? 0 : input_bytes_);
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
    fixed_energy_ += executions_ * output_bytes_ * (output_store_pj_ + gb_read);
  }
  fixed_energy_ += executions_ * gb_write * (output_bytes_ + loaded_bytes_);
  // Port cycles of one byte of an operand, all chiplets together, per step.
  const auto port = [&](const OperandShape& o, double chiplets) {
    return o.resident || o.travels ? 0 : pricer_.port_cycles(chiplets);
  };
  weight_port_ = port(node_.shape.weight, node_.shape.weight.holds_bound ? full : 1);
  input_port_ = port(node_.shape.input, node_.shape.input.holds_bound ? full : 1);
  output_port_ = port(node_.shape.output, full);
  memory_ = weight_bytes_ * weight_port_ + input_bytes_ * input_port_ + output_bytes_ * output_port_;
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
}

std::unique_ptr<TileBounds> NodeBounds::of_tile(const Extents& tile) const {
  return std::make_unique<Tile>(*this, tile);
}

NodeBounds::Tile::Tile(const NodeBounds& of, const Extents& tile)
    : of_(of), tile_(tile), whole_(of.of_whole_steps(tile, t_)) {
  if (of.rest_) t_.rest = of.rest_->of_whole_steps(of.in_rest(tile), in_rest_);
}

Cost NodeBounds::of_parts(const Parts& whole, const Parts& rest) const {
  const double memory = steps_ * memory_ + (rest_ ? rest_->memory_ : 0);
  const double cycles = fixed_cycles_ + std::max(whole.execution + rest.execution, memory);
  return {cycles, whole.dynamic_pj + rest.dynamic_pj + cycles * rate_};
}

NodeBounds::Parts NodeBounds::of_whole_steps(const Extents& tile, TileBound& t) const {
  const std::int64_t lanes = arch_.pe.lanes, width = arch_.pe.width;
  const auto pieces = [](std::int64_t extent, std::int64_t size, std::int64_t unit) {
    return d(extent / size) * d(ceil_div(size, unit)) + d(ceil_div(extent % size, unit));
  };
  const double m_lanes = pieces(e_.m, tile.m, lanes);
  const double k_grains = pieces(e_.k, tile.k, width);
  t.weight = reads(node_.shape.weight, {tile.b, tile.m, tile.k});
  t.input = reads(node_.shape.input, {tile.b, tile.n, tile.k});
  count_drains(tile, t);
  t.step_pj += weight_bytes_ * d(ceil_div(e_.n, tile.n)) * pj(Action::kWeightBufferRead) +
               input_bytes_ * m_lanes * pj(Action::kInputBufferRead) +
               sums_ * k_grains * (pj(Action::kAccumulatorRead) + pj(Action::kAccumulatorWrite)) +
               weight_bytes_ * weight_load_pj_ + input_bytes_ * input_load_pj_;
  const double written = weight_bytes_ * pj(Action::kWeightBufferWrite) + input_bytes_ * pj(Action::kInputBufferWrite);
  // Of a whole step the words of whole tiles, too.
  const auto whole = [](std::int64_t extent, std::int64_t size) { return d(extent / size * size); };
  const double bk = whole(e_.b, tile.b) * whole(e_.k, tile.k);
  const double words_pj = bk * whole(e_.m, tile.m) * (t.weight.pj - send_read_pj_) +
                          bk * whole(e_.n, tile.n) * (t.input.pj - send_read_pj_);
  const double compute =
      d(e_.b) * d(e_.n) * m_lanes * k_grains / arch_.pes() * pricer_.machine().calibration.compute_factor;
  return {
      fixed_energy_ + executions_ * (t.step_pj + written + (weight_bytes_ + input_bytes_) * send_read_pj_ + words_pj),
      steps_ * std::max({compute, t.write_cycles, t.drain_cycles})};
}

std::unique_ptr<ChoiceBounds> NodeBounds::Tile::choice(const spec::SpatialSplit& split) const {
  const SplitLinks& links = of_.links_.of(split);
  TileBound t = t_;
  if (of_.rest_) {
    const Parts more = Choice(*of_.rest_, of_.in_rest(tile_), split, in_rest_, &links).of_whole_steps();
    t.rest = {std::max(t.rest.dynamic_pj, more.dynamic_pj), std::max(t.rest.execution, more.execution)};
  }
  return std::make_unique<Choice>(of_, tile_, split, t, &links);
}

NodeBounds::Choice::Choice(const NodeBounds& of, const Extents& tile, const spec::SpatialSplit& split,
                           const TileBound& t, const SplitLinks* links)
    : of_(of),
      nest_(of.e_, tile, split),
      links_(links),
      sends_(nest_, links_,
             {t.weight,
              t.input,
              {of.send_read_pj_, 1 / of.arch_.global_buffer.read_bytes_per_cycle},
              of.pj(Action::kWeightBufferWrite),
              of.pj(Action::kInputBufferWrite),
              of.pj(Action::kNocByteHop)}),
      rest_(t.rest) {
  bound_execution(t);
}

void NodeBounds::Choice::bound_execution(const TileBound& t) {
  const spec::ArchSpec& arch = of_.arch_;
  const Calibration& cal = of_.pricer_.machine().calibration;
  const std::int64_t kc = nest_.k.count, lanes = arch.pe.lanes, width = arch.pe.width;
  const double bmn_waves = d(nest_.b.count) * d(nest_.m.count) * d(nest_.n.count), waves = bmn_waves * d(kc);
  const auto same = [](std::int64_t size) { return size; };
  const double area = nest_.b.sum(same) * nest_.n.sum(same), sums = area * nest_.m.sum(same);
  const double grains = nest_.k.sum([&](std::int64_t size) { return ceil_div(size, width); });
  const spec::BufferSpec& accumulators = arch.pe.accumulation_buffer;
  const double sum_bytes = arch.pe.accumulator_bits / 8.0;
  const double compute = std::max(area * nest_.m.sum([&](std::int64_t size) { return ceil_div(size, lanes); }) * grains,
                                  sums * grains * sum_bytes / accumulators.write_bytes_per_cycle) +
                         waves * arch.pe.compute_overhead_cycles;
  // Sums that are passed on are read twice on their way.
  const double reads = nest_.k.most_parts() > 1 ? 2 : 1;
  const double ppu =
      std::max(sums / arch.pe.ppu_elements_per_cycle, sums * reads * sum_bytes / accumulators.read_bytes_per_cycle);
  const double commands = waves + bmn_waves + (kc > 1 ? 2 * waves : waves);
  longest_ = std::max({compute * cal.compute_factor + waves * cal.wave_overhead_cycles, ppu, t.write_cycles,
                       t.drain_cycles, commands * (arch.controller.command_cycles + cal.command_overhead_cycles)});
  // The first wave's operands come before, its latency around.
  const auto first = [](const Waves& w) { return w.size(w.first_kind()); };
  const double first_wave = d(first(nest_.b)) * d(first(nest_.k)) * d(first(nest_.m) + first(nest_.n));
  const Extents pes{nest_.b.most_parts(), nest_.m.most_parts(), nest_.n.most_parts(), nest_.k.most_parts()};
  const int ways = static_cast<int>(pes.k - 1);
  around_ = first_wave / arch.noc.link_bytes_per_cycle +
            2 * of_.pricer_.noc_latency(links_ ? links_->farthest_hops(pes) : 0) +
            of_.pricer_.chain_latency(ways, ways) + cal.node_overhead_cycles;
  // Sums over all PEs along k: every way has a link.
  const double passed =
      of_.sums_ * d(ways) *
      (of_.pj(Action::kAccumulatorRead) + of_.pj(Action::kAccumulatorWrite) + sum_bytes * of_.pj(Action::kNocByteHop));
  pj_ = t.step_pj + passed + commands * of_.pj(Action::kControllerCommand) +
        (links_ ? nest_.drain_byte_hops(*links_, of_.node_.shape.output_bytes) : 0) * of_.pj(Action::kNocByteHop);
}

NodeBounds::Parts NodeBounds::Choice::of_whole_steps() const {
  const SendBound sent = sends_.least();
  return {dynamic_pj(sent), of_.steps_ * execution(sent)};
}

Cost NodeBounds::Choice::least() const {
  return of_.of_parts(of_whole_steps(), rest_);
}

Cost NodeBounds::Choice::of_tiling(const BufferTiling& tiling) const {
  const SendBound sent = sends_.with(tiling);
  return of_.with_tiles(tiling, execution(sent), dynamic_pj(sent) + rest_.dynamic_pj, rest_.execution);
}

// Of a byte in whole PE tiles of an operand, each sent by itself.
BufferReads NodeBounds::reads(const OperandShape& operand, const ViewRuns::Sizes& tile) const {
  const WordCount words = gb_words(operand, tile, arch_);
  const double bytes = d(tile[0] * tile[1] * tile[2]);
  return {d(words.words) / bytes * pj(Action::kGlobalBufferRead), d(read_cycles(arch_.global_buffer, words)) / bytes};
}

// Results go into the global buffer PE tile by PE tile: exact for whole ones, full words for the rest. Full words are in
// the fixed energy.
void NodeBounds::count_drains(const Extents& tile, TileBound& t) const {
  const spec::GlobalBufferSpec& gb = arch_.global_buffer;
  const ViewRuns::Sizes block{tile.b, tile.m, tile.n * node_.shape.output_bytes};
  const double whole = d(e_.b / tile.b) * d(e_.m / tile.m) * d(e_.n / tile.n);
  const double bytes = d(block[0] * block[1] * block[2]), rest = output_bytes_ - whole * bytes;
  const WordCount words = gb_words(node_.shape.output, block, arch_);
  t.step_pj += (whole * (d(words.words) - bytes / gb.word_bytes)) * pj(Action::kGlobalBufferWrite);
  t.write_cycles = whole * d(write_cycles(gb, words)) + (rest + loaded_bytes_) / gb.write_bytes_per_cycle;
  t.drain_cycles = whole * std::ceil(bytes / arch_.noc.link_bytes_per_cycle) + rest / arch_.noc.link_bytes_per_cycle;
}

// Requests that its loads take at least: those of whole tiles.
double NodeBounds::request_bound(const OperandShape& operand, const ViewRuns::Sizes& extents,
                                 const ViewRuns::Sizes& tile) const {
  double whole = 1;
  for (std::size_t i = 0; i < 3; ++i) whole *= d(extents[i] / tile[i]);
  return whole * operand.runs.requests(tile, arch_.request_bytes());
}

Cost NodeBounds::with_tiles(const BufferTiling& tiling, double execution, double dynamic_pj,
                            double rest_execution) const {
  const Extents &g = tiling.tile, &tiles = tiling.count;
  const double bmk = d(tiles.b) * d(tiles.k);
  LoadWork work;
  double transfers = 0, first = 0;  // commands; port cycles of the first tile
  bool from_dram = false;           // it is, or a part of it
  // Bytes of all visits of an operand, of this size and in such tiles: 0 where it stays.
  const auto stream = [&](const OperandShape& operand, const ViewRuns::Sizes& size, const ViewRuns::Sizes& part,
                          double visits, double count, double port) {
    if (operand.resident) return 0.0;
    const double bytes = visits * burst_bound(operand, size, part), loads = bmk * count * visits;
    transfers += loads;
    work.add(receivers(operand), bytes, 0, visits * request_bound(operand, size, part), loads);
    first += d(part[0] * part[1] * part[2]) * port;
    from_dram = from_dram || !operand.travels;
    return bytes;
  };
  const double weight = stream(node_.shape.weight, {e_.b, e_.m, e_.k}, {g.b, g.m, g.k},
                               tiling.weight_kept ? 1 : d(tiles.n), d(tiles.m), weight_port_),
               input = stream(node_.shape.input, {e_.b, e_.n, e_.k}, {g.b, g.n, g.k},
                              tiling.input_kept ? 1 : d(tiles.m), d(tiles.n), input_port_);
  double output = 0;
  if (transfers > 0) first += pricer_.load_latency(shares_.participants(), !from_dram);
  if (!node_.shape.output.resident) {
    const std::int64_t each = node_.shape.output_bytes;
    output = burst_bound(node_.shape.output, {e_.b, e_.m, e_.n * each}, {g.b, g.m, g.n * each});
    transfers += d(tiles.b) * d(tiles.m) * d(tiles.n);
  }
  // The bound of the PE choice has every operand once.
  const double energy = dynamic_pj + executions_ * (std::max(0.0, weight - weight_bytes_) * weight_load_pj_ +
                                                    std::max(0.0, input - input_bytes_) * input_load_pj_ +
                                                    std::max(0.0, output - output_bytes_) * output_store_pj_ +
                                                    transfers * pj(Action::kControllerCommand));
  const double memory = std::max(weight * weight_port_ + input * input_port_ + output * output_port_,
                                 pricer_.load_cycles(work, shares_.participants()));
  const double rest_memory = rest_ ? rest_->memory_ : 0;
  // The last tile executes after everything is loaded; the first after its load.
  const double cycles =
      fixed_cycles_ + std::max({steps_ * memory + execution / d(tiles.product()), steps_ * memory + rest_memory,
                                first + steps_ * execution + rest_execution});
  return {cycles, energy + cycles * rate_};
}

}  // namespace heat::machines::simba
