#include "tests/machines/storage_levels/interpreter.h"

#include <algorithm>
#include <functional>
#include <map>
#include <set>

namespace heat::test {
namespace {

using storage_levels::Loop;
using storage_levels::Mapping;
using storage_levels::Problem;

struct PlacedLoop {
  std::size_t dimension, level;
  std::int64_t count, last, step;  // the dimension's index grows by `step` an iteration
  bool spatial;
};

// The whole nest, outermost first.
std::vector<PlacedLoop> nest_of(const Mapping& mapping) {
  std::vector<PlacedLoop> nest;
  for (std::size_t l = 0; l < mapping.levels.size(); ++l) {
    const auto add = [&](const std::vector<Loop>& loops, bool spatial) {
      for (auto loop = loops.rbegin(); loop != loops.rend(); ++loop)
        nest.push_back({loop->dimension, l, loop->count, loop->last > 0 ? loop->last : loop->count, 1, spatial});
    };
    add(mapping.levels[l].temporal, false);
    add(mapping.levels[l].spatial_y, true);
    add(mapping.levels[l].spatial_x, true);
  }
  std::map<std::size_t, std::int64_t> inside;
  for (auto loop = nest.rbegin(); loop != nest.rend(); ++loop) {
    auto& step = inside.emplace(loop->dimension, 1).first->second;
    loop->step = step;
    step *= loop->count;
  }
  return nest;
}

using Indices = std::vector<std::int64_t>;  // by dimension
using Elements = std::set<Indices>;

Indices element(const Problem& problem, std::size_t tensor, const Indices& at) {
  Indices index;
  for (const auto& rank : problem.tensors[tensor].ranks) {
    index.push_back(0);
    for (const auto& term : rank) index.back() += at[term.dimension];
  }
  return index;
}

// One level's instance of one tensor.
struct Store {
  Elements held, written;  // written: sums that have been here once
};

class Walker {
 public:
  Walker(const Problem& problem, const Mapping& mapping)
      : problem_(problem), mapping_(mapping), nest_(nest_of(mapping)) {
    run_.levels.assign(mapping.levels.size(), std::vector<Walked>(problem.tensors.size()));
    stores_.assign(mapping.levels.size(), std::vector<std::map<Indices, Store>>(problem.tensors.size()));
  }

  WalkedRun run() {
    Indices temporal(nest_.size(), 0);
    over_time(temporal, 0);
    for (std::size_t t = 0; t < problem_.tensors.size(); ++t)
      for (std::size_t l = mapping_.levels.size(); l-- > 1;) give_up(t, l);
    return run_;
  }

 private:
  // Iterations of a loop: fewer where every loop outside over its dimension is in the final iteration of all.
  std::int64_t bound(const Indices& counters, std::size_t loop) const {
    for (std::size_t i = 0; i < loop; ++i)
      if (nest_[i].dimension == nest_[loop].dimension && counters[i] + 1 < nest_[i].last) return nest_[loop].count;
    return nest_[loop].last;
  }

  // All values of the chosen loops' counters, the others as they are; not where one of these is beyond its bound.
  void over(Indices& counters, std::size_t from, const std::function<bool(const PlacedLoop&)>& chosen,
            const std::function<void()>& body) const {
    if (from == nest_.size()) return body();
    const std::int64_t most = bound(counters, from);
    if (!chosen(nest_[from])) {
      if (counters[from] < most) over(counters, from + 1, chosen, body);
      return;
    }
    for (counters[from] = 0; counters[from] < most; ++counters[from]) over(counters, from + 1, chosen, body);
    counters[from] = 0;
  }

  // All times. Instances with less to do wait for the others.
  void over_time(Indices& counters, std::size_t from) {
    if (from == nest_.size()) return step(counters);
    for (std::int64_t i = 0; i < (nest_[from].spatial ? 1 : nest_[from].count); ++i) {
      counters[from] = i;
      over_time(counters, from + 1);
    }
    counters[from] = 0;
  }

  Indices point(const Indices& counters) const {
    Indices at(problem_.dimensions.size(), 0);
    for (std::size_t i = 0; i < nest_.size(); ++i) at[nest_[i].dimension] += counters[i] * nest_[i].step;
    return at;
  }

  // The instance of a level that an iteration runs in: the counters of the spatial loops outside.
  Indices instance(const Indices& counters, std::size_t level) const {
    Indices id;
    for (std::size_t i = 0; i < nest_.size(); ++i)
      if (nest_[i].spatial && nest_[i].level < level) id.push_back(counters[i]);
    return id;
  }

  // What all instances of a level need now, each all that its own loops touch.
  std::map<Indices, Elements> needed(std::size_t tensor, std::size_t level, const Indices& now) const {
    std::map<Indices, Elements> need;
    Indices counters = now;
    over(
        counters, 0, [&](const PlacedLoop& loop) { return loop.spatial || loop.level >= level; },
        [&] { need[instance(counters, level)].insert(element(problem_, tensor, point(counters))); });
    return need;
  }

  void step(const Indices& now) {
    ++run_.steps;
    for (std::size_t t = 0; t < problem_.tensors.size(); ++t) {
      for (std::size_t l = 0; l < mapping_.levels.size(); ++l)
        if (mapping_.levels[l].keeps[t]) hold(t, l, needed(t, l, now));
      compute(t, now);
    }
    Indices counters = now;
    over(
        counters, 0, [](const PlacedLoop& loop) { return loop.spatial; }, [&] { ++run_.macs; });
  }

  std::size_t parent_of(std::size_t tensor, std::size_t level) const {
    while (!mapping_.levels[--level].keeps[tensor]) {
    }
    return level;
  }

  // An instance's coordinates begin with those of the instances outside it.
  Indices outside(const Indices& id, std::size_t level) const {
    std::size_t length = 0;
    for (const PlacedLoop& loop : nest_) length += loop.spatial && loop.level < level;
    return {id.begin(), id.begin() + static_cast<std::ptrdiff_t>(length)};
  }

  // At the end.
  void give_up(std::size_t tensor, std::size_t level) {
    std::map<Indices, Elements> none;
    for (const auto& item : stores_[level][tensor]) none[item.first];
    hold(tensor, level, none);
  }

  // The instances of a level come to hold `next`; those that are not named keep what they have.
  void hold(std::size_t tensor, std::size_t level, const std::map<Indices, Elements>& next) {
    if (!mapping_.levels[level].keeps[tensor]) return;
    auto& stores = stores_[level][tensor];
    Walked& own = run_.levels[level][tensor];
    for (const auto& item : next) stores.emplace(item.first, Store());
    std::map<Indices, Elements> asked, given_up;  // by instance of the parent: each element once
    for (auto& [id, store] : stores) {
      const auto found = next.find(id);
      if (found == next.end()) continue;
      const Elements& wanted = found->second;
      own.most = std::max(own.most, static_cast<std::int64_t>(wanted.size()));
      own.instances = static_cast<std::int64_t>(stores.size());
      const Indices parent = level == 0 ? Indices() : outside(id, parent_of(tensor, level));
      for (const Indices& e : wanted)
        if (store.held.count(e) == 0) {
          asked[parent].insert(e);
          // A sum that has not been here yet begins at nothing.
          if (level > 0 && (!problem_.tensors[tensor].read_write || store.written.count(e) > 0)) ++own.fills;
        }
      for (const Indices& e : store.held)
        if (wanted.count(e) == 0) given_up[parent].insert(e);
      if (problem_.tensors[tensor].read_write) store.written.insert(wanted.begin(), wanted.end());
      store.held = wanted;
    }
    if (level > 0) pass(tensor, parent_of(tensor, level), asked, given_up);
  }

  // MACs ask for operands, or give products to be added.
  void compute(std::size_t tensor, const Indices& now) {
    const std::size_t macs = mapping_.levels.size(), level = parent_of(tensor, macs);
    std::map<Indices, Elements> asked;
    Indices counters = now;
    over(
        counters, 0, [](const PlacedLoop& loop) { return loop.spatial; },
        [&] { asked[instance(counters, level)].insert(element(problem_, tensor, point(counters))); });
    pass(tensor, level, asked, asked);
  }

  // Reads and updates of the outer level's instances.
  void pass(std::size_t tensor, std::size_t level, const std::map<Indices, Elements>& asked,
            const std::map<Indices, Elements>& given_up) {
    Walked& own = run_.levels[level][tensor];
    const bool sums = problem_.tensors[tensor].read_write;
    for (const auto& [id, elements] : asked)
      for (const Indices& e : elements) own.reads += !sums || !updated_[{level, id}].insert(e).second;
    if (!sums) return;
    for (const auto& item : given_up) own.updates += static_cast<std::int64_t>(item.second.size());
  }

  const Problem& problem_;
  const Mapping& mapping_;
  const std::vector<PlacedLoop> nest_;
  WalkedRun run_;
  std::vector<std::vector<std::map<Indices, Store>>> stores_;    // [level][tensor][instance]
  std::map<std::pair<std::size_t, Indices>, Elements> updated_;  // sums asked for before, by level and instance
};

}  // namespace

WalkedRun walk(const Problem& problem, const Mapping& mapping) {
  return Walker(problem, mapping).run();
}

}  // namespace heat::test
