// The encoder on the machine under one calibration of the analytical model: paths, mappings, schedule.
#pragma once

#include <memory>
#include <vector>

#include "offline/pipeline/context.h"
#include "offline/schedule/choose_path.h"
#include "spec/schedule.h"

namespace heat::offline {

class LayerCosts {
 public:
  LayerCosts(PipelineContext& context, const machines::Calibration& calibration);

  // The machine to lower for, with paths chosen as the cost table chooses them.
  LoweringTarget target();

  // A schedule of the whole network with this calibration. Layers not named are dense.
  spec::Schedule schedule(const std::vector<LayerForm>& layers);

  const machines::Machine& machine() const { return *machine_; }

 private:
  PipelineContext& context_;
  std::unique_ptr<machines::Machine> machine_;
  LayerCoster coster_;
  HardwarePaths paths_;
  mapper::SearchCache cache_;
};

}  // namespace heat::offline
