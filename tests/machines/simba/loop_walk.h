// A walk of the loop nest, tile by tile, that remembers what every PE was sent last: what the closed forms are held to.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <vector>

#include "base/checked.h"
#include "machines/simba/step_counts.h"
#include "tests/machines/simba/machines.h"
#include "tests/machines/simba/naive_ports.h"

namespace heat::machines::simba {

using spec::Extents;
using spec::GemmMapping;
using spec::LoopDim;
using Box = std::array<std::array<std::int64_t, 2>, 3>;  // begin, end along three groups

constexpr LoopDim kB = LoopDim::kB, kM = LoopDim::kM, kN = LoopDim::kN, kK = LoopDim::kK;

// An operand with one index a group and any strides.
struct Operand {
  OperandShape shape;
  std::array<std::int64_t, 3> strides{};
};

inline Operand operand(const ViewRuns::Sizes& extents, std::mt19937& rng) {
  std::array<std::size_t, 3> order{0, 1, 2};
  std::shuffle(order.begin(), order.end(), rng);
  Operand o;
  std::int64_t stride = 1;
  for (std::size_t g : order) {
    o.strides[g] = stride;
    stride *= extents[g];
  }
  spec::TensorView view;
  view.tensor = spec::TensorId(0);
  for (std::size_t g = 0; g < 3; ++g)
    view.dims.push_back({std::string(1, static_cast<char>('x' + g)), extents[g], o.strides[g]});
  o.shape = {ViewRuns(view, extents), rng() % 2 == 0, false};
  return o;
}

// Words of a box, each a line of (bank): by its contiguous runs when the tensor is resident, else packed.
inline std::vector<std::int64_t> naive_words(const Operand& o, const Box& box, const spec::GlobalBufferSpec& gb) {
  std::vector<std::int64_t> bytes;
  for (auto x = box[0][0]; x < box[0][1]; ++x)
    for (auto y = box[1][0]; y < box[1][1]; ++y)
      for (auto z = box[2][0]; z < box[2][1]; ++z)
        bytes.push_back(x * o.strides[0] + y * o.strides[1] + z * o.strides[2]);
  std::vector<std::int64_t> banks;
  const auto run = [&](std::int64_t begin, std::int64_t length) {
    for (std::int64_t w = 0; w < base::ceil_div(length, gb.word_bytes); ++w)
      banks.push_back((begin / gb.word_bytes + w) % gb.banks);
  };
  if (!o.shape.resident) {
    run(0, static_cast<std::int64_t>(bytes.size()));
    return banks;
  }
  std::sort(bytes.begin(), bytes.end());
  const std::int64_t begin = bytes.front();  // closed forms take a block as if it began at a word of bank 0
  for (std::size_t i = 0; i < bytes.size();) {
    std::size_t j = i + 1;
    while (j < bytes.size() && bytes[j] == bytes[j - 1] + 1) ++j;
    run(bytes[i] - begin, static_cast<std::int64_t>(j - i));
    i = j;
  }
  return banks;
}

// Distinct links of the XY routes from PE 0 to `to`.
inline double naive_tree(const spec::MeshSpec& mesh, const std::vector<std::int64_t>& to) {
  std::set<std::pair<std::int64_t, std::int64_t>> links;
  for (std::int64_t t : to) {
    for (std::int64_t x = 0; x < t % mesh.width; ++x) links.insert({x, x + 1});
    for (std::int64_t y = 0; y < t / mesh.width; ++y)
      links.insert({y * mesh.width + t % mesh.width, (y + 1) * mesh.width + t % mesh.width});
  }
  return static_cast<double>(links.size());
}

class Walker {
 public:
  Walker(const Operand& w, const Operand& i, const Operand& o, const Extents& e, const GemmMapping& map,
         const spec::ArchSpec& arch)
      : w_(w), i_(i), o_(o), e_(e), map_(map), a_(arch) {}

  StepCounts run() {
    walk(0, {});
    return c_;
  }

 private:
  // Nested loops over GB tiles in gb_order, k innermost.
  void walk(std::size_t depth, Extents at) {
    const LoopDim dim = depth < 3 ? map_.gb_order[depth] : kK;
    for (std::int64_t v = 0; v < e_[dim]; v += map_.gb_tile[dim]) {
      at[dim] = v;
      if (depth < 3)
        walk(depth + 1, at);
      else
        tile(at);
    }
  }

  std::int64_t end(LoopDim dim, const Extents& at, std::int64_t size, std::int64_t limit) const {
    return std::min(at[dim] + size, limit);
  }

  void tile(const Extents& at) {
    Extents to;
    for (LoopDim dim : {kB, kM, kN, kK}) to[dim] = std::min(e_[dim], at[dim] + map_.gb_tile[dim]);
    c_.tiles += 1;
    load(w_, kM, at, to, loaded_w_, c_.weight);
    load(i_, kN, at, to, loaded_i_, c_.input);
    const LoopDim x = map_.wave_order[0], y = map_.wave_order[1];
    Extents wave = at;
    for (wave.b = at.b; wave.b < to.b; wave.b += map_.pe_tile.b * map_.spatial.b)
      for (wave[x] = at[x]; wave[x] < to[x]; wave[x] += size(x))
        for (wave[y] = at[y]; wave[y] < to[y]; wave[y] += size(y)) {
          for (wave.k = at.k; wave.k < to.k; wave.k += size(kK)) run_wave(wave, to);
          if (to.k == e_.k) drain(wave, to);
        }
    if (to.k == e_.k && !o_.shape.resident) {
      const std::int64_t bytes = (to.b - at.b) * (to.m - at.m) * (to.n - at.n);
      c_.stores += 1;
      c_.store_bytes += o_.shape.runs.burst_bytes({to.b - at.b, to.m - at.m, to.n - at.n});
      c_.gb_reads += static_cast<double>(base::ceil_div(bytes, a_.global_buffer.word_bytes));
      c_.gb_read_cycles +=
          requests_cycles(o_, {to.b - at.b, to.m - at.m, to.n - at.n}, a_.global_buffer.read_bytes_per_cycle);
    }
  }

  // Of the port, for the requests of a tile on its way from or to the DRAM: each takes whole words.
  double requests_cycles(const Operand& o, const ViewRuns::Sizes& block, double port) const {
    const double requests = o.shape.runs.requests(block, a_.dma.burst_bytes);
    const double words = std::ceil(std::ceil(o.shape.runs.burst_bytes(block) / requests) / a_.global_buffer.word_bytes);
    return requests *
           std::max(std::ceil(words / a_.global_buffer.banks), std::ceil(words * a_.global_buffer.word_bytes / port));
  }

  std::int64_t size(LoopDim dim) const {
    const spec::SpatialSplit& s = map_.spatial;
    return map_.pe_tile[dim] * (dim == kB ? s.b : dim == kM ? s.m : dim == kN ? s.n : s.k);
  }

  void load(const Operand& o, LoopDim rows, const Extents& at, const Extents& to,
            std::optional<std::array<std::int64_t, 3>>& last, OperandCounts& counts) {
    const std::array<std::int64_t, 3> key{at.b, at[rows], at.k};
    if (o.shape.resident || last == key) return;
    last = key;
    const std::int64_t plain = (to.b - at.b) * (to[rows] - at[rows]) * (to.k - at.k);
    counts.loads += 1;
    counts.load_bytes += o.shape.runs.burst_bytes({to.b - at.b, to[rows] - at[rows], to.k - at.k});
    counts.fill_bytes += static_cast<double>(plain);
    c_.gb_write_cycles +=
        requests_cycles(o, {to.b - at.b, to[rows] - at[rows], to.k - at.k}, a_.global_buffer.write_bytes_per_cycle);
    c_.gb_writes += static_cast<double>(base::ceil_div(plain, a_.global_buffer.word_bytes));
  }

  // PE tiles of a wave: visits fn(part of the wave, PE, begin, end).
  template <class F>
  void for_pes(const Extents& wave, const Extents& to, F fn) const {
    const spec::SpatialSplit& s = map_.spatial;
    for (std::int64_t pe = 0; pe < s.product(); ++pe) {
      const Extents i{pe / (s.k * s.n * s.m), pe / (s.k * s.n) % s.m, pe / s.k % s.n, pe % s.k};
      Extents p, q;
      bool any = true;
      for (LoopDim dim : {kB, kM, kN, kK}) {
        p[dim] = wave[dim] + i[dim] * map_.pe_tile[dim];
        q[dim] = std::min(to[dim], p[dim] + map_.pe_tile[dim]);
        any = any && q[dim] > p[dim];
      }
      if (any) fn(i, pe, p, q);
    }
  }

  void send(const Operand& o, bool weights, const Extents& wave, const Extents& to) {
    const LoopDim rows = weights ? kM : kN;
    OperandCounts& counts = weights ? c_.weight : c_.input;
    const spec::BufferSpec& buffer = weights ? a_.pe.weight_buffer : a_.pe.input_buffer;
    // Parts of the operand and the PEs each goes to.
    std::map<std::array<std::int64_t, 3>, std::vector<std::int64_t>> receivers;
    std::map<std::array<std::int64_t, 3>, Box> boxes;
    for_pes(wave, to, [&](const Extents& i, std::int64_t pe, const Extents& p, const Extents& q) {
      const std::array<std::int64_t, 3> part{i.b, i[rows], i.k};
      receivers[part].push_back(pe);
      boxes[part] = {{{p.b, q.b}, {p[rows], q[rows]}, {p.k, q.k}}};
    });
    for (const auto& [part, to_pes] : receivers) {
      const Box& box = boxes[part];
      const std::int64_t bytes = (box[0][1] - box[0][0]) * (box[1][1] - box[1][0]) * (box[2][1] - box[2][0]);
      counts.buffer_writes += static_cast<double>(bytes * static_cast<std::int64_t>(to_pes.size()));
      counts.send_bytes += static_cast<double>(bytes);
      c_.noc_byte_hops += static_cast<double>(bytes) * naive_tree(a_.noc, to_pes);
      c_.send_flits += static_cast<double>(base::ceil_div(bytes, 8));
      const std::vector<std::int64_t> words = naive_words(o, box, a_.global_buffer);
      c_.gb_reads += static_cast<double>(words.size());
      c_.gb_read_cycles += naive_cycles(words, a_.global_buffer, a_.global_buffer.read_bytes_per_cycle);
      for (std::int64_t pe : to_pes) {
        double& cycles = filled_[{weights, pe}];
        cycles += std::ceil(static_cast<double>(bytes) / buffer.write_bytes_per_cycle);
        counts.port_cycles = std::max(counts.port_cycles, cycles);
      }
    }
    counts.sends += 1;
  }

  void run_wave(const Extents& wave, const Extents& to) {
    if (const std::array key{wave.b, wave.m, wave.k}; sent_w_ != key) {
      sent_w_ = key;
      send(w_, true, wave, to);
    }
    if (const std::array key{wave.b, wave.n, wave.k}; sent_i_ != key) {
      sent_i_ = key;
      send(i_, false, wave, to);
    }
    std::int64_t longest = 0;
    for_pes(wave, to, [&](const Extents&, std::int64_t pe, const Extents& p, const Extents& q) {
      const std::int64_t b = q.b - p.b, m = q.m - p.m, n = q.n - p.n, k = q.k - p.k;
      const bool first = computed_.insert(pe).second;
      c_.macs += static_cast<double>(b * m * n * k);
      c_.weight.buffer_reads += static_cast<double>(b * m * k);
      c_.input.buffer_reads += static_cast<double>(b * base::ceil_div(m, a_.pe.lanes) * n * k);
      const std::int64_t entries = b * m * n * base::ceil_div(k, a_.pe.width);
      c_.accumulator_writes += static_cast<double>(entries);
      c_.accumulator_reads += static_cast<double>(entries - (first ? b * m * n : 0));
      longest = std::max(longest, naive_tile_cycles(a_.pe, b, m, n, k, first));
    });
    c_.waves += 1;
    c_.compute_cycles += static_cast<double>(longest + a_.pe.compute_overhead_cycles);
  }

  // Of the PEs that computed since the last drain those without a k of 0 each send their sums to the one before.
  void drain(Extents wave, const Extents& to) {
    wave.k = 0;
    Extents end = to;
    end.k = e_.k;
    std::int64_t longest = 0, passed = 0;
    int ways = 0;
    c_.drains += 1;
    std::map<std::pair<std::int64_t, std::int64_t>, std::int64_t> links;  // flits over each
    for_pes(wave, end, [&](const Extents& i, std::int64_t pe, const Extents& p, const Extents& q) {
      const std::int64_t bytes = (q.b - p.b) * (q.m - p.m) * (q.n - p.n);
      if (!computed_.count(pe)) return;
      if (i.k > 0) {
        pass(pe, bytes, links);
        passed = std::max(passed, bytes);
        ways = std::max(ways, static_cast<int>(i.k));
        return;
      }
      c_.accumulator_reads += static_cast<double>(bytes);
      c_.ppu_elements += static_cast<double>(bytes);
      c_.noc_byte_hops += static_cast<double>(bytes * (pe % a_.noc.width + pe / a_.noc.width));
      c_.drain_flits += static_cast<double>(base::ceil_div(bytes, 8));
      const auto words = naive_words(o_, {{{p.b, q.b}, {p.m, q.m}, {p.n, q.n}}}, a_.global_buffer);
      c_.gb_writes += static_cast<double>(words.size());
      c_.gb_write_cycles += naive_cycles(words, a_.global_buffer, a_.global_buffer.write_bytes_per_cycle);
      longest = std::max(longest, bytes);
    });
    const std::int64_t port = static_cast<std::int64_t>(a_.pe.accumulation_buffer.read_bytes_per_cycle);
    const std::int64_t drained =
        std::max(base::ceil_div(longest, a_.pe.ppu_elements_per_cycle), base::ceil_div(4 * longest, port));
    c_.ppu_cycles += static_cast<double>(std::max(drained, pass_cycles(passed)));
    c_.chain_ways = std::max(c_.chain_ways, ways);
    std::int64_t busiest = 0;
    for (const auto& [link, flits] : links) busiest = std::max(busiest, flits);
    c_.chain_flits += static_cast<double>(busiest);
    computed_.clear();
  }

  // A sum of 4 bytes is read to be sent, and by the receiver to be added and written again.
  void pass(std::int64_t pe, std::int64_t sums, std::map<std::pair<std::int64_t, std::int64_t>, std::int64_t>& links) {
    c_.accumulator_reads += static_cast<double>(2 * sums);
    c_.accumulator_writes += static_cast<double>(sums);
    for (std::int64_t at = pe, to = pe - 1, next = at; at != to; at = next) {
      const std::int64_t x = at % a_.noc.width, end = to % a_.noc.width;
      next = x < end ? at + 1 : x > end ? at - 1 : at > to ? at - a_.noc.width : at + a_.noc.width;
      links[{at, next}] += base::ceil_div(4 * sums, 8);
      c_.noc_byte_hops += static_cast<double>(4 * sums);
    }
  }

  // Its flits of 8 bytes, the reads to add and to hand on, or the writes.
  std::int64_t pass_cycles(std::int64_t sums) const {
    const spec::BufferSpec& acc = a_.pe.accumulation_buffer;
    const auto reads = static_cast<std::int64_t>(std::ceil(static_cast<double>(8 * sums) / acc.read_bytes_per_cycle));
    const auto writes = static_cast<std::int64_t>(std::ceil(static_cast<double>(4 * sums) / acc.write_bytes_per_cycle));
    return std::max({base::ceil_div(4 * sums, 8), reads, writes});
  }

  std::set<std::int64_t> computed_;                         // PEs since the last drain
  std::map<std::pair<bool, std::int64_t>, double> filled_;  // weights or inputs, PE: cycles of its buffer's write port
  const Operand &w_, &i_, &o_;
  Extents e_;
  GemmMapping map_;
  spec::ArchSpec a_;
  StepCounts c_;
  std::optional<std::array<std::int64_t, 3>> loaded_w_, loaded_i_, sent_w_, sent_i_;
};

}  // namespace heat::machines::simba
