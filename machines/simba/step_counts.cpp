// Sums over the loop nest (loop_nest.h); only loads and sends depend on its orders (operand_counts.h).
#include "machines/simba/step_counts.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "base/checked.h"
#include "machines/simba/loop_nest.h"
#include "machines/simba/operand_counts.h"
#include "machines/simba/pe_timing.h"

namespace heat::machines::simba {
namespace {

using base::ceil_div;
using spec::Extents;
using spec::GemmMapping;
using spec::LoopDim;

double d(std::int64_t v) {
  return static_cast<double>(v);
}

// What no order of loops changes.
class Counter {
 public:
  Counter(const GemmShape& shape, const LoopNest& nest)
      : shape_(shape),
        arch_(nest.arch),
        nest_(nest),
        timing_(nest.arch.pe),
        b_(nest.b),
        m_(nest.m),
        n_(nest.n),
        k_(nest.k) {}

  StepCounts run() {
    c_.tiles = d(b_.tiles.pieces()) * d(m_.tiles.pieces()) * d(n_.tiles.pieces()) * d(k_.tiles.pieces());
    c_.farthest_hops = nest_.links.farthest_hops({b_.used(), m_.used(), n_.used(), k_.used()});
    count_pe();
    count_chains();
    count_drains();
    count_stores();
    return c_;
  }

 private:
  void count_pe() {
    const auto one = [](std::int64_t) { return std::int64_t{1}; };
    const auto lanes = [&](std::int64_t t) { return ceil_div(t, arch_.pe.lanes); };
    const auto vectors = [&](std::int64_t t) { return ceil_div(t, arch_.pe.width); };
    c_.waves = d(b_.wave_count) * d(m_.wave_count) * d(n_.wave_count) * d(k_.wave_count);
    c_.compute_cycles = c_.waves * arch_.pe.compute_overhead_cycles;
    for (int ib = 0; ib < b_.wave_kinds; ++ib)
      for (int im = 0; im < m_.wave_kinds; ++im)
        for (int in = 0; in < n_.wave_kinds; ++in) count_compute(b_.waves[ib], m_.waves[im], n_.waves[in]);
    const double bmn = d(b_.extent) * d(m_.extent) * d(n_.extent);
    c_.macs = bmn * d(k_.extent);
    c_.weight.buffer_reads = d(b_.extent) * d(m_.extent) * d(k_.extent) * n_.pe_tile_sum(one);
    c_.input.buffer_reads = d(b_.extent) * d(n_.extent) * d(k_.extent) * m_.pe_tile_sum(lanes);
    // Every PE along k but one passes its sums on, and another one adds them.
    const double passed = bmn * d(k_.used() - 1);
    c_.accumulator_writes = bmn * k_.pe_tile_sum(vectors) + passed;
    c_.accumulator_reads =
        c_.accumulator_writes;  // each PE less b*m*n at its first k, plus b*m*n when it passes on or drains
    c_.ppu_elements = bmn;
  }

  // Waves of so many b, m, n: PE 0 has the largest tile of each. The first along k finds no sums to read.
  void count_compute(Kind wb, Kind wm, Kind wn) {
    const double times = d(wb.count) * d(wm.count) * d(wn.count);
    const std::int64_t b = b_.largest_pe_tile(wb.size), m = m_.largest_pe_tile(wm.size),
                       n = n_.largest_pe_tile(wn.size);
    for (int ik = 0; ik < k_.wave_kinds; ++ik) {
      const std::int64_t k = k_.largest_pe_tile(k_.waves[ik].size), firsts = ik == 0 ? 1 : 0;
      if (firsts > 0) c_.compute_cycles += times * d(timing_.compute_cycles(b, m, n, k, true));
      const std::int64_t others = k_.waves[ik].count - firsts;
      if (others > 0) c_.compute_cycles += times * d(others) * d(timing_.compute_cycles(b, m, n, k, false));
    }
    c_.ppu_cycles += times * d(std::max(timing_.drain_cycles(b * m * n), count_pass(b * m * n, times)));
  }

  // Cycles in which a PE takes in so many sums of another one and hands them on, `times` over; 0 where none are passed on.
  std::int64_t count_pass(std::int64_t sums, double times) {
    if (k_.used() == 1) return 0;
    const std::int64_t flits = ceil_div(timing_.sum_bytes(sums), nest_.link_bytes);
    const std::int64_t cycles = std::max(flits, timing_.add_cycles(sums));
    c_.chain_flits += times * d(flits * nest_.links.busiest_chain_link);
    c_.last_pass_cycles = d(cycles);
    return cycles;
  }

  void count_chains() {
    c_.chain_ways = static_cast<int>(k_.used() - 1);
    for (std::int64_t b = 0; b < b_.used(); ++b)
      for (std::int64_t m = 0; m < m_.used(); ++m)
        for (std::int64_t n = 0; n < n_.used(); ++n)
          c_.chain_hops = std::max(c_.chain_hops, nest_.links.chain_hops(b, m, n, k_.used()));
  }

  void count_drains() {
    c_.drains = d(b_.wave_count) * d(m_.wave_count) * d(n_.wave_count);
    c_.drain_bytes = c_.ppu_elements * d(shape_.output_bytes);
    for (int ib = 0; ib < b_.wave_kinds; ++ib)
      for (int im = 0; im < m_.wave_kinds; ++im)
        for (int in = 0; in < n_.wave_kinds; ++in) count_drain(b_.waves[ib], m_.waves[im], n_.waves[in]);
  }

  void count_drain(Kind wb, Kind wm, Kind wn) {
    const double times = d(wb.count) * d(wm.count) * d(wn.count);
    double hops = 0, flits = 0, written = 0, write_busy = 0;
    std::int64_t pb = 0;
    for (std::int64_t b = 0; b < wb.size; b += b_.pe, ++pb) {
      const std::int64_t sb = std::min(b_.pe, wb.size - b);
      std::int64_t pm = 0;
      for (std::int64_t m = 0; m < wm.size; m += m_.pe, ++pm) {
        const std::int64_t sm = std::min(m_.pe, wm.size - m);
        std::int64_t pn = 0, last = -1;
        WordCount words;
        for (std::int64_t n = 0; n < wn.size; n += n_.pe, ++pn) {
          const std::int64_t sn = std::min(n_.pe, wn.size - n) * shape_.output_bytes, bytes = sb * sm * sn;
          hops += d(bytes * nest_.links.pe_hops(pb, pm, pn) +
                    timing_.sum_bytes(bytes / shape_.output_bytes) * nest_.links.chain_hops(pb, pm, pn, k_.used()));
          flits += d(ceil_div(bytes, nest_.link_bytes));
          if (sn != last) {
            last = sn;
            words = gb_words(shape_.output, {sb, sm, sn}, arch_);
          }
          written += d(words.words);
          write_busy += d(write_cycles(arch_.global_buffer, words));
        }
      }
    }
    const EpilogueShape& e = shape_.epilogue;
    const std::int64_t parameters =
        (e.channels_include_batch ? wb.size : 1) * wm.size * std::min(wn.size, e.n_channels) * e.record_bytes +
        e.table_bytes;
    const WordCount records = packed_words(arch_.global_buffer, parameters);
    c_.gb_reads += times * d(records.words);
    c_.gb_read_cycles += times * d(read_cycles(arch_.global_buffer, records));
    c_.noc_byte_hops += times * hops;
    c_.drain_flits += times * flits;
    c_.gb_writes += times * written;
    c_.gb_write_cycles += times * write_busy;
    c_.last_drain_flits = flits;
  }

  void count_stores() {
    if (shape_.output.resident) return;
    for (const Kind& tb : b_.tiles)
      for (const Kind& tm : m_.tiles)
        for (const Kind& tn : n_.tiles) {
          const double times = d(tb.count) * d(tm.count) * d(tn.count);
          const ViewRuns::Sizes block{tb.size, tm.size, tn.size * shape_.output_bytes};
          const std::int64_t bytes = block[0] * block[1] * block[2];
          const double burst = shape_.output.runs.burst_bytes(block);
          c_.stores += times;
          c_.store_bytes += times * burst;
          const double requests = shape_.output.runs.requests(block, arch_.request_bytes());
          c_.store_requests += times * requests;
          c_.store_out_bytes += times * d(bytes);
          const spec::GlobalBufferSpec& gb = arch_.global_buffer;
          c_.gb_reads += times * d(packed_words(gb, bytes).words);
          c_.gb_read_cycles += times * dma_port_cycles(gb, burst, requests, gb.read_bytes_per_cycle);
          if (!shape_.output.travels) continue;
          c_.gb_writes += times * served_words(gb, burst, requests);
          c_.gb_write_cycles += times * dma_port_cycles(gb, burst, requests, gb.write_bytes_per_cycle);
        }
  }

  const GemmShape& shape_;
  const spec::ArchSpec& arch_;
  const LoopNest& nest_;
  const PeTiming timing_;
  const TiledDim &b_, &m_, &n_, &k_;
  StepCounts c_;
};

}  // namespace

struct GemmCounter::Tiling {
  GemmMapping mapping;  // the last one with these tiles
  LoopNest nest;
  StepCounts without_operands;
  std::array<std::optional<OperandTraffic>, OperandCounter::kOrders> weight, input;

  Tiling(const GemmCounter& of, const GemmMapping& m)
      : mapping(m), nest(of.extents_, mapping, of.arch_, of.links_), without_operands(Counter(of.shape_, nest).run()) {}
  bool has_tiles_of(const GemmMapping& m) const {
    return m.gb_tile == mapping.gb_tile && m.pe_tile == mapping.pe_tile && m.spatial == mapping.spatial;
  }
  const OperandTraffic& traffic(const OperandShape& operand, LoopDim own) {
    OperandCounter counter(nest, operand, own);
    std::optional<OperandTraffic>& kept = (own == LoopDim::kM ? weight : input)[counter.order()];
    if (!kept) kept = counter.run();
    return *kept;
  }
};

GemmCounter::GemmCounter(const GemmShape& shape, const Extents& extents, const spec::ArchSpec& arch, LinkTables& links)
    : shape_(shape), extents_(extents), arch_(arch), links_(links) {}
GemmCounter::~GemmCounter() = default;
GemmCounter::GemmCounter(GemmCounter&&) noexcept = default;

StepCounts GemmCounter::count(const GemmMapping& mapping) {
  if (last_ && last_->has_tiles_of(mapping))
    last_->mapping = mapping;
  else
    last_ = std::make_unique<Tiling>(*this, mapping);
  StepCounts counts = last_->without_operands;
  const OperandTraffic& weight = last_->traffic(shape_.weight, LoopDim::kM);
  const OperandTraffic& input = last_->traffic(shape_.input, LoopDim::kN);
  for (const auto& [traffic, of] : {std::pair{&weight, &counts.weight}, std::pair{&input, &counts.input}}) {
    const double buffer_reads = of->buffer_reads;
    *of = traffic->own;
    of->buffer_reads = buffer_reads;
    traffic->add_to(counts);
  }
  return counts;
}

StepCounts count_vector(const OperandShape& input, const OperandShape* residual, const OperandShape& output,
                        const RowSizes& sizes, const spec::ArchSpec& arch) {
  StepCounts c;
  const ViewRuns::Sizes block{1, sizes.rows, sizes.input_bytes};
  const spec::GlobalBufferSpec& gb = arch.global_buffer;
  const WordCount packed = packed_words(gb, sizes.rows * sizes.input_bytes);
  for (const OperandShape* in : {&input, residual}) {
    if (!in) continue;
    if (!in->resident) {
      const double burst = in->runs.burst_bytes(block);
      OperandCounts& o = in == residual ? c.residual : c.input;
      o.loads = 1;
      o.load_bytes = o.first_bytes = burst;
      const double requests = in->runs.requests(block, arch.request_bytes());
      o.requests = requests;
      o.fill_bytes = d(sizes.rows * sizes.input_bytes);
      if (in->travels) {
        c.gb_reads += in->owned * served_words(gb, burst, requests);
        c.gb_read_cycles += in->owned * dma_port_cycles(gb, burst, requests, gb.read_bytes_per_cycle);
      }
      c.gb_writes += d(packed.words);
      c.gb_write_cycles += dma_port_cycles(gb, burst, requests, gb.write_bytes_per_cycle);
    }
    const WordCount words = gb_words(*in, block, arch);
    c.gb_reads += d(words.words);
    c.gb_read_cycles += d(read_cycles(gb, words));
  }
  c.vectors = c.tiles = 1;
  c.vector_elements = d(sizes.rows * sizes.elements);
  c.vector_cycles = d(sizes.rows) * d(ceil_div(sizes.elements, arch.vector_unit.elements_per_cycle) +
                                      arch.vector_unit.row_overhead_cycles);
  const ViewRuns::Sizes result{1, sizes.rows, sizes.output_bytes};
  const WordCount written = gb_words(output, result, arch);
  c.gb_writes += d(written.words);
  c.gb_write_cycles += d(write_cycles(gb, written));
  if (!output.resident) {
    c.stores = 1;
    c.store_bytes = output.runs.burst_bytes(result);
    c.store_requests = output.runs.requests(result, arch.request_bytes());
    c.store_out_bytes = d(sizes.rows * sizes.output_bytes);
    c.gb_reads += d(packed_words(gb, sizes.rows * sizes.output_bytes).words);
    c.gb_read_cycles += dma_port_cycles(gb, c.store_bytes, c.store_requests, gb.read_bytes_per_cycle);
    if (output.travels) {
      c.gb_writes += served_words(gb, c.store_bytes, c.store_requests);
      c.gb_write_cycles += dma_port_cycles(gb, c.store_bytes, c.store_requests, gb.write_bytes_per_cycle);
    }
  }
  return c;
}

}  // namespace heat::machines::simba
