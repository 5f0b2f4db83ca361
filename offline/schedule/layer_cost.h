// What one (factorised) layer costs on the machine: for tables of thousands of candidates.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "machines/calibration.h"
#include "machines/machine.h"
#include "offline/mapper/fusion.h"
#include "offline/path/optimal_path.h"

namespace heat::offline {

struct LoweredPath;

struct LayerCost {
  bool feasible = false;
  std::string reason;
  double cycles = 0, energy_pj = 0, edp_js = 0;
  double macs = 0, utilization = 0, dram_bytes = 0;
  struct Group {
    std::vector<std::string> einsums;  // of its nodes
    std::int64_t step = 0;
    double cycles = 0, energy_pj = 0;
    std::string bottleneck;
  };
  std::vector<Group> groups;
};

// Costs layers on one machine and remembers what it has searched. Safe to use from one thread at a time.
class LayerCoster {
 public:
  LayerCoster(const spec::ArchSpec& arch, const spec::EnergyTable& energy, machines::Calibration calibration = {},
              const mapper::SearchOptions& options = {});
  ~LayerCoster();

  // What runs during inference, with the token index "t" in some operands and the output; operands that are not static
  // are activations. Lowers the path (lower_path.h), plans fusion, returns the figures.
  LayerCost cost(const OnlinePlan& plan);
  // That no mapping of it goes below (least_cost.h).
  machines::Cost least(const OnlinePlan& plan) const;
  double edp_js(const machines::Cost& cost) const;

 private:
  struct State;
  LoweredPath lower(const OnlinePlan& plan, spec::Workload& workload) const;
  std::unique_ptr<State> state_;
};

}  // namespace heat::offline
