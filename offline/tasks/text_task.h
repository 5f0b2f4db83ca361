// A text classification task: three splits of (text, label).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace heat::offline {

struct TextExample {
  std::string text;
  std::int32_t label = 0;
};

struct TextTask {
  std::string name;
  std::vector<std::string> labels;
  std::vector<TextExample> train, dev, test;
  // For pre-training, all from the training split or from texts outside the task:
  std::vector<std::string> extra_texts;              // unlabelled
  std::vector<std::vector<std::int32_t>> auxiliary;  // per training example, ids of a multi-label target; may be empty
  std::int64_t auxiliary_classes = 0;
};

// The tasks there are, the default first.
std::vector<std::string> task_names();

// name: one of task_names(). directory: where the data lie (empty: the task's default place, see its header). Throws
// base::ConfigError on an unknown name.
TextTask load_task(const std::string& name, const std::string& directory = "");

}  // namespace heat::offline
