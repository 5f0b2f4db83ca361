// Branch and bound over spatial choices, each with the temporal loops of least energy (temporal_search.cpp).
//
// Without limits of bandwidth the spatial choice fixes the cycles, so least energy is best for every objective. With a
// limit, cycles C are the longest of the MACs' and of each limited port's words / bandwidth. Minimising E + w C_port for
// the weights w that the found points ask for gives the lower convex hull of (C_port, E) of all mappings of the choice.
// The objective is quasi-concave in (C, E), so over what lies above the hull it is least at a corner: at a corner of the
// hull, which is a mapping, or where the hull crosses the MACs' cycles, which is none and only a bound.
#include "offline/mapper/level_search.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>

#include "base/config_reader.h"
#include "base/errors.h"
#include "offline/mapper/level_space.h"
#include "offline/mapper/temporal_search.h"

namespace heat::offline::mapper {
namespace {

using storage_levels::Architecture;
using storage_levels::LevelMapping;
using storage_levels::Mapping;
using storage_levels::MappingCost;
using storage_levels::Problem;

void refuse(const std::string& word, const std::vector<std::string>& known, const std::string& where,
            base::Problems& problems) {
  const auto near = base::nearest_word(word, known);
  problems.add(where, "'" + word + "' is not of the problem" + (near ? " (did you mean '" + *near + "'?)" : ""));
}

void check(const Problem& problem, const Architecture& architecture, const std::vector<DimensionClass>& classes) {
  base::Problems problems;
  std::vector<std::string> tensors, dimensions;
  for (const auto& t : problem.tensors) tensors.push_back(t.name);
  for (const auto& d : problem.dimensions) dimensions.push_back(d.name);
  for (const auto& level : architecture.levels) {
    const std::string where = architecture.name + ": " + level.name;
    for (const std::string& name : level.keeps)
      if (problem.tensor_of(name) == tensors.size()) refuse(name, tensors, where + ".keeps", problems);
    for (const std::string& name : level.spatial_dims.value_or(std::vector<std::string>()))
      if (dimensions_meant(problem, name).empty()) refuse(name, dimensions, where + ".spatial_dims", problems);
  }
  for (const std::string& tensor : tensors) {
    const auto& keeps = architecture.levels[0].keeps;
    if (std::find(keeps.begin(), keeps.end(), tensor) == keeps.end())
      problems.add(architecture.name + ": " + architecture.levels[0].name + ".keeps",
                   "the outermost level must keep all tensors, '" + tensor + "' is missing");
  }
  for (std::size_t t = 0; t < tensors.size(); ++t) {
    const auto free = std::count_if(classes.begin(), classes.end(), [&](const auto& c) { return !c.indexes[t]; });
    if (free > 1)
      problems.add(problem.name + ": " + tensors[t],
                   "dimensions that index different other tensors do not index it: only products of matrices and "
                   "the like are searched (--evaluate takes any mapping)");
  }
  problems.throw_if_any();
}

// The loops of a level: the innermost class's first; a class's factor taken from its dimensions in turn.
Mapping mapping_of(const Problem& problem, const Architecture& architecture, const std::vector<DimensionClass>& classes,
                   const SpatialChoice& choice, const TemporalResult& temporal) {
  Mapping mapping;
  std::vector<std::int64_t> rest;
  for (std::size_t d = 0; d < problem.dimensions.size(); ++d) {
    rest.push_back(problem.dimensions[d].size);
    for (const auto& level : choice.factors) rest.back() /= level[d];
  }
  for (std::size_t l = 0; l < architecture.levels.size(); ++l) {
    LevelMapping level;
    for (const auto& tensor : problem.tensors) {
      const auto& keeps = architecture.levels[l].keeps;
      level.keeps.push_back(std::find(keeps.begin(), keeps.end(), tensor.name) != keeps.end());
    }
    for (std::size_t i = 0; i < classes.size(); ++i) {
      const std::size_t first = temporal.levels[l].innermost;
      const std::size_t c = i == 0 ? first : i <= first ? i - 1 : i;
      std::int64_t factor = temporal.levels[l].factors[c];
      for (const std::size_t d : classes[c].dimensions) {
        const std::int64_t own = std::gcd(factor, rest[d]);
        factor /= own, rest[d] /= own;
        if (own > 1) level.temporal.push_back({d, own});
      }
    }
    for (std::size_t d = 0; d < rest.size(); ++d)
      if (choice.factors[l][d] > 1)
        (choice.in_x[l][d] ? level.spatial_x : level.spatial_y).push_back({d, choice.factors[l][d]});
    mapping.levels.push_back(std::move(level));
  }
  return mapping;
}

// A port whose words a cycle are limited: what a word costs is cycles.
using Port = WordPrices;

std::vector<Port> limited_ports(const Architecture& architecture) {
  std::vector<Port> ports;
  const std::vector<double> none(architecture.levels.size(), 0);
  for (std::size_t l = 0; l < architecture.levels.size(); ++l) {
    const auto& bandwidth = architecture.levels[l].bandwidth;
    const auto add = [&](const std::optional<double>& words, bool reads, bool writes) {
      if (!words) return;
      ports.push_back({0, none, none});
      if (reads) ports.back().read[l] = 1 / *words;
      if (writes) ports.back().write[l] = 1 / *words;
    };
    add(bandwidth.shared, true, true);
    add(bandwidth.read, true, false);
    add(bandwidth.write, false, true);
  }
  return ports;
}

class Search {
 public:
  Search(const Problem& problem, const Architecture& architecture, Objective objective)
      : problem_(problem),
        architecture_(architecture),
        goal_{objective},
        classes_(dimension_classes(problem)),
        temporal_(problem, architecture, classes_),
        ports_(limited_ports(architecture)) {
    check(problem, architecture, classes_);
    fixed_pj_ = static_cast<double>(problem.macs()) * architecture.macs.compute_pj;
  }

  LevelSearchResult run() {
    const auto choices = spatial_choices(problem_, architecture_, classes_);
    std::vector<std::pair<Value, const SpatialChoice*>> order;
    for (const SpatialChoice& choice : choices)
      order.emplace_back(value(choice, choice_cycles(choice), temporal_.least_pj(choice)), &choice);
    std::stable_sort(order.begin(), order.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    result_.spatial_choices = static_cast<std::int64_t>(choices.size());
    for (const auto& [bound, choice] : order) {
      if (!(bound < best_)) break;
      ++result_.searched;
      search(*choice);
    }
    if (result_.mapping.levels.empty())
      throw base::Error("no mapping of '" + problem_.name + "' fits " + architecture_.name);
    result_.proven_optimal = !(bound_ < best_);
    return std::move(result_);
  }

 private:
  // What is minimised, then the energy (of equal latencies the least energy is best).
  struct Value {
    double first = std::numeric_limits<double>::infinity(), second = first;
    bool operator<(const Value& o) const { return first < o.first || (first == o.first && second < o.second); }
  };
  // A mapping by its cycles at one port and its energy without leakage.
  struct Point {
    double cycles, pj;
  };

  double choice_cycles(const SpatialChoice& choice) const { return static_cast<double>(choice.temporal); }
  double energy(const SpatialChoice& choice, double cycles, double accesses_pj) const {
    double leak_pj = 0;
    for (const double pj : leak_pj_per_cycle(architecture_, choice.factors)) leak_pj += pj;
    return fixed_pj_ + leak_pj * cycles + accesses_pj;
  }
  Value value(const SpatialChoice& choice, double cycles, double accesses_pj) const {
    const double pj = energy(choice, cycles, accesses_pj);
    return {goal_.value(cycles, pj), pj};
  }

  // The energy of accesses from which on a choice's mappings are no better than the best.
  double limit(const SpatialChoice& choice) const {
    const double cycles = choice_cycles(choice);
    const double most = goal_.objective == Objective::kEdp                               ? best_.first / cycles
                        : goal_.objective == Objective::kEnergy || best_.first == cycles ? best_.second
                                                                                         : TemporalSearch::kNoLimit;
    return most - energy(choice, cycles, 0);
  }

  MappingCost take(const SpatialChoice& choice, const TemporalResult& temporal) {
    Mapping mapping = mapping_of(problem_, architecture_, classes_, choice, temporal);
    MappingCost cost = evaluate(problem_, architecture_, mapping);
    const Value found{goal_.value(static_cast<double>(cost.cycles), cost.energy_pj), cost.energy_pj};
    if (found < best_) {
      best_ = found;
      result_.mapping = std::move(mapping);
      result_.cost = cost;
    }
    return cost;
  }

  void search(const SpatialChoice& choice) {
    // The nearer the limit, the less is visited; the least energy is mostly near its bound.
    std::optional<TemporalResult> temporal;
    for (const double factor : {1.02, 1.2, 2.0, 8.0, TemporalSearch::kNoLimit}) {
      const double most = limit(choice);
      const double near = std::isinf(factor) ? factor : temporal_.least_pj(choice) * factor;
      temporal = temporal_.best(choice, std::min(near, most));
      if (temporal || near >= most) break;
    }
    if (!temporal) return;
    const MappingCost cost = take(choice, *temporal);
    const double pj = cost.energy_pj - energy(choice, static_cast<double>(cost.cycles), 0);
    HEAT_CHECK(std::abs(pj - temporal->value) <= 1e-9 * cost.energy_pj, "search and evaluation disagree");
    if (cost.cycles == choice.temporal) return;
    Value bound;  // the best that one of the ports allows; each port's is a bound
    bound.first = bound.second = 0;
    for (const Port& port : ports_) {
      const Value of_port = hull(choice, port);
      if (bound < of_port) bound = of_port;
    }
    if (bound < bound_) bound_ = bound;
  }

  double port_cycles(const MappingCost& cost, const Port& port) const {
    double cycles = 0;
    for (std::size_t l = 0; l < cost.levels.size(); ++l)
      for (const auto& a : cost.levels[l].accesses)
        cycles +=
            port.read[l] * static_cast<double>(a.reads) + port.write[l] * static_cast<double>(a.fills + a.updates);
    return cycles;
  }

  Point weighed(const SpatialChoice& choice, const Port& port, double energy_weight, double cycle_weight) {
    WordPrices prices = port;
    prices.energy = energy_weight;
    for (auto* words : {&prices.read, &prices.write})
      for (double& w : *words) w *= cycle_weight;
    const auto temporal = temporal_.best(choice, TemporalSearch::kNoLimit, &prices);
    HEAT_CHECK(temporal.has_value(), "mappings that fitted fit no more");
    const MappingCost cost = take(choice, *temporal);
    return {port_cycles(cost, port), cost.energy_pj - energy(choice, static_cast<double>(cost.cycles), 0)};
  }

  // The least value above the lower convex hull of (cycles at the port, energy).
  Value hull(const SpatialChoice& choice, const Port& port) {
    const double macs = choice_cycles(choice);
    std::vector<Point> points{weighed(choice, port, 1e-9, 1), weighed(choice, port, 1, 0)};
    for (std::size_t i = 0; i + 1 < points.size();) {
      const Point a = points[i], b = points[i + 1];
      const double dc = b.cycles - a.cycles, de = a.pj - b.pj;
      if (dc > 0 && de > 0) {
        const Point c = weighed(choice, port, dc, de);
        const double line = dc * a.pj + de * a.cycles, found = dc * c.pj + de * c.cycles;
        if (found < line - 1e-12 * std::abs(line)) {
          points.insert(points.begin() + static_cast<std::ptrdiff_t>(i) + 1, c);
          continue;
        }
      }
      ++i;
    }
    Value least = value(choice, std::max(macs, points.back().cycles), points.back().pj);
    for (std::size_t i = 0; i + 1 < points.size(); ++i) {
      const Point a = points[i], b = points[i + 1];
      Value corner = value(choice, std::max(macs, a.cycles), a.pj);
      if (a.cycles < macs && macs < b.cycles)
        corner = value(choice, macs, a.pj + (b.pj - a.pj) * (macs - a.cycles) / (b.cycles - a.cycles));
      if (corner < least) least = corner;
    }
    return least;
  }

  const Problem& problem_;
  const Architecture& architecture_;
  const Goal goal_;
  const std::vector<DimensionClass> classes_;
  const TemporalSearch temporal_;
  const std::vector<Port> ports_;
  double fixed_pj_ = 0;  // of the MACs
  Value best_;           // of the mappings found
  Value bound_;          // that no mapping of the choices that the bandwidth slows down is below
  LevelSearchResult result_;
};

}  // namespace

LevelSearchResult search_levels(const Problem& problem, const Architecture& architecture, Objective objective) {
  return Search(problem, architecture, objective).run();
}

}  // namespace heat::offline::mapper
