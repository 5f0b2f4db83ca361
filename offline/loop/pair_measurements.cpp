// The table is by size of matrix, not by place in the network: equal pairs in several places give their mean.
#include "offline/loop/pair_measurements.h"

#include "base/errors.h"

namespace heat::offline {

void PairMeasurements::add(const spec::Schedule& schedule, const SimulationResult& run, double clock_ghz) {
  const auto layers = measure_layers(schedule, run);
  for (const auto& [layer, form] : schedule.workload.layers) {
    const auto measured = layers.find(layer);
    if (measured == layers.end())
      throw base::TraceError("schedule '" + schedule.workload.network + "' states layer '" + layer +
                             "', no node is of it");
    Sum& sum = sums_[row_key(form, schedule.workload.tokens)];
    sum.energy_pj += measured->second.energy_pj;
    sum.latency_ns += measured->second.cycles / clock_ghz;
    ++sum.count;
  }
}

Measurements PairMeasurements::means() const {
  Measurements means;
  for (const auto& [key, sum] : sums_) means[key] = {sum.energy_pj / sum.count, sum.latency_ns / sum.count};
  return means;
}

}  // namespace heat::offline
