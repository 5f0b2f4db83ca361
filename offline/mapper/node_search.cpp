// Two levels. Outer: PE tile and spatial split. Inner: tiles of the global buffer and orders. Each is discarded when
// its bound (node_bounds.h) is no better than the best mapping so far; what is left is costed in full.
#include "offline/mapper/node_search.h"

#include <algorithm>

#include "base/checked.h"
#include "machines/simba/pe_tile_limits.h"
#include "offline/mapper/node_bounds.h"

namespace heat::offline::mapper {
namespace {

using base::ceil_div;
using spec::Extents;
using spec::GemmMapping;
using spec::LoopDim;
using spec::SpatialSplit;

double d(std::int64_t v) {
  return static_cast<double>(v);
}

class NodeSearch {
 public:
  NodeSearch(const GroupModel& model, std::size_t position, const StepPricer& pricer,
             const NodeSearchSettings& settings)
      : model_(model),
        position_(position),
        arch_(pricer.machine().arch),
        set_(settings),
        node_(model.nodes()[position]),
        bounds_(model, position, pricer, settings),
        e_(bounds_.extents()) {}

  NodeSearchResult run() {
    const auto less = [](const PeChoice& x, const PeChoice& y) { return x.value < y.value; };
    if (!set_.exhaustive) {
      // A coarse part of the space first: what it finds lets the bounds work.
      const std::vector<PeChoice> coarse = pe_choices(true);
      if (!coarse.empty()) explore(*std::min_element(coarse.begin(), coarse.end(), less));
    }
    std::vector<PeChoice> choices = pe_choices(false);
    if (!set_.exhaustive) std::stable_sort(choices.begin(), choices.end(), less);
    for (const PeChoice& c : choices) {
      if (ruled_out(c.value)) break;
      explore(c);
    }
    return result_;
  }

 private:
  bool ruled_out(double bound) const {
    if (set_.exhaustive) return false;
    return (result_.feasible && bound >= result_.value) || (set_.cutoff >= 0 && bound >= set_.cutoff);
  }

  // PE tiles and splits that fit the PE and whose bound is below the best value so far. coarse: every third size.
  std::vector<PeChoice> pe_choices(bool coarse) {
    std::vector<PeChoice> choices;
    const machines::simba::PeTileLimits limits(arch_.pe);
    const auto sizes = [&](std::int64_t extent, std::int64_t unit) {
      std::vector<std::int64_t> all = tile_sizes(extent, unit), some;
      for (std::size_t i = 0; i < all.size(); i += coarse ? 3 : 1) some.push_back(all[i]);
      return some;
    };
    const auto ks = sizes(e_.k, arch_.pe.width), ms = sizes(e_.m, arch_.pe.lanes), ns = sizes(e_.n, 1),
               bs = sizes(e_.b, 1);
    for (std::int64_t b : bs)
      for (std::int64_t k : ks)
        for (std::int64_t m : ms) {
          if (b * m * k > limits.weight_bytes) continue;
          for (std::int64_t n : ns) {
            if (b * n * k > limits.input_bytes || b * m * n > limits.sums) continue;
            add_splits({b, m, n, k}, choices);
          }
        }
    return choices;
  }

  void add_splits(const Extents& tile, std::vector<PeChoice>& choices) {
    const NodeBounds::TileBound t = bounds_.of_tile(tile);
    for (const SpatialSplit& s :
         spatial_splits(arch_.pes(), ceil_div(e_.b, tile.b), ceil_div(e_.m, tile.m), ceil_div(e_.n, tile.n))) {
      ++result_.considered;
      if (ruled_out(t.value)) continue;
      PeChoice c{tile, s};
      bounds_.bound(c, t);
      if (!ruled_out(c.value)) choices.push_back(c);
    }
  }

  // All GB tiles, orders and wave orders of one PE choice.
  void explore(const PeChoice& c) {
    const std::int64_t wave_b = c.tile.b * c.split.b, wave_m = c.tile.m * c.split.m, wave_n = c.tile.n * c.split.n;
    const auto multiples = [](std::int64_t extent, std::int64_t wave) {
      std::vector<std::int64_t> sizes = tile_sizes(ceil_div(extent, wave), 1);
      for (auto& s : sizes) s = std::min(extent, s * wave);
      return sizes;
    };
    const auto bs = multiples(e_.b, wave_b), ms = multiples(e_.m, wave_m), ns = multiples(e_.n, wave_n);
    for (std::int64_t b : bs)
      for (std::int64_t m : ms)
        for (std::int64_t n : ns) try_tile(c, {b, m, n, e_.k});
    for (std::int64_t k : multiples(e_.k, c.tile.k))
      if (k < e_.k) try_tile(c, {std::min(wave_b, e_.b), std::min(wave_m, e_.m), std::min(wave_n, e_.n), k});
  }

  void try_tile(const PeChoice& c, const Extents& g) {
    const bool w = !node_.shape.weight.resident, x = !node_.shape.input.resident, o = !node_.shape.output.resident;
    if (!set_.budget.fits(w ? g.b * g.m * g.k : 0, x ? g.b * g.n * g.k : 0, o ? g.b * g.m * g.n : 0)) return;
    const Extents tiles{ceil_div(e_.b, g.b), ceil_div(e_.m, g.m), ceil_div(e_.n, g.n), ceil_div(e_.k, g.k)};
    static constexpr LoopDim B = LoopDim::kB, M = LoopDim::kM, N = LoopDim::kN;
    static constexpr std::array<std::array<LoopDim, 3>, 6> kOrders{
        {{B, M, N}, {B, N, M}, {M, B, N}, {N, B, M}, {M, N, B}, {N, M, B}}};
    bool seen[2][2] = {{false, false}, {false, false}};
    for (const auto& order : kOrders) {
      const bool weight_kept = kept(order, N, M, tiles), input_kept = kept(order, M, N, tiles);
      if (seen[weight_kept][input_kept]) continue;  // the orders cost the same
      seen[weight_kept][input_kept] = true;
      result_.considered += 2;
      const double weight_visits = weight_kept ? 1.0 : d(tiles.n), input_visits = input_kept ? 1.0 : d(tiles.m);
      if (!set_.exhaustive && ruled_out(bounds_.of_gb_tile(c, g, tiles, weight_visits, input_visits))) continue;
      for (bool m_outer : {true, false}) {
        if (!m_outer && (g.m <= c.tile.m * c.split.m || g.n <= c.tile.n * c.split.n) && !set_.exhaustive)
          continue;  // one of the two loops runs once: the orders are the same
        leaf({g, order, c.tile, c.split, m_outer ? std::array{M, N} : std::array{N, M}});
      }
    }
  }

  // True when going to the next tile along `moving` leaves the operand of `own` as it is.
  static bool kept(const std::array<LoopDim, 3>& order, LoopDim moving, LoopDim own, const Extents& tiles) {
    if (tiles.k > 1) return false;
    bool inside = false;
    for (LoopDim dim : order) {
      if (dim == moving)
        inside = true;
      else if (inside && (dim == own || dim == LoopDim::kB) && tiles[dim] > 1)
        return false;
    }
    return true;
  }

  void leaf(const GemmMapping& mapping) {
    ++result_.evaluated;
    const GroupModel::Brief cost =
        set_.alone ? model_.brief({mapping}, set_.step) : model_.brief_node(position_, mapping, set_.step);
    const double value = set_.goal.value(cost.cycles, cost.energy_pj);
    if ((result_.feasible && value >= result_.value) || (set_.cutoff >= 0 && value >= set_.cutoff)) return;
    result_.feasible = true;
    result_.value = value;
    result_.cost = cost;
    result_.mapping = mapping;
  }

  const GroupModel& model_;
  std::size_t position_;
  const spec::ArchSpec& arch_;
  const NodeSearchSettings& set_;
  const NodeModel& node_;
  NodeBounds bounds_;
  Extents e_;
  NodeSearchResult result_;
};

}  // namespace

NodeSearchResult search_node(const GroupModel& model, std::size_t position, const StepPricer& pricer,
                             const NodeSearchSettings& settings) {
  return NodeSearch(model, position, pricer, settings).run();
}

}  // namespace heat::offline::mapper
