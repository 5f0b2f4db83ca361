// From simulated schedules to the cost table's rows: what every shape-rank pair took.
#pragma once

#include <map>
#include <string>

#include "offline/cost_table/correct.h"
#include "offline/loop/simulated_run.h"

namespace heat::offline {

// Means over all layers of equal pairs that were added.
class PairMeasurements {
 public:
  // The layers whose form the schedule states; the others are left out.
  void add(const spec::Schedule& schedule, const SimulationResult& run, double clock_ghz);
  Measurements means() const;

 private:
  struct Sum {
    double energy_pj = 0, latency_ns = 0;
    int count = 0;
  };
  std::map<std::string, Sum> sums_;
};

}  // namespace heat::offline
