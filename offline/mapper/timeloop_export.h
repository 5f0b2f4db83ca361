// Writes problem, architecture with its energies (ERT), and a mapping as a flattened input of Timeloop 0.4.
#pragma once

#include <string>

#include "machines/storage_levels/architecture.h"
#include "machines/storage_levels/mapping.h"
#include "machines/storage_levels/problem.h"

namespace heat::offline::mapper {

// load_timeloop_input() reads the text back into equal values.
std::string timeloop_text(const storage_levels::Problem& problem, const storage_levels::Architecture& architecture,
                          const storage_levels::Mapping& mapping);

}  // namespace heat::offline::mapper
