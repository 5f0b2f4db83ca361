// Simba-L behind the machines' common interface.
//
// Counts are those the simulator makes (docs/mapper.md has the rules, tile by tile; a test walks the loop nest and
// compares). Cycles are, per step and node, the largest of what each resource is busy, with double buffering between
// memory and execution; contention within a resource is not modelled beyond its bandwidth, which is what Calibration is
// for.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "machines/machine.h"

namespace heat::machines::simba {

class Machine final : public machines::Machine {
 public:
  Machine(const spec::ArchSpec& a, const spec::EnergyTable& e, const Calibration& c = {})
      : machines::Machine(a, e, c) {}
  PeArray pe_array() const override;
  std::int64_t largest_share(std::int64_t extent, int chiplets) const override;
  std::int64_t home_bytes(const spec::Workload& workload, const spec::Home& home) const override;
  double least_mac_pj() const override;
  double idle_pj_per_cycle() const override;
  double least_cycles(const spec::Extents& extents) const override;
  std::unique_ptr<CostModel> cost_model() const override;
  std::vector<std::string> misfits(const spec::Schedule& schedule) const override;
};

}  // namespace heat::machines::simba
