// A new task is a loader in a file of its own and a line here.
#include "offline/tasks/text_task.h"

#include <algorithm>

#include "base/errors.h"
#include "offline/tasks/sst2.h"
#include "offline/tasks/wordnet.h"

namespace heat::offline {
namespace {

struct Loader {
  const char* name;
  TextTask (*load)(const std::string& directory);
};

constexpr Loader kLoaders[] = {{"wordnet", &load_wordnet_task}, {"sst2", &load_sst2_task}};

}  // namespace

std::vector<std::string> task_names() {
  std::vector<std::string> names;
  for (const Loader& loader : kLoaders) names.push_back(loader.name);
  return names;
}

TextTask load_task(const std::string& name, const std::string& directory) {
  const auto loader =
      std::find_if(std::begin(kLoaders), std::end(kLoaders), [&](const Loader& l) { return l.name == name; });
  if (loader != std::end(kLoaders)) return loader->load(directory);
  std::string known;
  for (const Loader& l : kLoaders) known += (known.empty() ? "" : ", ") + std::string(l.name);
  throw base::ConfigError("task '" + name + "' is unknown (known: " + known + ")");
}

}  // namespace heat::offline
