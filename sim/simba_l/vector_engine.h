// The global PE: softmax, layer norm and reduction on rows in the global buffer.
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
    std::int64_t rows = 0, columns = 0, input_columns = 0;  // bytes
    std::int64_t elements = 0;                              // that are worked on in a row
    std::int64_t parameter_bytes = 0, mask_bytes = 0;
  };
  Rows rows_of(const Command& command) const;
  void execute(InFlight& entry) override;
  WorkKind work_kind(const Command& command) const override;
  void finish(const InFlight& entry) override;
  // The row operation's rows, from `in` to `out`.
  void compute(const Command& command, const Rows& r, const std::int8_t* in, const std::int8_t* residual,
               std::int8_t* out) const;

  ChipletCore& core_;
};

}  // namespace heat::simba
