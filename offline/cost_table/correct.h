// The simulator's word in the cost table: measured values, and what they say about rows that are not measured.
#pragma once

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "offline/cost_table/build.h"

namespace heat::offline {

// What simulations measured of shape-rank pairs, by CostRow::key().
struct Measurement {
  double energy_pj = 0, latency_ns = 0;
};
using Measurements = std::map<std::string, Measurement>;

// Stores the measured values in their rows, and in every other row the correction of the closest class that holds a
// measured row: same size, tokens and shape; same size, tokens and method; same size and tokens, factorised like it;
// same method; factorised like it. A class's correction is the geometric mean of its rows'. Earlier measurements stay
// where there is no new one. One transaction. Returns the number of rows measured now; measurements without a row are
// left out.
std::int64_t apply_measurements(CostTable& table, const Measurements& measured);

// Predicts every row anew under the machine's calibration, which becomes the table's, and applies the measurements; all
// in one transaction. Throws base::ConfigError for a table of another architecture.
std::int64_t correct_table(CostTable& table, const machines::Machine& machine, const Measurements& measured,
                           int threads);

// Corrections over the measured rows: measured over predicted.
struct CorrectionSummary {
  std::int64_t rows = 0, measured = 0, corrected = 0;  // corrected: by a class's correction
  double energy_mean = 1, energy_min = 1, energy_max = 1;
  double latency_mean = 1, latency_min = 1, latency_max = 1;
};
CorrectionSummary summarize_corrections(const std::vector<CostRow>& rows);
// {"rows", "measured", "corrected", "energy_correction": {"mean", "min", "max"}, "latency_correction": {...}}.
nlohmann::ordered_json to_json(const CorrectionSummary& summary);
CorrectionSummary corrections_from_json(const nlohmann::json& json);

}  // namespace heat::offline
