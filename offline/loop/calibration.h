// Fits the analytical model's free parameters to what the simulator measured.
#pragma once

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "machines/calibration.h"
#include "spec/arch_spec.h"
#include "spec/schedule.h"

namespace heat::offline {

// One simulated schedule and what was measured of its groups, in the schedule's order.
struct CalibrationSample {
  std::string name;
  spec::Schedule schedule;
  struct Group {
    double cycles = 0, energy_pj = 0;
    double dram_pj = 0, dram_bytes = 0;  // the DRAM's part: device and interface
    // It ended with the group before it, beside whose end all of it ran: its cycles tell nothing.
    bool is_hidden() const { return cycles == 0; }
  };
  std::vector<Group> groups;
};

// How well predictions meet measurements, over all groups of all samples.
struct FitQuality {
  int groups = 0;
  double cycles_mean_error = 0, cycles_max_error = 0;  // |predicted / measured - 1|
  double energy_mean_error = 0, energy_max_error = 0;
  double edp_mean_error = 0;
  double cycles_spearman = 0,
         energy_spearman = 0;  // rank correlation; 1 when all predictions are in the measured order
};

FitQuality quality(const std::vector<CalibrationSample>& samples, const spec::ArchSpec& arch,
                   const spec::EnergyTable& energy, const machines::Calibration& calibration);

// The calibration that fits best, starting from `start`: cycles by pattern search on the mean squared logarithm of
// predicted / measured, with a small pull towards `start`; the DRAM's energy a byte and background power by least
// squares. Deterministic. Fewer than three groups: returns `start`.
machines::Calibration fit_calibration(const std::vector<CalibrationSample>& samples, const spec::ArchSpec& arch,
                                      const spec::EnergyTable& energy, const machines::Calibration& start = {});

// Spearman's rank correlation of two equally long lists (ties get their mean rank); 0 for fewer than two values.
double rank_correlation(const std::vector<double>& x, const std::vector<double>& y);

// Reads a sample's measurements from simba-sim's result. Throws TraceError when groups differ from the schedule's.
CalibrationSample read_sample(const std::string& name, const spec::Schedule& schedule, const nlohmann::json& result);

nlohmann::ordered_json to_json(const FitQuality& quality);

}  // namespace heat::offline
