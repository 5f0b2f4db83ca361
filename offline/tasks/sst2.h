// SST-2: movie-review sentences, positive or negative, from GLUE's TSV files.
#pragma once

#include <string>

#include "offline/tasks/text_task.h"

namespace heat::offline {

// Reads train.tsv, dev.tsv and test.tsv (header "sentence<TAB>label", label 0 or 1) of `directory`. A test.tsv without
// labels (GLUE's hidden test) is left out. Throws ConfigError with file and line.
TextTask load_sst2_task(const std::string& directory);

}  // namespace heat::offline
