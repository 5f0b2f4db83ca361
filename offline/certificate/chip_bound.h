// The least that one chiplet does for the mappings of a box.
#pragma once

#include "offline/certificate/choice_box.h"
#include "offline/certificate/machine_facts.h"
#include "offline/certificate/tiled_range.h"

namespace heat::offline::certificate {

// An operand of the group's GEMM.
struct OperandFacts {
  bool pinned = false, shared = false;  // in the global buffer from the start; the same for all chiplets
  double bytes = 0;                     // of the whole tensor
};

// The loop nest of one chiplet.
struct RangeNest {
  TiledRange b, m, n, k;
  RangeNest(const spec::Extents& extents, const Box& box);
  bool possible() const { return b.possible() && m.possible() && n.possible() && k.possible(); }
  double weight() const { return b.extent() * m.extent() * k.extent(); }
  double input() const { return b.extent() * n.extent() * k.extent(); }
  double output() const { return b.extent() * m.extent() * n.extent(); }
};

class ChipBound {
 public:
  // All must outlive this.
  ChipBound(const RangeNest& nest, const OperandFacts& weight, const OperandFacts& input, const MachineFacts& facts)
      : t_(nest), weight_(weight), input_(input), facts_(facts) {}
  struct Work {
    double pj = 0, execution = 0;             // dynamic energy on the chiplet; cycles of execution
    double weight = 0, input = 0, store = 0;  // bytes from and to elsewhere
    double weight_loads = 0, input_loads = 0;
  };
  // With one of these orders of tiles and waves.
  Work of(const Range& gb_orders, const Range& wave_orders) const;

 private:
  // How often all of an operand is sent to the PEs, and to how many PEs these sends go together.
  struct Sends {
    double rounds = 1, receivers = 1;
  };
  static Sends sends(const TiledRange& own, const TiledRange& other, const TiledRange& b, const TiledRange& k,
                     bool stays, bool outside);
  Work of(const Range& gb_orders, bool m_outside) const;
  double energy(const Work& work, const Sends& weight, const Sends& input) const;
  double busy(const Sends& weight, const Sends& input) const;
  double commands(const Sends& weight, const Sends& input) const;
  int farthest() const;
  double fill() const;

  const RangeNest& t_;
  const OperandFacts &weight_, &input_;
  const MachineFacts& facts_;
};

}  // namespace heat::offline::certificate
