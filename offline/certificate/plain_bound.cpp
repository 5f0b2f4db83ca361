// A chiplet with the whole share, the one with the rest, the package; pinned operands before them.
#include "offline/certificate/plain_bound.h"

#include <algorithm>

#include "base/checked.h"

namespace heat::offline::certificate {

using machines::Cost;
using spec::Action;

namespace {

double d(std::int64_t value) {
  return static_cast<double>(value);
}

}  // namespace

PlainBound::PlainBound(const spec::Workload& workload, const spec::FusedGroup& group, const MachineFacts& facts)
    : facts_(facts) {
  const spec::PlannedNode& planned = group.nodes.front();
  const spec::GemmNode& gemm = *workload.nodes[planned.node].gemm;
  const auto operand = [&](const spec::TensorView& view) {
    return OperandFacts{group.is_resident(view.tensor), !spec::holds_index(view, group.index),
                        d(workload.tensors[view.tensor].bytes())};
  };
  weight_ = operand(gemm.weight);
  input_ = operand(gemm.input);
  const std::int64_t share = base::ceil_div(group.extent, group.chiplets);
  const std::int64_t rest = group.extent % share;
  sharing_.full = static_cast<int>(group.extent / share);
  sharing_.all = sharing_.full + (rest > 0 ? 1 : 0);
  full_ = spec::step_extents(gemm, planned.bound, group.extent, share);
  partial_ = spec::step_extents(gemm, planned.bound, group.extent, std::max<std::int64_t>(1, rest));
  pins_ = pins(d(share) / d(group.extent));
}

// Pinned operands come whole, before anything else.
Cost PlainBound::pins(double share) const {
  const spec::ArchSpec& arch = facts_.machine.arch;
  const int all = sharing_.all;
  const auto at = [](const std::vector<double>& list, int count) { return list[static_cast<std::size_t>(count)]; };
  const PackageWays& ways = facts_.ways;
  Cost cost;
  double bytes = 0;
  bool loads[2] = {false, false};  // of shares, of what is the same everywhere
  for (const OperandFacts& o : {weight_, input_}) {
    if (!o.pinned) continue;
    loads[o.shared] = true;
    bytes += o.bytes;
    const double each = share * o.bytes, rest = o.bytes - sharing_.full * each;
    const double byte_hops =
        o.shared ? o.bytes * at(ways.tree, all)
                 : each * at(ways.hops, sharing_.full) + rest * (at(ways.hops, all) - at(ways.hops, sharing_.full));
    cost.energy_pj +=
        o.bytes * facts_.dram_pj + byte_hops * facts_.pj(Action::kNopByteHop) +
        (o.shared ? all : 1) * o.bytes / arch.global_buffer.word_bytes * facts_.pj(Action::kGlobalBufferWrite) +
        all * facts_.pj(Action::kControllerCommand);
    if (o.shared) cost.cycles = o.bytes / arch.nop.link_bytes_per_cycle;
  }
  cost.cycles = std::max(cost.cycles, bytes / facts_.dram_bytes_per_cycle);
  for (bool any : loads)
    if (any) cost.cycles += facts_.load_latency(all);
  return cost;
}

// Splits leave PEs to one another.
Box PlainBound::narrowed(Box box) const {
  double least = 1;
  for (std::size_t dim = 0; dim < 4; ++dim) least *= d(box.range[kSpatial + dim].low);
  if (least > d(facts_.pes.pes)) return box;
  for (std::size_t dim = 0; dim < 4; ++dim) {
    Range& split = box.range[kSpatial + dim];
    split.high = std::min(split.high, facts_.pes.pes * split.low / static_cast<std::int64_t>(least));
  }
  return box;
}

// False: even the smallest choices are too large.
bool PlainBound::fits(const RangeNest& t, const Box& box) const {
  double pes = 1;
  for (std::size_t dim = 0; dim < 4; ++dim) pes *= d(box.range[kSpatial + dim].low);
  if (pes > d(facts_.pes.pes)) return false;
  const auto bytes = [](std::int64_t x, std::int64_t y, std::int64_t z) { return d(x) * d(y) * d(z); };
  const std::int64_t b = t.b.pe_tile().low, m = t.m.pe_tile().low, n = t.n.pe_tile().low, k = t.k.pe_tile().low;
  if (bytes(b, m, k) > d(facts_.pes.weight) || bytes(b, n, k) > d(facts_.pes.input) ||
      bytes(b, m, n) > d(facts_.pes.output))
    return false;
  // Where k takes several tiles of the global buffer, each of them is one wave.
  if (t.k.tiles() > 1)
    for (const TiledRange* dim : {&t.b, &t.m, &t.n})
      if (dim->gb_tile().low > dim->largest_wave()) return false;
  const std::int64_t gb = t.b.gb_tile().low, gm = t.m.gb_tile().low, gn = t.n.gb_tile().low, gk = t.k.gb_tile().low;
  // Two slots each.
  const double slots =
      (weight_.pinned ? 0 : bytes(gb, gm, gk)) + (input_.pinned ? 0 : bytes(gb, gn, gk)) + bytes(gb, gm, gn);
  const double pinned = (weight_.pinned ? (weight_.shared ? weight_.bytes : bytes(full_.b, full_.m, full_.k)) : 0) +
                        (input_.pinned ? (input_.shared ? input_.bytes : bytes(full_.b, full_.n, full_.k)) : 0);
  return pinned + 2 * slots <= d(facts_.machine.arch.global_buffer.capacity.value());
}

Cost PlainBound::of(const Box& given) const {
  const Box box = narrowed(given);
  const RangeNest nest(full_, box);
  if (!nest.possible() || !fits(nest, box)) return kNoMapping;
  const auto work = [&](const RangeNest& of) {
    return ChipBound(of, weight_, input_, facts_).of(box.range[kGbOrder], box.range[kWaveOrder]);
  };
  const ChipBound::Work full = work(nest),
                        rest = sharing_.all > sharing_.full ? work(RangeNest(partial_, box)) : ChipBound::Work{};
  const Transfers transfers(full, rest, weight_, input_, sharing_, facts_);
  const double stores = nest.b.most_tiles() * nest.m.most_tiles() * nest.n.most_tiles(),
               tiles = stores * nest.k.most_tiles();
  const auto tile = [&](const OperandFacts& o, const TiledRange& own) {
    if (o.pinned) return 0.0;
    return (o.shared ? 1 : sharing_.full) * d(nest.b.gb_tile().low) * d(own.gb_tile().low) * d(nest.k.gb_tile().low);
  };
  const double first = transfers.first(tile(weight_, nest.m) + tile(input_, nest.n), tiles == 1);
  // Tiles execute one after another, between the first one's load and the last one's store; and the last one executes
  // when everything is loaded.
  const double cycles =
      pins_.cycles + std::max(first + full.execution + transfers.last(stores),
                              transfers.cycles() + full.execution / tiles + facts_.store_latency(sharing_.all));
  const double pj = pins_.energy_pj + sharing_.full * full.pj + rest.pj + transfers.pj();
  return {cycles, pj + cycles * facts_.idle_pj};
}

}  // namespace heat::offline::certificate
