// What one (factorised) layer costs on the machine: for tables of thousands of candidates.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "machines/calibration.h"
#include "offline/mapper/fusion.h"
#include "spec/einsum.h"

namespace heat::offline {

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
              mapper::Objective objective = mapper::Objective::kEdp);
  ~LayerCoster();

  // `einsum` with the token index (size: the tokens) in some operands and the output; `statics`: positions of the
  // static operands (weights); the others are activations. Lowers the path (lower_path.h), plans fusion, returns the
  // figures.
  LayerCost cost(const spec::Einsum& einsum, const spec::ContractionPath& path, const std::vector<int>& statics,
                 const spec::Index& token = "t");

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace heat::offline
