// The least that the transfers of a box's mappings take, over the DRAM's ports and the NoP.
#pragma once

#include <limits>

#include "offline/certificate/chip_bound.h"

namespace heat::offline::certificate {

// Chiplets with the largest share, and all that have one.
struct Sharing {
  int full = 1, all = 1;
};

class Transfers {
 public:
  // Of what a full chiplet and the one with the rest do (nothing, where there is none).
  Transfers(const ChipBound::Work& full, const ChipBound::Work& rest, const OperandFacts& weight,
            const OperandFacts& input, const Sharing& sharing, const MachineFacts& facts);
  double pj() const { return dram_ * facts_.dram_pj + byte_hops_ * facts_.pj(spec::Action::kNopByteHop); }
  // Cycles of all of them.
  double cycles() const;
  // From the start until the first tile, of at least so many bytes of all chiplets, is there; `only`: it is all there is.
  double first(double bytes, bool only) const;
  // From the last drain to the last acknowledgement, of at most so many stores of a chiplet.
  double last(double stores) const;

 private:
  // Loads that one chiplet makes for all, or that each makes for itself.
  void load(const ChipBound::Work& full, const ChipBound::Work& rest, const OperandFacts& weight,
            const OperandFacts& input, bool shared);
  void hop(bool shared, double of_full, double of_rest);

  const Sharing sharing_;
  const MachineFacts& facts_;
  double loaded_ = 0, dram_ = 0, stored_ = 0;         // bytes of all chiplets
  double byte_hops_ = 0, loading_ = 0, storing_ = 0;  // over all links; over the busiest one
  double load_cycles_ = 0;
  double least_packets_ = std::numeric_limits<double>::infinity();  // over that link, of a byte of the first tile
};

}  // namespace heat::offline::certificate
