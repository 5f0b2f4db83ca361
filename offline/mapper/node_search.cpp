// Two levels. Outer: PE tile and spatial split. Inner: tiles of the global buffer and orders. Each is discarded when
// its bound (machines/machine.h) is no better than the best mapping so far; what is left is costed in full.
#include "offline/mapper/node_search.h"

#include <algorithm>
#include <limits>

#include "base/checked.h"
#include "offline/mapper/map_space.h"

namespace heat::offline::mapper {
namespace {

using base::ceil_div;
using machines::Cost;
using spec::Extents;
using spec::GemmMapping;
using spec::LoopDim;
using spec::SpatialSplit;

// A PE tile and a split, with the least value of the goal that their mappings can have.
struct Candidate {
  Extents tile;
  SpatialSplit split;
  double value = 0;
};

class NodeSearch {
 public:
  NodeSearch(const NodeProblem& problem, const NodeSearchSettings& settings)
      : node_(problem),
        set_(settings),
        bounds_(problem.model.bounds(problem.position, settings.alone)),
        e_(problem.model.extents(problem.position)) {}

  double least() const {
    double least = std::numeric_limits<double>::infinity();
    for_each_tile(false, [&](const Extents& tile) { least = std::min(least, value(bounds_->of_tile(tile)->least())); });
    return least;
  }

  NodeSearchResult run() {
    const auto less = [](const Candidate& x, const Candidate& y) { return x.value < y.value; };
    if (!set_.exhaustive) {
      // A coarse part of the space first: what it finds lets the bounds work.
      const std::vector<Candidate> coarse = candidates(true);
      if (!coarse.empty()) explore(*std::min_element(coarse.begin(), coarse.end(), less));
    }
    std::vector<Candidate> all = candidates(false);
    if (!set_.exhaustive) std::stable_sort(all.begin(), all.end(), less);
    for (const Candidate& c : all) {
      if (ruled_out(c.value)) break;
      explore(c);
    }
    return result_;
  }

 private:
  double value(const Cost& cost) const { return set_.goal.value(cost.cycles, cost.energy_pj); }

  bool ruled_out(double bound) const { return !set_.exhaustive && no_better(bound / (1 - set_.gap)); }

  // True when a value is not among the best so far, nor below the cutoff.
  bool no_better(double found) const {
    return (result_.kept.size() >= set_.keep && found >= result_.kept.back().value) ||
           (set_.cutoff >= 0 && found >= set_.cutoff);
  }

  // PE tiles and splits that fit the PE and whose bound is below the best value so far.
  std::vector<Candidate> candidates(bool coarse) {
    std::vector<Candidate> list;
    for_each_tile(coarse, [&](const Extents& tile) { add_splits(tile, list); });
    return list;
  }

  // The PE tiles that fit a PE. coarse: every third size.
  template <class Visit>
  void for_each_tile(bool coarse, Visit visit) const {
    const machines::PeArray& pes = node_.pes;
    const auto sizes = [&](LoopDim dim) {
      std::vector<std::int64_t> all = tile_sizes(e_[dim], pes.grain[dim]), some;
      for (std::size_t i = 0; i < all.size(); i += coarse ? 3 : 1) some.push_back(all[i]);
      return some;
    };
    const auto ks = sizes(LoopDim::kK), ms = sizes(LoopDim::kM), ns = sizes(LoopDim::kN), bs = sizes(LoopDim::kB);
    for (std::int64_t b : bs)
      for (std::int64_t k : ks)
        for (std::int64_t m : ms) {
          if (b * m * k > pes.weight) continue;
          for (std::int64_t n : ns) {
            if (b * n * k > pes.input || b * m * n > pes.output) continue;
            visit(Extents{b, m, n, k});
          }
        }
  }

  void add_splits(const Extents& tile, std::vector<Candidate>& list) {
    const std::unique_ptr<machines::TileBounds> bounds = bounds_->of_tile(tile);
    const double least = value(bounds->least());
    const Extents tiles{ceil_div(e_.b, tile.b), ceil_div(e_.m, tile.m), ceil_div(e_.n, tile.n), ceil_div(e_.k, tile.k)};
    for (const SpatialSplit& s : spatial_splits(node_.pes.pes, tiles)) {
      ++result_.considered;
      if (ruled_out(least)) continue;
      const Candidate c{tile, s, value(bounds->of_split(s))};
      if (!ruled_out(c.value)) list.push_back(c);
    }
  }

  // All GB tiles, orders and wave orders of one PE choice.
  void explore(const Candidate& c) {
    const std::unique_ptr<machines::TileBounds> of_tile = bounds_->of_tile(c.tile);
    const std::unique_ptr<machines::ChoiceBounds> bounds = of_tile->choice(c.split);
    if (ruled_out(value(bounds->least()))) return;
    const std::int64_t wave_b = c.tile.b * c.split.b, wave_m = c.tile.m * c.split.m, wave_n = c.tile.n * c.split.n;
    const auto multiples = [](std::int64_t extent, std::int64_t wave) {
      std::vector<std::int64_t> sizes = tile_sizes(ceil_div(extent, wave), 1);
      for (auto& s : sizes) s = std::min(extent, s * wave);
      return sizes;
    };
    const auto bs = multiples(e_.b, wave_b), ms = multiples(e_.m, wave_m), ns = multiples(e_.n, wave_n);
    for (std::int64_t b : bs)
      for (std::int64_t m : ms)
        for (std::int64_t n : ns) try_tile(c, *bounds, {b, m, n, e_.k});
    for (std::int64_t k : multiples(e_.k, c.tile.k * c.split.k))
      if (k < e_.k) try_tile(c, *bounds, {std::min(wave_b, e_.b), std::min(wave_m, e_.m), std::min(wave_n, e_.n), k});
  }

  void try_tile(const Candidate& c, const machines::ChoiceBounds& bounds, const Extents& g) {
    if (!set_.budget.fits(node_.weight_streams ? g.b * g.m * g.k : 0, node_.input_streams ? g.b * g.n * g.k : 0,
                          node_.output_streams ? g.b * g.m * g.n : 0))
      return;
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
      for (bool m_outside : {true, false}) {
        if (!m_outside && (g.m <= c.tile.m * c.split.m || g.n <= c.tile.n * c.split.n) && !set_.exhaustive)
          continue;  // one of the two loops runs once: the orders are the same
        if (!set_.exhaustive && ruled_out(value(bounds.of_tiling({g, tiles, weight_kept, input_kept, m_outside}))))
          continue;
        leaf({g, order, c.tile, c.split, m_outside ? std::array{M, N} : std::array{N, M}});
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
    const Cost cost = set_.alone ? node_.model.cost({mapping}) : node_.model.node_cost(node_.position, mapping);
    const double found = value(cost);
    if (no_better(found) || is_kept(mapping)) return;
    const auto behind = std::upper_bound(result_.kept.begin(), result_.kept.end(), found,
                                         [](double value, const KeptMapping& kept) { return value < kept.value; });
    const bool is_best = behind == result_.kept.begin();
    result_.kept.insert(behind, {mapping, found});
    if (result_.kept.size() > set_.keep) result_.kept.pop_back();
    if (!is_best) return;
    result_.feasible = true;
    result_.value = found;
    result_.cost = cost;
    result_.mapping = mapping;
  }

  // The coarse part of the space is visited twice.
  bool is_kept(const GemmMapping& mapping) const {
    return std::any_of(result_.kept.begin(), result_.kept.end(),
                       [&](const KeptMapping& kept) { return kept.mapping == mapping; });
  }

  const NodeProblem& node_;
  const NodeSearchSettings& set_;
  const std::unique_ptr<machines::NodeBounds> bounds_;
  const Extents e_;
  NodeSearchResult result_;
};

}  // namespace

double least_value(const NodeProblem& problem, const NodeSearchSettings& settings) {
  return NodeSearch(problem, settings).least();
}

NodeSearchResult search_node(const NodeProblem& problem, const NodeSearchSettings& settings) {
  return NodeSearch(problem, settings).run();
}

}  // namespace heat::offline::mapper
