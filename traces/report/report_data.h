// What a report shows beside traces: a JSON object `report_data` whose sections come from the search and the
// calibration. A section that is absent means that its picture is absent. docs/traces.md is the contract for who writes
// it:
//
// { "title": "...",
//   "summary": { any figures, nested at will; keys ending in _pj, _ns, _js, _cycles get their unit },
//   "pareto": { "points": [
//       { "method", "error", "ratio", "energy_pj", "latency_ns",
//         optional: "edp_js", "params", "shape", "rank", "matrix", "on_front", "chosen" } ] },
//   "layers": {
//       "dense": [ { "layer", "energy_by_component_pj": {}, "latency_ns" } ],
//       "student": [ ... ] },
//   "calibration": { "points": [
//       { "group", "predicted_cycles_before", "predicted_cycles_after", "measured_cycles",
//         "predicted_energy_pj_before", "predicted_energy_pj_after", "measured_energy_pj" } ] },
//   "search": {
//       "generations": [ { "generation", "best", "mean" } ],
//       optional: "baselines": [ { "name", "objective" } ],
//       optional: "predictor": { "points": [ { "predicted", "actual" } ], optional: "spearman" } } }
//
// Further fields of points are shown in their tooltips; unknown sections are problems.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "base/errors.h"

namespace heat::traces {

// Reads a JSON file. Throws TraceError naming the file and the place when it is none.
nlohmann::ordered_json read_json(const std::string& path);

// Adds everything wrong with report_data to `problems`, each with its path ("search.generations[3].best").
// `file` names the file in the messages.
void check_report_data(const nlohmann::ordered_json& data, const std::string& file, base::Problems& problems);

}  // namespace heat::traces
