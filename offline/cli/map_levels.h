// What `heat-offline map` does on a machine that is a list of storage levels.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "machines/objective.h"

namespace heat::offline::cli {

struct MapLevelsRequest {
  std::string arch;            // may be empty beside a Timeloop input that has all it says
  std::string timeloop_input;  // empty: the GEMM
  std::int64_t m = 0, k = 0, n = 0, batch = 1;
  bool evaluate = false;  // cost the input's mapping as it stands; false: search
  machines::Objective objective = machines::Objective::kEdp;
  std::string export_timeloop;  // empty: nowhere
  std::string json;
};

// Throws ConfigError for inputs that cannot be used, Error where no mapping fits.
void map_levels(const MapLevelsRequest& request);

}  // namespace heat::offline::cli
