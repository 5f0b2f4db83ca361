// What the encoder's layers cost on the machine with every rank choice: the table that the search decides from.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "offline/pipeline/context.h"
#include "offline/schedule/choose_path.h"
#include "offline/search/evolution.h"

namespace heat::offline {

// Factors by which simulated layers differed from predicted ones, by correction_key; 1 where unknown.
struct Corrections {
  std::map<std::string, double> cycles, energy;
};
nlohmann::json to_json(const Corrections& corrections);

class LayerCosts {
 public:
  LayerCosts(PipelineContext& context, const mapper::Calibration& calibration);

  // One layer alone, with its groups' barriers. Dense when `plan` is null. Throws spec::Error where nothing fits.
  const mapper::LayerCost& dense(std::int64_t rows, std::int64_t cols);
  const mapper::LayerCost& factorized(Method method, const TensorShape& shape, const std::vector<std::int64_t>& ranks);
  // Chooses paths as the costs assume them.
  PathChooser chooser();

  // A schedule of the whole encoder with this calibration.
  LoweredEncoder schedule(const std::vector<LayerPlan>& plans);

  // Costs of every choice of every ladder. `fixed`: the dense schedule less its linear layers.
  ChoiceTable choices(const std::vector<RankLadder>& ladders, const spec::Prediction& dense_schedule,
                      const Corrections& corrections);

  const mapper::Machine& machine() const { return machine_; }

 private:
  PipelineContext& context_;
  mapper::Machine machine_;
  mapper::LayerCoster coster_;
  HardwarePaths paths_;
};

// "256x1024 dense" or "256x1024 factorized".
std::string correction_key(std::int64_t rows, std::int64_t cols, bool dense);

}  // namespace heat::offline
