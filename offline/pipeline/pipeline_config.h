// What `heat-offline run --config` reads (docs/pipeline.md lists every key).
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "base/jobs/jobs_option.h"
#include "offline/search/evolution.h"
#include "offline/search/predictor.h"
#include "offline/train/distill.h"
#include "offline/train/supernet.h"

namespace heat::offline {

struct PipelineConfig {
  std::string file;
  std::uint64_t seed = 1;
  int threads = 2;
  base::JobsOption jobs{base::JobsBackend::kProcesses, 2, {}};  // of cost table, SubNet scores and simulations
  std::string task, data;                                       // offline/tasks; data empty: the task's default place
  std::string teacher;                                          // Hugging Face folder
  std::string arch;                                             // machine YAML
  std::int64_t tokens = 0;  // length of the sentence that is scheduled, and the longest text
  std::int64_t train_limit = 0, dev_limit = 0, test_limit = 0;  // examples used; 0: all

  struct Level1 {
    std::vector<std::string> methods;
    std::vector<double> ratios;
    std::int64_t shapes = 1;  // shapes of largest entropy a method and size
    std::int64_t max_axes = 4;
    std::int64_t matrices = 1;  // weight matrices a size whose errors are averaged
    std::int64_t paths = 2;     // contraction paths costed on the hardware
    double max_ratio = 0.5;     // of s*
  } level1;

  double supernet_ratio = 0.6;    // parameters of the largest SubNet's matrices
  std::vector<double> fractions;  // of the maximal ranks
  SuperNetConfig supernet;
  std::int64_t subnets = 64;  // scored for the predictor
  PredictorOptions predictor;
  EvolutionConfig evolution;
  double max_edp_ratio = 0.45;      // hard limit of the search: predicted EDP over the dense network's
  double max_accuracy_drop = 0.02;  // of the predictor's accuracy below the largest SubNet's
  std::int64_t max_rounds = 3;
  std::int64_t candidates = 4;      // SubNets simulated a round: the choice and the next best
  double tolerance = 0.05;          // |predicted - simulated| / simulated EDP at which the loop ends
  std::int64_t machine_limit = 20;  // test examples that run on the simulated machine, padded to `tokens`
  std::int64_t int8_limit = 500;    // test examples that the quantised student is scored on; 0: all
  DistillConfig distill;
  std::int64_t distill_dev_limit = 2000;  // dev examples that choose the student's weights; 0: all

  // Reads and validates everything; throws ConfigError with all problems. Paths are relative to the file.
  static PipelineConfig load(const std::string& path);
};

// The stages of a run, in their order, and the parts of the configuration that decide a stage's result beside the results
// it reads. Both are enums and not words: a stage whose key covered a misspelt part would never go stale.
enum class StageId {
  kBaseline,
  kTeacher,
  kCostTable,
  kDense,
  kSupernet,
  kPredictor,
  kSearch,
  kLoop,
  kDistill,
  kEvaluate,
  kSchedule,
  kReport,
};
enum class ConfigPart { kData, kTeacher, kMachine, kLevel1, kSupernet, kPredictor, kSearch, kLoop, kInt8, kDistill };
constexpr ConfigPart kConfigParts[] = {
    ConfigPart::kData,      ConfigPart::kTeacher, ConfigPart::kMachine, ConfigPart::kLevel1, ConfigPart::kSupernet,
    ConfigPart::kPredictor, ConfigPart::kSearch,  ConfigPart::kLoop,    ConfigPart::kInt8,   ConfigPart::kDistill};

// The part's name in a key.
const char* part_name(ConfigPart part);
// The part's values (of files their contents), for a stage's key; the seed is in each.
nlohmann::json key_of(const PipelineConfig& config, ConfigPart part);

}  // namespace heat::offline
