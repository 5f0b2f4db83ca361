// The sections of a Timeloop input, one function each. All report to the reader's problems and return what they could read.
#pragma once

#include <string>
#include <utility>

#include "base/config_reader.h"
#include "offline/mapper/timeloop_input.h"

namespace heat::offline::mapper::timeloop {

// "PEInputBuffer" and 16 of "PEInputBuffer[1..16]"; 1 instance where no range is given.
std::pair<std::string, std::int64_t> name_and_instances(const std::string& text);

// " (did you mean 'x'?)", or nothing.
std::string suggestion(const std::string& word, const std::vector<std::string>& known);

storage_levels::Problem read_problem(base::ConfigReader problem);
// Levels without energies and without what a search may do. `root`: the whole file.
storage_levels::Architecture read_architecture(base::ConfigReader& root);
// Energies of all levels that store and of the MACs from the section ERT.
void read_energies(base::ConfigReader ert, storage_levels::Architecture& architecture);
storage_levels::Mapping read_mapping(base::ConfigReader& root, const storage_levels::Problem& problem,
                                     const storage_levels::Architecture& architecture);

}  // namespace heat::offline::mapper::timeloop
