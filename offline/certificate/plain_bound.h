// The least that the mappings of a box cost, by closed forms as plain as they can be.
//
// Every figure is a floor of what docs/mapper.md counts: sizes that are not known are taken at the end of their range
// that costs least, each by itself. What is small or depends on where things lie is left out: rests of words and blocks,
// ways on the NoC beyond the number of receivers, slots. Nothing of the search is used.
#pragma once

#include <limits>

#include "offline/certificate/chip_bound.h"
#include "offline/certificate/transfers.h"

namespace heat::offline::certificate {

// A bound that no mapping reaches.
constexpr machines::Cost kNoMapping{std::numeric_limits<double>::infinity(), std::numeric_limits<double>::infinity()};

// Of a group of one GEMM, whose step is the whole share and whose tensors lie in DRAM.
class PlainBound {
 public:
  // All must outlive this.
  PlainBound(const spec::Workload& workload, const spec::FusedGroup& group, const MachineFacts& facts);
  // Cycles and energy, each at least; kNoMapping: no mapping in the box is legal.
  machines::Cost of(const Box& given) const;
  // Extents of a chiplet's whole share: the boxes' space.
  const spec::Extents& extents() const { return full_; }

 private:
  Box narrowed(Box box) const;
  bool fits(const RangeNest& nest, const Box& box) const;
  machines::Cost pins(double share) const;  // `share`: of the extent, on a full chiplet

  const MachineFacts& facts_;
  OperandFacts weight_, input_;
  spec::Extents full_, partial_;
  Sharing sharing_;
  machines::Cost pins_;
};

}  // namespace heat::offline::certificate
