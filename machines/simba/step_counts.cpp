// Along one dimension, tiles come in at most two sizes (whole ones and a last rest) at each level; sums over the loop
// nest are products of sums over those kinds. Only sends and loads depend on the loop orders: a tile is sent again when
// a loop that it depends on has moved since, so a loop it does not depend on is free when every loop inside it runs
// once.
#include "machines/simba/step_counts.h"

#include <algorithm>

#include "base/checked.h"
#include "machines/simba/shares.h"

namespace heat::machines::simba {
namespace {

using base::ceil_div;
using spec::Extents;
using spec::GemmMapping;
using spec::LoopDim;

// `count` pieces of `size`.
struct Kind {
  std::int64_t size = 0, count = 0;
};

// An extent cut into pieces: whole ones first, then at most one rest.
struct Kinds {
  Kind kind[2];
  int n = 0;
  Kinds(std::int64_t extent, std::int64_t piece) {
    if (extent / piece) kind[n++] = {piece, extent / piece};
    if (extent % piece) kind[n++] = {extent % piece, 1};
  }
  std::int64_t pieces() const { return n == 2 ? kind[0].count + kind[1].count : kind[0].count; }
  const Kind* begin() const { return kind; }
  const Kind* end() const { return kind + n; }
};

// A dimension under the mapping: GB tiles, waves inside them, PE tiles inside those.
struct Dim {
  std::int64_t extent, gb, pe, split, wave;
  Kinds tiles;
  // Waves of all tiles, by size.
  Kind waves[3];
  int wave_kinds = 0;
  std::int64_t wave_count = 0;
  Dim(std::int64_t e, std::int64_t g, std::int64_t p, std::int64_t s)
      : extent(e), gb(std::min(g, e)), pe(p), split(s), wave(p * s), tiles(e, gb) {
    for (const Kind& t : tiles)
      for (const Kind& w : Kinds(t.size, wave)) add_wave({w.size, w.count * t.count});
  }
  void add_wave(Kind w) {
    wave_count += w.count;
    for (int i = 0; i < wave_kinds; ++i)
      if (waves[i].size == w.size) {
        waves[i].count += w.count;
        return;
      }
    waves[wave_kinds++] = w;
  }
  std::int64_t largest_pe_tile(std::int64_t wave_size) const { return std::min(pe, wave_size); }
  // Sum over waves of `f(largest PE tile)`.
  template <class F>
  double wave_sum(F f) const {
    double sum = 0;
    for (int i = 0; i < wave_kinds; ++i)
      sum += static_cast<double>(waves[i].count) * static_cast<double>(f(largest_pe_tile(waves[i].size)));
    return sum;
  }
  // Sum over all PE tiles of `f(size)`.
  template <class F>
  double pe_tile_sum(F f) const {
    double sum = 0;
    for (int i = 0; i < wave_kinds; ++i)
      for (const Kind& t : Kinds(waves[i].size, pe))
        sum += static_cast<double>(waves[i].count * t.count) * static_cast<double>(f(t.size));
    return sum;
  }
};

double d(std::int64_t v) {
  return static_cast<double>(v);
}

class Counter {
 public:
  Counter(const GemmShape& shape, const Extents& e, const GemmMapping& map, const spec::ArchSpec& arch,
          LinkTables& links)
      : shape_(shape),
        map_(map),
        arch_(arch),
        links_(links.of(map.spatial)),
        b_(e.b, map.gb_tile.b, map.pe_tile.b, map.spatial.b),
        m_(e.m, map.gb_tile.m, map.pe_tile.m, map.spatial.m),
        n_(e.n, map.gb_tile.n, map.pe_tile.n, map.spatial.n),
        k_(e.k, map.gb_tile.k, map.pe_tile.k, 1) {
    link_bytes_ = static_cast<std::int64_t>(arch.noc.link_bytes_per_cycle);
  }

  StepCounts run() {
    count_pe();
    count_drains();
    count_operand(shape_.weight, LoopDim::kM, c_.weight_sends, c_.weight_writes, c_.weight_send_bytes,
                  c_.weight_load_bytes, c_.weight_fill_bytes);
    count_operand(shape_.input, LoopDim::kN, c_.input_sends, c_.input_writes, c_.input_send_bytes, c_.input_load_bytes,
                  c_.input_fill_bytes);
    count_stores();
    return c_;
  }

 private:
  void count_pe() {
    const auto size = [](std::int64_t t) { return t; };
    const auto one = [](std::int64_t) { return std::int64_t{1}; };
    const auto lanes = [&](std::int64_t t) { return ceil_div(t, arch_.pe.lanes); };
    const auto vectors = [&](std::int64_t t) { return ceil_div(t, arch_.pe.width); };
    c_.waves = d(b_.wave_count) * d(m_.wave_count) * d(n_.wave_count) * d(k_.wave_count);
    c_.compute_cycles = b_.wave_sum(size) * m_.wave_sum(lanes) * n_.wave_sum(size) * k_.wave_sum(vectors) +
                        c_.waves * arch_.pe.compute_overhead_cycles;
    const double bmn = d(b_.extent) * d(m_.extent) * d(n_.extent);
    c_.macs = bmn * d(k_.extent);
    c_.weight_reads = d(b_.extent) * d(m_.extent) * d(k_.extent) * n_.pe_tile_sum(one);
    c_.input_reads = d(b_.extent) * d(n_.extent) * d(k_.extent) * m_.pe_tile_sum(lanes);
    c_.accumulator_writes = bmn * k_.pe_tile_sum(vectors);
    c_.accumulator_reads = c_.accumulator_writes;  // less b*m*n at the first k, plus b*m*n at the drain
    c_.ppu_elements = bmn;
    c_.ppu_cycles = b_.wave_sum(size) * m_.wave_sum(size) * n_.wave_sum(size) / arch_.pe.ppu_elements_per_cycle;
  }

  void count_drains() {
    c_.drains = d(b_.wave_count) * d(m_.wave_count) * d(n_.wave_count);
    c_.drain_bytes = c_.ppu_elements;
    for (int ib = 0; ib < b_.wave_kinds; ++ib)
      for (int im = 0; im < m_.wave_kinds; ++im)
        for (int in = 0; in < n_.wave_kinds; ++in) count_drain(b_.waves[ib], m_.waves[im], n_.waves[in]);
  }

  void count_drain(Kind wb, Kind wm, Kind wn) {
    const double times = d(wb.count) * d(wm.count) * d(wn.count);
    double hops = 0, flits = 0, accesses = 0;
    std::int64_t pb = 0;
    for (std::int64_t b = 0; b < wb.size; b += b_.pe, ++pb) {
      const std::int64_t sb = std::min(b_.pe, wb.size - b);
      std::int64_t pm = 0;
      for (std::int64_t m = 0; m < wm.size; m += m_.pe, ++pm) {
        const std::int64_t sm = std::min(m_.pe, wm.size - m);
        std::int64_t pn = 0, last = -1, last_accesses = 0;
        for (std::int64_t n = 0; n < wn.size; n += n_.pe, ++pn) {
          const std::int64_t sn = std::min(n_.pe, wn.size - n), bytes = sb * sm * sn;
          hops += d(bytes * links_.pe_hops(pb, pm, pn));
          flits += d(ceil_div(bytes, link_bytes_));
          if (sn != last) {
            last = sn;
            last_accesses = gb_accesses(shape_.output, {sb, sm, sn});
          }
          accesses += d(last_accesses);
        }
      }
    }
    const EpilogueShape& e = shape_.epilogue;
    const std::int64_t parameters =
        (e.channels_include_batch ? wb.size : 1) * wm.size * std::min(wn.size, e.n_channels) * e.record_bytes +
        e.table_bytes;
    c_.gb_reads += times * d(packed_accesses(parameters, arch_.global_buffer.word_bytes));
    c_.noc_byte_hops += times * hops;
    c_.drain_flits += times * flits;
    c_.gb_writes += times * accesses;
    c_.last_drain_flits = flits;
  }

  std::int64_t gb_accesses(const OperandShape& operand, const ViewRuns::Sizes& block) const {
    const std::int64_t word = arch_.global_buffer.word_bytes;
    if (operand.resident) return operand.runs.accesses(block, word);
    return packed_accesses(block[0] * block[1] * block[2], word);
  }

  // Sends and loads of the weights (own dimension m, other n) or of the inputs (own n, other m).
  void count_operand(const OperandShape& operand, LoopDim own_dim, double& sends, double& writes, double& send_bytes,
                     double& load_bytes, double& fill_bytes) {
    const bool weights = own_dim == LoopDim::kM;
    const Dim& own = weights ? m_ : n_;
    const Dim& other = weights ? n_ : m_;
    const LoopDim other_dim = weights ? LoopDim::kN : LoopDim::kM;
    const bool tile_reused = other_free_at_gb(own, own_dim, other_dim);
    const bool other_outer = map_.wave_order[0] == other_dim;
    c_.tiles = d(b_.tiles.pieces()) * d(m_.tiles.pieces()) * d(n_.tiles.pieces()) * d(k_.tiles.pieces());
    bool first = true;
    for (const Kind& tb : b_.tiles)
      for (const Kind& to : own.tiles)
        for (const Kind& tk : k_.tiles) {
          const double times = d(tb.count) * d(to.count) * d(tk.count);
          if (!operand.resident) {
            const double visits = times * (tile_reused ? 1.0 : d(other.tiles.pieces()));
            const std::int64_t bytes = tb.size * to.size * tk.size;
            const double burst = operand.runs.burst_bytes({tb.size, to.size, tk.size});
            (weights ? c_.weight_loads : c_.input_loads) += visits;
            load_bytes += visits * burst;
            (weights ? c_.weight_requests : c_.input_requests) +=
                visits * operand.runs.requests({tb.size, to.size, tk.size}, arch_.dma.burst_bytes);
            fill_bytes += visits * d(bytes);
            c_.gb_writes += visits * d(packed_accesses(bytes, arch_.global_buffer.word_bytes));
            if (first) (weights ? c_.first_weight_bytes : c_.first_input_bytes) = burst;
          }
          const Kinds wb(tb.size, b_.wave), wo(to.size, own.wave), wk(tk.size, k_.wave);
          const bool single = wb.pieces() == 1 && wo.pieces() == 1 && wk.pieces() == 1;
          const bool every_wave = wk.pieces() > 1 || (other_outer && wo.pieces() > 1);
          bool first_tile = true;
          for (const Kind& tt : other.tiles) {
            const Kinds waves(tt.size, other.wave);
            if (every_wave) {
              for (const Kind& w : waves)
                count_sends(operand, weights, own, wb, wo, wk, ceil_div(w.size, other.pe),
                            times * d(tt.count) * d(w.count), first, sends, writes, send_bytes);
            } else if (first_tile || !(single && tile_reused)) {
              const double tiles = single && tile_reused ? 1.0 : d(tt.count);
              count_sends(operand, weights, own, wb, wo, wk, ceil_div(waves.kind[0].size, other.pe), times * tiles,
                          first, sends, writes, send_bytes);
            }
            first = first_tile = false;
          }
        }
  }

  // True when moving to the next GB tile of the other dimension leaves the operand's GB tile as it is.
  bool other_free_at_gb(const Dim& own, LoopDim own_dim, LoopDim other_dim) const {
    if (k_.tiles.pieces() > 1) return false;
    bool inside = false;
    for (LoopDim dim : map_.gb_order) {
      if (dim == other_dim) {
        inside = true;
      } else if (inside) {
        const Dim& moving = dim == own_dim ? own : b_;
        if (moving.tiles.pieces() > 1) return false;
      }
    }
    return true;
  }

  // `times` rounds over the waves wb x wo x wk of one operand tile, each part multicast to `receivers` PEs.
  void count_sends(const OperandShape& operand, bool weights, const Dim& own, const Kinds& wb, const Kinds& wo,
                   const Kinds& wk, std::int64_t receivers, double times, bool first, double& sends, double& writes,
                   double& send_bytes) {
    for (const Kind& vb : wb)
      for (const Kind& vo : wo)
        for (const Kind& vk : wk) {
          const double events = times * d(vb.count) * d(vo.count) * d(vk.count);
          const double bytes = d(vb.size) * d(vo.size) * d(vk.size);
          sends += events;
          writes += events * bytes * d(receivers);
          send_bytes += events * bytes;
          double hops = 0, flits = 0, accesses = 0;
          std::int64_t pb = 0;
          for (std::int64_t b = 0; b < vb.size; b += b_.pe, ++pb) {
            const std::int64_t sb = std::min(b_.pe, vb.size - b);
            std::int64_t po = 0, last = -1, last_accesses = 0;
            for (std::int64_t o = 0; o < vo.size; o += own.pe, ++po) {
              const std::int64_t so = std::min(own.pe, vo.size - o), part = sb * so * vk.size;
              const int tree = weights ? links_.weight_links(pb, po, receivers) : links_.input_links(pb, po, receivers);
              hops += d(part * tree);
              flits += d(ceil_div(part, link_bytes_));
              if (so != last) {
                last = so;
                last_accesses = gb_accesses(operand, {sb, so, vk.size});
              }
              accesses += d(last_accesses);
            }
          }
          c_.noc_byte_hops += events * hops;
          c_.send_flits += events * flits;
          c_.gb_reads += events * accesses;
          if (first) {
            c_.first_send_flits += flits;
            first = false;
          }
        }
  }

  void count_stores() {
    if (shape_.output.resident) return;
    for (const Kind& tb : b_.tiles)
      for (const Kind& tm : m_.tiles)
        for (const Kind& tn : n_.tiles) {
          const double times = d(tb.count) * d(tm.count) * d(tn.count);
          const std::int64_t bytes = tb.size * tm.size * tn.size;
          const double burst = shape_.output.runs.burst_bytes({tb.size, tm.size, tn.size});
          c_.stores += times;
          c_.store_bytes += times * burst;
          c_.store_requests += times * shape_.output.runs.requests({tb.size, tm.size, tn.size}, arch_.dma.burst_bytes);
          c_.store_out_bytes += times * d(bytes);
          c_.gb_reads += times * d(packed_accesses(bytes, arch_.global_buffer.word_bytes));
          c_.last_store_bytes = burst;
        }
  }

  const GemmShape& shape_;
  const GemmMapping& map_;
  const spec::ArchSpec& arch_;
  const SplitLinks& links_;
  Dim b_, m_, n_, k_;
  std::int64_t link_bytes_ = 1;
  StepCounts c_;
};

}  // namespace

StepCounts count_gemm(const GemmShape& shape, const Extents& e, const GemmMapping& mapping, const spec::ArchSpec& arch,
                      LinkTables& links) {
  return Counter(shape, e, mapping, arch, links).run();
}

StepCounts count_vector(const OperandShape& input, const OperandShape* residual, const OperandShape& output,
                        std::int64_t rows, std::int64_t columns, const spec::ArchSpec& arch) {
  StepCounts c;
  const ViewRuns::Sizes block{1, rows, columns};
  const std::int64_t word = arch.global_buffer.word_bytes;
  for (const OperandShape* in : {&input, residual}) {
    if (!in) continue;
    if (!in->resident) {
      const double burst = in->runs.burst_bytes(block);
      c.input_loads += 1;
      c.input_load_bytes += burst;
      c.input_requests += in->runs.requests(block, arch.dma.burst_bytes);
      c.input_fill_bytes += d(rows * columns);
      c.first_input_bytes += burst;
      c.gb_writes += d(packed_accesses(rows * columns, word));
    }
    c.gb_reads += d(in->resident ? in->runs.accesses(block, word) : packed_accesses(rows * columns, word));
  }
  c.vectors = c.tiles = 1;
  c.vector_elements = d(rows * columns);
  c.vector_cycles =
      d(rows) * d(ceil_div(columns, arch.vector_unit.elements_per_cycle) + arch.vector_unit.row_overhead_cycles);
  c.gb_writes += d(output.resident ? output.runs.accesses(block, word) : packed_accesses(rows * columns, word));
  if (!output.resident) {
    c.stores = 1;
    c.store_bytes = c.last_store_bytes = output.runs.burst_bytes(block);
    c.store_requests = output.runs.requests(block, arch.dma.burst_bytes);
    c.store_out_bytes = d(rows * columns);
    c.gb_reads += d(packed_accesses(rows * columns, word));
  }
  return c;
}

}  // namespace heat::machines::simba
