// Reading the configurations of levels 2 and 3, and the plan files that pass ranks from one command to the next
// (docs/formats.md).
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/config_reader.h"
#include "offline/model/checkpoint.h"
#include "offline/tasks/text_task.h"
#include "offline/train/distill.h"
#include "offline/train/supernet.h"

namespace heat::offline {

// What supernet, search and distill configurations have in common.
struct LevelCommon {
  std::string teacher, task = task_names().front(), data;
  std::uint64_t seed = 1;
  int threads = 2;
  std::int64_t max_length = 64;
  std::int64_t train_limit = 0, dev_limit = 0;  // examples used; 0: all
};
LevelCommon read_common(base::ConfigReader& r);
// The keys of the structs, all optional. `seed` is the common one.
SuperNetConfig read_supernet(base::ConfigReader r, std::uint64_t seed);
DistillConfig read_distill(base::ConfigReader r, std::uint64_t seed);

// How every encoder layer is decomposed: method, max_ratio (parameters over dense ones, which fixes the ranks by
// fitting_ranks) and, by matrix size, the tensorization shape.
struct DecompositionChoice {
  std::string method = default_method().name();
  double ratio = 0.8;
  std::vector<std::pair<std::string, std::string>> shapes;  // "256x1024" -> "16x16x1024"
};
DecompositionChoice read_decomposition(base::ConfigReader r);
// A form for every encoder layer of the model; sizes without a shape get the method's coarsest one.
std::vector<LayerForm> layer_forms(TorchModel& model, const DecompositionChoice& choice);

// {"layers": [{"layer", "method", "row_modes", "col_modes", "ranks"}]}. from_json throws ConfigError naming `name` and
// all that does not fit the model.
nlohmann::ordered_json forms_to_json(const std::vector<LayerForm>& forms);
std::vector<LayerForm> forms_from_json(const nlohmann::json& json, TorchModel& model, const std::string& name);

// The teacher and the encoded splits of a level's command.
struct LevelData {
  Checkpoint teacher;
  std::vector<EncodedText> train, dev, test;
};
// Sizes the process's threads, prints the seed, catches interrupts and loads the data: the start of every such command.
LevelData begin_level(const LevelCommon& common);

}  // namespace heat::offline
