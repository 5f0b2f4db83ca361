// The list of tasks.
#include "offline/tasks/text_task.h"

#include "base/errors.h"
#include "offline/tasks/sst2.h"
#include "offline/tasks/wordnet.h"

namespace heat::offline {

TextTask load_task(const std::string& name, const std::string& directory) {
  if (name == "wordnet") return load_wordnet_task(directory);
  if (name == "sst2") return load_sst2_task(directory);
  throw base::ConfigError("task '" + name + "' is unknown (wordnet and sst2 are)");
}

}  // namespace heat::offline
