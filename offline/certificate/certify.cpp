// Best first: the bound of the whole is that of the part that is next. A part is cut along the axis that raises the
// lower of its halves' bounds most; small parts are costed mapping by mapping.
#include "offline/certificate/certify.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <queue>

#include "base/checked.h"
#include "offline/certificate/plain_bound.h"

namespace heat::offline::certificate {
namespace {

using machines::Cost;

constexpr double kInfinity = std::numeric_limits<double>::infinity();
// Mappings, legal or not, of a part that is costed rather than cut.
constexpr double kCosted = 48;

class Certifier {
 public:
  Certifier(const GemmSize& size, machines::Objective objective, const Known& known, const machines::Machine& machine,
            const Effort& effort)
      : objective_(objective), machine_(machine), facts_(machine), effort_(effort) {
    result_.size = size;
    result_.objective = objective;
    for (const Configuration& c : configurations(size, machine.arch.chiplets()))
      rooms_.push_back(std::make_unique<Room>(c, size, machine, facts_));
    bool begun = false;
    for (std::size_t r = 0; r < rooms_.size(); ++r) {
      if (rooms_[r]->configuration == known.configuration) {
        HEAT_CHECK(rooms_[r]->coster.objection(known.mapping).empty(), "a proof begins with a legal mapping");
        adopt(r, known.mapping);
        begun = true;
      }
      add(r, Box::all(rooms_[r]->bound.extents(), facts_.pes.pes));
    }
    HEAT_CHECK(begun, "a proof begins with a configuration of its space");
  }

  Certificate run() {
    while (!open_.empty()) {
      const std::size_t at = open_.top().second;
      if (parts_[at].least >= result_.value * (1 - effort_.gap)) break;
      if (static_cast<std::int64_t>(parts_.size()) >= effort_.subspaces) break;
      open_.pop();
      try_corners(parts_[at]);
      if (parts_[at].box.count() <= kCosted)
        cost(parts_[at]);
      else
        cut(at);
    }
    result_.lower_bound = result_.value;
    for (const Node& p : parts_)
      if (p.below == 0) result_.lower_bound = std::min(result_.lower_bound, p.least);
    for (std::size_t r = 0; r < rooms_.size(); ++r) {
      result_.proofs.push_back({rooms_[r]->configuration, {}});
      list(r, result_.proofs.back().entries);
    }
    return std::move(result_);
  }

 private:
  // A configuration.
  struct Room {
    Configuration configuration;
    MappingCoster coster;
    PlainBound bound;
    Room(const Configuration& c, const GemmSize& size, const machines::Machine& machine, const MachineFacts& facts)
        : configuration(c), coster(size, c, machine), bound(coster.problem().workload, coster.problem().group, facts) {}
  };
  struct Node {
    Box box;
    std::size_t room = 0;
    double least = 0;
    bool costed = false;
    Cut cut;
    std::size_t below = 0;  // the lower part's number, the upper part comes after it; 0: not cut
  };

  double value(const Cost& cost) const {
    return machines::objective_value(objective_, cost.cycles, cost.energy_pj, machine_.arch);
  }

  void adopt(std::size_t room, const spec::GemmMapping& mapping) {
    const Cost cost = rooms_[room]->coster.cost(mapping);
    result_.configuration = rooms_[room]->configuration;
    result_.mapping = mapping;
    result_.cycles = cost.cycles;
    result_.energy_pj = cost.energy_pj;
    result_.value = value(cost);
  }

  void add(std::size_t room, const Box& box) {
    const double least = value(rooms_[room]->bound.of(box));
    parts_.push_back({box, room, least, false, {}, 0});
    if (least < kInfinity) open_.push({-least, parts_.size() - 1});
  }

  // Good mappings let bounds close more.
  void try_corners(const Node& part) {
    const MappingCoster& coster = rooms_[part.room]->coster;
    for (const spec::GemmMapping& mapping : {part.box.lowest(), part.box.highest()}) {
      if (!coster.is_loop_nest(mapping) || value(coster.cost(mapping)) >= result_.value) continue;
      if (coster.objection(mapping).empty()) adopt(part.room, mapping);
    }
  }

  void cost(Node& part) {
    part.costed = true;
    part.least = rooms_[part.room]->coster.cost_all(
        part.box, [&](const Cost& cost) { return value(cost); },
        [&](const spec::GemmMapping& mapping, const Cost& cost) {
          if (value(cost) < result_.value) adopt(part.room, mapping);
        });
  }

  // Where to halve a range: in the middle of ratios where it is wide; sizes before one more tile is needed.
  std::int64_t middle(const Range& r, std::size_t axis, const spec::Extents& extents) const {
    std::int64_t at =
        r.high > 2 * r.low
            ? static_cast<std::int64_t>(std::sqrt(static_cast<double>(r.low) * static_cast<double>(r.high)))
            : (r.low + r.high) / 2;
    if (axis >= kPeTile && axis < kGbOrder) {
      const std::int64_t extent = extents[static_cast<spec::LoopDim>(axis % 4)];
      const std::int64_t even = base::ceil_div(extent, base::ceil_div(extent, at)) - 1;
      if (even >= r.low && even < r.high) at = even;
    }
    return std::clamp(at, r.low, r.high - 1);
  }

  void cut(std::size_t number) {
    const Box box = parts_[number].box;
    const std::size_t room = parts_[number].room;
    const PlainBound& bound = rooms_[room]->bound;
    Cut best;
    double best_gain = -1;
    const double parent = parts_[number].least, most = result_.value - parent;
    const auto gain = [&](const Box& half) { return std::clamp(value(bound.of(half)) - parent, 1e-4 * most, most); };
    for (std::size_t axis = 0; axis < kAxes; ++axis) {
      if (box.range[axis].single()) continue;
      const std::int64_t at = middle(box.range[axis], axis, bound.extents());
      const double both = gain(box.lower(axis, at)) * gain(box.upper(axis, at));
      if (both <= best_gain) continue;
      best = {axis, at};
      best_gain = both;
    }
    parts_[number].cut = best;
    parts_[number].below = parts_.size();
    add(room, box.lower(best.axis, best.at));
    add(room, box.upper(best.axis, best.at));
  }

  void list(std::size_t number, std::vector<Entry>& entries) const {
    const Node& part = parts_[number];
    if (part.below == 0) {
      entries.emplace_back(Part{part.least, part.costed});
      return;
    }
    entries.emplace_back(part.cut);
    list(part.below, entries);
    list(part.below + 1, entries);
  }

  const machines::Objective objective_;
  const machines::Machine& machine_;
  const MachineFacts facts_;
  const Effort effort_;
  std::vector<std::unique_ptr<Room>> rooms_;
  std::vector<Node> parts_;                                   // the first ones are the rooms' whole spaces
  std::priority_queue<std::pair<double, std::size_t>> open_;  // by the bound, negative
  Certificate result_;
};

}  // namespace

Certificate certify(const GemmSize& size, machines::Objective objective, const Known& known,
                    const machines::Machine& machine, const Effort& effort) {
  Certificate certificate = Certifier(size, objective, known, machine, effort).run();
  certificate.arch = machine.arch.file;
  certificate.machine = machine_json(machine);
  certificate.calibration = machine.calibration;
  return certificate;
}

}  // namespace heat::offline::certificate
