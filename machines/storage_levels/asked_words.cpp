// A recursion over the loops outside the inner level, outermost first. What a subnest asks for depends on nothing but which
// dimensions are final: in the final iteration of every loop so far. Their loops have `last` iterations, so that tiles
// may be smaller and some instances have nothing to do.
//
// A loop that indexes the tensor brings another tile in every iteration. One that does not begins its second and further
// iterations with what instances still hold: those whose tile is at the subnest's end what it was at its beginning.
#include "machines/storage_levels/asked_words.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>
#include <vector>

namespace heat::storage_levels {
namespace {

enum class Kind { kMoves, kStays, kSpatial, kShared };

struct NestLoop {
  Loop loop;
  Kind kind;
};

using Final = std::vector<bool>;  // by dimension

class Nest {
 public:
  Nest(const Problem& problem, const Mapping& mapping, std::size_t tensor, std::size_t inner)
      : problem_(problem), tensor_(tensor) {
    const bool holds = inner < mapping.levels.size();
    for (std::size_t l = 0; l < inner; ++l) {
      const auto add = [&](const std::vector<Loop>& loops, bool spatial) {
        for (auto loop = loops.rbegin(); loop != loops.rend(); ++loop) {
          const bool moves = !holds || problem.uses(tensor, loop->dimension);
          loops_.push_back({*loop, spatial ? Kind::kSpatial : moves ? Kind::kMoves : Kind::kStays});
          levels_.push_back(l);
        }
      };
      add(mapping.levels[l].temporal, false);
      add(mapping.levels[l].spatial_y, true);
      add(mapping.levels[l].spatial_x, true);
    }
    full_ = tile_extents(problem, mapping)[inner];
    final_ = final_extents(problem, mapping)[inner];
  }

  // What instances of the outer level's children ask for alike is asked for once: by the first of them, which has most.
  void share(std::size_t outer) {
    for (std::size_t i = 0; i < loops_.size(); ++i)
      if (loops_[i].kind == Kind::kSpatial && levels_[i] >= outer && !problem_.uses(tensor_, loops_[i].loop.dimension))
        loops_[i].kind = Kind::kShared;
    words_.clear(), held_.clear();
  }

  // Tiles that come again count once.
  void forget_repeats() {
    for (NestLoop& loop : loops_)
      if (loop.kind == Kind::kStays) loop.kind = Kind::kShared;
    words_.clear(), held_.clear();
  }

  std::int64_t words() { return words(0, Final(problem_.dimensions.size(), true)); }

 private:
  // The dimensions that are final in an iteration of a loop, of those that were before it.
  Final in(const Final& final, std::size_t i, std::int64_t iteration) const {
    const Loop& own = loops_[i].loop;
    Final inside = final;
    if (iteration + 1 < own.iterations(final[own.dimension])) inside[own.dimension] = false;
    return inside;
  }

  std::int64_t tile(const Final& final) const {
    std::vector<std::int64_t> extents = full_;
    for (std::size_t d = 0; d < extents.size(); ++d)
      if (final[d]) extents[d] = final_[d];
    return tile_words(problem_, tensor_, extents);
  }

  // Words that the subnest from loop i asks for when nothing is held.
  std::int64_t words(std::size_t i, const Final& final) {
    if (i == loops_.size()) return tile(final);
    const auto key = std::make_pair(i, final);
    if (const auto found = words_.find(key); found != words_.end()) return found->second;
    const std::int64_t count = loops_[i].loop.iterations(final[loops_[i].loop.dimension]);
    const Final first = in(final, i, 0), last = in(final, i, count - 1);
    std::int64_t all = 0;
    if (loops_[i].kind == Kind::kShared)
      all = words(i + 1, first);
    else
      all = (count - 1) * words(i + 1, first) + words(i + 1, last);
    if (loops_[i].kind == Kind::kStays && count > 1)
      all -= (count - 2) * held(i + 1, first, first) + held(i + 1, last, last);
    return words_[key] = all;
  }

  // Words of the first tile that is there again at the end of the subnest, of those instances that have something to do
  // in its beginning when `active` is final.
  std::int64_t held(std::size_t i, const Final& final, const Final& active) {
    if (i == loops_.size()) return tile(final);
    const auto key = std::make_tuple(i, final, active);
    if (const auto found = held_.find(key); found != held_.end()) return found->second;
    const std::size_t d = loops_[i].loop.dimension;
    const std::int64_t count = loops_[i].loop.iterations(final[d]), take_part = loops_[i].loop.iterations(active[d]);
    const Final first = in(final, i, 0), first_active = in(active, i, 0);
    std::int64_t all = held(i + 1, first, first_active);
    if (loops_[i].kind == Kind::kMoves && count > 1) {
      // Only what has nothing to do in a second, final iteration keeps its tile.
      Final also = first_active;
      also[d] = true;
      all = count == 2 && final[d] ? all - held(i + 1, first, also) : 0;
    } else if (loops_[i].kind == Kind::kSpatial) {
      const std::int64_t both = std::min(count, take_part);
      all = (both - 1) * all + held(i + 1, in(final, i, both - 1), in(active, i, both - 1));
    }
    return held_[key] = all;
  }

  const Problem& problem_;
  const std::size_t tensor_;
  std::vector<NestLoop> loops_;
  std::vector<std::size_t> levels_;         // of the loops
  std::vector<std::int64_t> full_, final_;  // extents of the inner tile
  std::map<std::pair<std::size_t, Final>, std::int64_t> words_;
  std::map<std::tuple<std::size_t, Final, Final>, std::int64_t> held_;
};

}  // namespace

AskedWords asked_words(const Problem& problem, const Mapping& mapping, std::size_t tensor, std::size_t outer,
                       std::size_t inner) {
  Nest nest(problem, mapping, tensor, inner);
  AskedWords asked;
  asked.by_inner = nest.words();
  nest.share(outer);
  asked.from_outer = nest.words();
  return asked;
}

std::int64_t parts(const Problem& problem, const Mapping& mapping, std::size_t tensor, std::size_t level) {
  Nest nest(problem, mapping, tensor, level);
  nest.forget_repeats();
  return nest.words();
}

}  // namespace heat::storage_levels
