// The encoder on the machine under one calibration of the analytical model: paths, mappings, schedule.
#pragma once

#include <vector>

#include "offline/pipeline/context.h"
#include "offline/schedule/choose_path.h"

namespace heat::offline {

class LayerCosts {
 public:
  LayerCosts(PipelineContext& context, const mapper::Calibration& calibration);

  // Chooses paths as the cost table does.
  PathChooser chooser();

  // A schedule of the whole encoder with this calibration.
  LoweredEncoder schedule(const std::vector<LayerPlan>& plans);

  const mapper::Machine& machine() const { return machine_; }

 private:
  PipelineContext& context_;
  mapper::Machine machine_;
  mapper::LayerCoster coster_;
  HardwarePaths paths_;
  mapper::SearchCache cache_;
};

}  // namespace heat::offline
