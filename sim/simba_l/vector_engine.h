// The global PE: softmax and layer norm on rows in the global buffer.
#pragma once

#include "sim/simba_l/chiplet_core.h"

namespace heat::simba {

class VectorEngine : public Engine {
 public:
  VectorEngine(sc_core::sc_module_name name, RunContext& context, Scoreboard& scoreboard, ChipletCore& core);

 private:
  struct Rows {
    spec::VectorOp op = spec::VectorOp::kSoftmax;
    Box input_box, residual_box, output_box;
    GbPlace input, residual, output;
    bool has_residual = false;
    std::int64_t rows = 0, columns = 0, parameter_bytes = 0, mask_bytes = 0;
  };
  Rows rows_of(const Command& command) const;
  void execute(InFlight& entry) override;
  WorkKind work_kind(const Command& command) const override;
  void finish(const InFlight& entry) override;

  ChipletCore& core_;
};

}  // namespace heat::simba
