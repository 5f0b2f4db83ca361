// Dynamic programming from the outermost level inwards.
//
// What a hop costs depends on the tile of its inner level and on how often that changes: once an iteration of the loops
// outside, but for the run of innermost ones whose dimension does not index the tensor. Each tensor is left unindexed by
// one class of dimensions at most, so a run has one class. The state at a level is therefore
//
//     (iterations left inside, by class;  class of the run just outside;  iterations of the run)
//
// and its value the least energy of all hops down to it. Iterations left form a lattice, the divisors of what the spatial
// loops leave of each class. The loops of a level lead from a state to others in three ways: none; loops of the run's own
// class only, which prolong it; or an innermost loop that begins a run, with any loops outside it. For the last the best
// outer state is a minimum over multiples, which is taken class by class.
#include "offline/mapper/temporal_search.h"

#include <algorithm>

#include "base/checked.h"
#include "base/errors.h"

namespace heat::offline::mapper {
namespace {

using storage_levels::Architecture;
using storage_levels::Hop;
using storage_levels::Problem;

constexpr std::size_t kMostPoints = 300'000;  // some GB, some minutes
constexpr double kNone = std::numeric_limits<double>::infinity();

// All products of divisors of `whole`, numbered; class 0 has stride 1.
class Lattice {
 public:
  explicit Lattice(std::vector<std::int64_t> whole) : whole_(std::move(whole)) {
    for (const std::int64_t w : whole_) {
      strides_.push_back(size_);
      divisors_.push_back(divisors(w));
      size_ *= divisors_.back().size();
      // multiples_[c][i]: of divisor i, the divisors that it divides, itself first.
      multiples_.emplace_back();
      for (std::size_t i = 0; i < divisors_.back().size(); ++i) {
        multiples_.back().emplace_back();
        for (std::size_t j = i; j < divisors_.back().size(); ++j)
          if (divisors_.back()[j] % divisors_.back()[i] == 0) multiples_.back().back().push_back(j);
      }
    }
  }
  std::size_t size() const { return size_; }
  std::size_t classes() const { return whole_.size(); }
  std::size_t digit(std::size_t point, std::size_t c) const { return point / strides_[c] % divisors_[c].size(); }
  std::int64_t value(std::size_t point, std::size_t c) const { return divisors_[c][digit(point, c)]; }
  std::size_t stride(std::size_t c) const { return strides_[c]; }
  const std::vector<std::int64_t>& values(std::size_t c) const { return divisors_[c]; }
  const std::vector<std::size_t>& multiples(std::size_t c, std::size_t digit) const { return multiples_[c][digit]; }
  // The number of a divisor; of what divides none, the end.
  std::size_t index(std::size_t c, std::int64_t value) const {
    const auto& list = divisors_[c];
    return static_cast<std::size_t>(std::lower_bound(list.begin(), list.end(), value) - list.begin());
  }
  std::int64_t whole(std::size_t c) const { return whole_[c]; }

 private:
  std::vector<std::int64_t> whole_;
  std::vector<std::vector<std::int64_t>> divisors_;
  std::vector<std::vector<std::vector<std::size_t>>> multiples_;
  std::vector<std::size_t> strides_;
  std::size_t size_ = 1;
};

// Values of all states at one level: runs[c][point x runs of c + number of the run's iterations], and the best of a point.
struct Layer {
  std::vector<std::vector<double>> runs;
  std::vector<double> best;
};

// One hop into the level and what its inner tile holds, without the temporal iterations inside.
struct Arrival {
  std::size_t tensor = 0;
  Hop hop;
  std::optional<std::size_t> free_class;  // that does not index the tensor
};

class Walk {
 public:
  Walk(const Problem& problem, const Architecture& architecture, const std::vector<DimensionClass>& classes,
       const std::vector<std::vector<bool>>& keeps, const SpatialChoice& choice, const WordPrices* prices)
      : problem_(problem),
        architecture_(architecture),
        classes_(classes),
        keeps_(keeps),
        choice_(choice),
        prices_(prices),
        lattice_(temporal_wholes()) {
    arrivals_.resize(architecture.levels.size());
    inside_.assign(architecture.levels.size() + 1, std::vector<std::int64_t>(classes.size(), 1));
    for (std::size_t l = architecture.levels.size(); l-- > 0;)
      for (std::size_t c = 0; c < classes.size(); ++c) inside_[l][c] = inside_[l + 1][c] * choice.classes[l][c];
    for (std::size_t l = 0; l < architecture.levels.size(); ++l)
      if (architecture.levels[l].stores) stores_.push_back(l);
    for (std::size_t t = 0; t < problem.tensors.size(); ++t) add_hops(t);
  }

  // Forward through all levels; the layers at their boundaries.
  std::vector<Layer> layers(double limit) const {
    std::vector<Layer> all{first()};
    for (std::size_t i = 1; i < stores_.size(); ++i)
      all.push_back(next(all.back(), stores_[i], limit - rest_pj(i + 1)));
    return all;
  }

  const Lattice& lattice() const { return lattice_; }
  const std::vector<std::size_t>& stores() const { return stores_; }
  double macs_pj() const { return macs_pj_; }
  double least_pj() const { return macs_pj_ + rest_pj(0); }

  // The loops that lead to a state: the state before, and the level's factors.
  struct State {
    std::size_t point = 0, run_class = 0, run = 0;  // run: number of the iterations; 0: none
    double value = kNone;
  };
  State before(const Layer& outer, const State& state, LevelFactors& loops) const;
  State best_at(const Layer& layer, std::size_t point) const;

 private:
  std::vector<std::int64_t> temporal_wholes() const {
    std::vector<std::int64_t> wholes;
    for (std::size_t c = 0; c < classes_.size(); ++c) {
      std::int64_t whole = 1;
      for (const std::size_t d : classes_[c].dimensions) whole *= problem_.dimensions[d].size;
      for (const auto& level : choice_.classes) whole /= level[c];
      wholes.push_back(whole);
    }
    return wholes;
  }

  void add_hops(std::size_t t) {
    for (const Hop& hop : hops_of(problem_, t, keeps_[t], choice_.factors)) {
      if (hop.inner == architecture_.levels.size()) {
        macs_pj_ += pj(hop, choice_.temporal);
        continue;
      }
      Arrival arrival{t, hop, std::nullopt};
      for (std::size_t c = 0; c < classes_.size(); ++c)
        if (!classes_[c].indexes[t]) arrival.free_class = c;
      arrivals_[hop.inner].push_back(arrival);
    }
  }

  double pj(const Hop& hop, std::int64_t asked) const {
    const auto counts = count(hop, asked);
    const double energy = outer_pj(hop, counts, architecture_) + inner_pj(hop, counts, architecture_);
    if (prices_ == nullptr) return energy;
    double price = prices_->read[hop.outer] * static_cast<double>(counts.outer_reads) +
                   prices_->write[hop.outer] * static_cast<double>(counts.outer_updates);
    if (hop.inner < prices_->write.size()) price += prices_->write[hop.inner] * static_cast<double>(counts.inner_fills);
    return energy * prices_->energy + price;
  }

  // What the hops into the levels from the i-th that stores cost at least.
  double rest_pj(std::size_t i) const {
    double sum = 0;
    for (; i < stores_.size(); ++i)
      for (const Arrival& a : arrivals_[stores_[i]]) sum += pj(a.hop, a.hop.inner_part);
    return sum;
  }

  // Words of a tensor's tile at a level with so many iterations inside.
  std::int64_t tile(std::size_t tensor, std::size_t level, std::size_t point) const {
    std::int64_t words = 1;
    for (std::size_t c = 0; c < classes_.size(); ++c) {
      if (!classes_[c].indexes[tensor]) continue;
      words *= lattice_.value(point, c) * inside_[level][c];
    }
    return words;
  }

  bool fits(std::size_t level, std::size_t point) const {
    const auto room = architecture_.levels[level].effective_words();
    if (!room) return true;
    std::int64_t used = 0;
    for (std::size_t t = 0; t < problem_.tensors.size(); ++t)
      if (keeps_[t][level]) used += tile(t, level, point);
    return used <= *room &&
           static_cast<double>(used) >= static_cast<double>(*room) * architecture_.levels[level].min_utilization;
  }

  Layer empty() const {
    Layer layer;
    layer.best.assign(lattice_.size(), kNone);
    for (std::size_t c = 0; c < lattice_.classes(); ++c)
      layer.runs.emplace_back(lattice_.size() * lattice_.values(c).size(), kNone);
    return layer;
  }

  Layer first() const {
    Layer layer = empty();
    if (fits(stores_[0], lattice_.size() - 1)) layer.best.back() = macs_pj_;
    return layer;
  }

  // Of each point the best of `values` at it and at its multiples along all classes but one (classes(): all).
  std::vector<double> over_multiples(std::vector<double> values, std::size_t but) const {
    for (std::size_t c = 0; c < lattice_.classes(); ++c) {
      if (c == but) continue;
      for (std::size_t point = 0; point < values.size(); ++point) {
        const std::size_t digit = lattice_.digit(point, c);
        for (const std::size_t multiple : lattice_.multiples(c, digit))
          values[point] = std::min(values[point], values[point + (multiple - digit) * lattice_.stride(c)]);
      }
    }
    return values;
  }

  Layer next(const Layer& outer, std::size_t level, double limit) const;

  const Problem& problem_;
  const Architecture& architecture_;
  const std::vector<DimensionClass>& classes_;
  const std::vector<std::vector<bool>>& keeps_;
  const SpatialChoice& choice_;
  const WordPrices* prices_;
  Lattice lattice_;
  std::vector<std::vector<std::int64_t>> inside_;  // [level][class]: spatial factors at the level and inside
  std::vector<std::size_t> stores_;                // levels that store
  std::vector<std::vector<Arrival>> arrivals_;     // [level]
  double macs_pj_ = 0;                             // accesses for the MACs
};

Layer Walk::next(const Layer& outer, std::size_t level, double limit) const {
  Layer layer = empty();
  std::vector<std::vector<double>> fresh;
  for (std::size_t c = 0; c < lattice_.classes(); ++c) fresh.push_back(over_multiples(outer.best, c));
  const std::vector<double> reached = over_multiples(outer.best, lattice_.classes());
  for (std::size_t point = 0; point < lattice_.size(); ++point) {
    if (reached[point] >= limit || !fits(level, point)) continue;
    std::int64_t iterations = 1;
    for (std::size_t c = 0; c < lattice_.classes(); ++c) iterations *= lattice_.whole(c) / lattice_.value(point, c);
    std::vector<std::int64_t> words;  // asked for where no run lets the tile stay
    for (const Arrival& a : arrivals_[level]) words.push_back(tile(a.tensor, level, point) * iterations);
    if (iterations == 1) {  // no loop outside at all
      layer.best[point] = outer.best[point];
      for (std::size_t a = 0; a < words.size(); ++a) layer.best[point] += pj(arrivals_[level][a].hop, words[a]);
    }
    for (std::size_t c = 0; c < lattice_.classes(); ++c) {
      const std::size_t digit = lattice_.digit(point, c), runs = lattice_.values(c).size();
      for (const std::size_t multiple : lattice_.multiples(c, digit)) {
        if (multiple == digit) continue;
        const std::int64_t run = lattice_.values(c)[multiple] / lattice_.values(c)[digit];
        const std::size_t r = lattice_.index(c, run);
        double value =
            std::min(outer.runs[c][point * runs + r], fresh[c][point + (multiple - digit) * lattice_.stride(c)]);
        for (const std::size_t between : lattice_.multiples(c, digit)) {
          // The level's loops take the run from the outer `between` to this point.
          const std::int64_t own = lattice_.values(c)[between] / lattice_.values(c)[digit];
          if (between == digit || run % own != 0 || run == own) continue;
          const std::size_t from = point + (between - digit) * lattice_.stride(c);
          value = std::min(value, outer.runs[c][from * runs + lattice_.index(c, run / own)]);
        }
        if (value >= limit) continue;
        for (std::size_t a = 0; a < words.size(); ++a)
          value += pj(arrivals_[level][a].hop, arrivals_[level][a].free_class == c ? words[a] / run : words[a]);
        if (value >= limit) continue;
        layer.runs[c][point * runs + r] = value;
        layer.best[point] = std::min(layer.best[point], value);
      }
    }
  }
  return layer;
}

Walk::State Walk::best_at(const Layer& layer, std::size_t point) const {
  State state{point, 0, 0, layer.best[point]};
  for (std::size_t c = 0; c < lattice_.classes(); ++c)
    for (std::size_t r = 1; r < lattice_.values(c).size(); ++r)
      if (layer.runs[c][point * lattice_.values(c).size() + r] == state.value) state.run_class = c, state.run = r;
  return state;
}

Walk::State Walk::before(const Layer& outer, const State& state, LevelFactors& loops) const {
  if (state.run == 0) return {state.point, 0, 0, outer.best[state.point]};  // no loop outside at all
  const std::size_t c = state.run_class, runs = lattice_.values(c).size(), digit = lattice_.digit(state.point, c);
  loops.innermost = c;
  State found;
  const auto consider = [&](const State& candidate) {
    if (candidate.value < found.value) found = candidate;
  };
  const std::int64_t run = lattice_.values(c)[state.run];
  for (const std::size_t between : lattice_.multiples(c, digit)) {
    const std::int64_t own = lattice_.values(c)[between] / lattice_.values(c)[digit];
    if (run % own != 0 || run == own) continue;
    const std::size_t from = state.point + (between - digit) * lattice_.stride(c), r = lattice_.index(c, run / own);
    consider({from, c, r, outer.runs[c][from * runs + r]});
  }
  // Points outside a run that begins here: its class at the multiple, the others anywhere.
  const std::size_t begin = lattice_.index(c, lattice_.values(c)[digit] * run);
  for (std::size_t from = 0; from < lattice_.size(); ++from) {
    bool multiple = lattice_.digit(from, c) == begin;
    for (std::size_t other = 0; multiple && other < lattice_.classes(); ++other)
      multiple = lattice_.value(from, other) % lattice_.value(state.point, other) == 0;
    if (!multiple || outer.best[from] >= found.value) continue;
    consider(best_at(outer, from));
  }
  HEAT_CHECK(found.value < kNone, "the loops that lead to a state were lost");
  for (std::size_t k = 0; k < lattice_.classes(); ++k)
    loops.factors[k] = lattice_.value(found.point, k) / lattice_.value(state.point, k);
  return found;
}

}  // namespace

TemporalSearch::TemporalSearch(const Problem& problem, const Architecture& architecture,
                               const std::vector<DimensionClass>& classes)
    : problem_(problem), architecture_(architecture), classes_(classes) {
  for (const auto& tensor : problem.tensors) {
    keeps_.emplace_back();
    for (const auto& level : architecture.levels)
      keeps_.back().push_back(std::find(level.keeps.begin(), level.keeps.end(), tensor.name) != level.keeps.end());
  }
}

double TemporalSearch::least_pj(const SpatialChoice& choice) const {
  return Walk(problem_, architecture_, classes_, keeps_, choice, nullptr).least_pj();
}

std::optional<TemporalResult> TemporalSearch::best(const SpatialChoice& choice, double limit,
                                                   const WordPrices* prices) const {
  const Walk walk(problem_, architecture_, classes_, keeps_, choice, prices);
  const Lattice& lattice = walk.lattice();
  if (lattice.size() > kMostPoints)
    throw base::Error("the factors of '" + problem_.name + "' make " + std::to_string(lattice.size()) +
                      " tiles, at most " + std::to_string(kMostPoints) +
                      " are searched: sizes with fewer divisors, or more of them spatial, make fewer");
  const std::vector<Layer> layers = walk.layers(limit);
  std::size_t least = 0;
  for (std::size_t point = 0; point < lattice.size(); ++point)
    if (layers.back().best[point] < layers.back().best[least]) least = point;
  Walk::State state = walk.best_at(layers.back(), least);
  if (!(state.value < limit)) return std::nullopt;

  TemporalResult result;
  result.value = state.value;
  result.levels.resize(architecture_.levels.size());
  for (auto& level : result.levels) level.factors.assign(lattice.classes(), 1);
  // The innermost level takes what is left; nothing depends on its order.
  auto& innermost = result.levels[walk.stores().back()];
  for (std::size_t c = 0; c < lattice.classes(); ++c) innermost.factors[c] = lattice.value(state.point, c);
  for (std::size_t i = layers.size() - 1; i-- > 0;)
    state = walk.before(layers[i], state, result.levels[walk.stores()[i]]);
  return result;
}

}  // namespace heat::offline::mapper
