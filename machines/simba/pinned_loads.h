// Loads of tensors that a group pins in the global buffers: whole before its first step, or every chiplet's share step
// by step.
#pragma once

#include <array>
#include <vector>

#include "machines/simba/node_step.h"
#include "spec/plan.h"

namespace heat::machines::simba {

class PinnedLoads {
 public:
  // Shares and pricer must outlive this.
  PinnedLoads(const spec::Workload& workload, const spec::FusedGroup& group, const Shares& shares,
              const StepPricer& pricer);
  bool before_steps() const { return whole_loads_ > 0; }
  bool in_steps() const { return step_loads_ > 0; }
  // What is loaded once, for all chiplets.
  NodeStep whole() const;
  // What a step loads that covers so many values on a full chiplet and on the partial one.
  NodeStep step(double full, double partial) const;
  // Appends what distinguishes these loads.
  void append_key(std::vector<std::int64_t>& key) const;

 private:
  const Shares& shares_;
  const StepPricer& pricer_;
  // From the DRAM, and from the homes of what travels.
  struct Source {
    double whole_bytes = 0, per_value_bytes = 0;  // in whole blocks; plain, per value of the index
  };
  std::array<Source, 2> from_{};
  double whole_gb_writes_ = 0;
  int whole_loads_ = 0, step_loads_ = 0;
};

}  // namespace heat::machines::simba
