// Reads a flattened input of Timeloop 0.4: problem, architecture, mapping and energy reference table (ERT) in one file.
//
// What is read is all that counts, cycles and energy depend on. What only Accelergy's estimators use (technology, ports,
// ART) is skipped; what would change the result and is not modelled (sparsity, power gating, sliding windows) is a problem, as are unknown keys.
#pragma once

#include <optional>
#include <string>

#include "machines/storage_levels/architecture.h"
#include "machines/storage_levels/mapping.h"
#include "machines/storage_levels/problem.h"

namespace heat::offline::mapper {

struct TimeloopInput {
  storage_levels::Problem problem;
  storage_levels::Architecture architecture;
  std::optional<storage_levels::Mapping> mapping;  // that of the file, when it was asked for
};

struct TimeloopOptions {
  // The architecture of --arch: its energies where the file has no ERT, its levels where the file has no architecture, and
  // what a search may do. Nothing: the file must have both.
  const storage_levels::Architecture* given = nullptr;
  std::string given_path;
  bool mapping = true;  // read the mapping (and check it); false: for a search
};

// Throws ConfigError with all problems of the file.
TimeloopInput load_timeloop_input(const std::string& path, const TimeloopOptions& options);

}  // namespace heat::offline::mapper
