// Latency formulas of DRAM constraints: integers, named timings, + - * ( ) and max(a, b, ...).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace heat::spec {

struct FormulaResult {
  std::optional<std::int64_t> value;       // absent when a name is unknown or the text is no formula
  std::vector<std::string> missing_names;  // names that `values` does not hold
  std::string error;                       // what is wrong with the text, empty when it is a formula
};

// Evaluates `text` with the named values. All names are looked up, so that every missing one is reported.
FormulaResult evaluate_formula(const std::string& text, const std::map<std::string, std::int64_t>& values);

}  // namespace heat::spec
