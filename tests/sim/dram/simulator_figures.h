// Figures of other simulators for one run, and how near ours must be.
#pragma once

#include <algorithm>
#include <cmath>
#include <sstream>

#include "tests/sim/dram/dram_testing.h"

namespace heat::dram::testing {

struct Figures {
  std::vector<double> cycles, latency, act;
  double dramsim3_energy_uj = 0;
};

inline bool near_one(double value, const std::vector<double>& of, double fraction) {
  return std::any_of(of.begin(), of.end(), [&](double x) { return std::abs(value - x) <= fraction * x; });
}

inline bool inside(double value, const std::vector<double>& of, double fraction) {
  return value >= *std::min_element(of.begin(), of.end()) * (1 - fraction) &&
         value <= *std::max_element(of.begin(), of.end()) * (1 + fraction);
}

inline std::vector<std::string> split(const std::string& line) {
  std::vector<std::string> words;
  std::istringstream in(line);
  for (std::string w; std::getline(in, w, ',');) words.push_back(w);
  return words;
}

// The criteria: a and c within 1 % of one simulator, the others inside the spread widened by 2 %; ACT counts inside it;
// mean read latency of paced runs within 10 % of one simulator.
inline void expect_agreement(const std::string& what, char trace, bool paced, const ReplayResult& r, const Figures& f) {
  const double cycles = static_cast<double>(r.total_cycles);
  const double latency =
      static_cast<double>(r.statistics.read_latency_sum_cycles) / static_cast<double>(r.statistics.reads);
  const double act = static_cast<double>(r.statistics.activations());
  EXPECT_TRUE(trace == 'a' || trace == 'c' ? near_one(cycles, f.cycles, 0.01) : inside(cycles, f.cycles, 0.02))
      << what << " cycles " << cycles;
  EXPECT_TRUE(inside(act, f.act, 0.02)) << what << " ACT " << act;
  if (paced) {
    EXPECT_TRUE(near_one(latency, f.latency, 0.1)) << what << " latency " << latency;
  }
  if (f.dramsim3_energy_uj > 0) {
    EXPECT_NEAR(r.energy.total() * 1e-6 / f.dramsim3_energy_uj, 1.0, 0.15) << what;
  }
}

}  // namespace heat::dram::testing
