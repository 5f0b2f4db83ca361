// The encoder on the machine under one calibration of the analytical model: paths, mappings, schedule.
#pragma once

#include <vector>

#include "offline/pipeline/context.h"
#include "offline/schedule/choose_path.h"

namespace heat::offline {

class LayerCosts {
 public:
  LayerCosts(PipelineContext& context, const machines::simba::Calibration& calibration);

  // Chooses paths as the cost table does.
  PathChooser chooser();

  // A schedule of the whole network with this calibration.
  LoweredNetwork schedule(const std::vector<LayerPlan>& plans);

  const machines::simba::Machine& machine() const { return machine_; }

 private:
  PipelineContext& context_;
  machines::simba::Machine machine_;
  mapper::LayerCoster coster_;
  HardwarePaths paths_;
  mapper::SearchCache cache_;
};

}  // namespace heat::offline
