// Lower bounds of what the mappings of a node cost, in closed form.
#pragma once

#include <array>

#include "machines/simba/group_model.h"

namespace heat::machines::simba {

class NodeBounds final : public machines::NodeBounds {
 public:
  // `model` and `pricer` must outlive this. `alone`: bounds of the whole group, of which the node is the only one.
  NodeBounds(const GroupModel& model, std::size_t position, const StepPricer& pricer, bool alone);

  TileBound of_tile(const spec::Extents& tile) const override;
  PeChoice of_split(const spec::Extents& tile, const spec::SpatialSplit& split, const TileBound& t) const override;
  Cost of_tiling(const PeChoice& c, const BufferTiling& tiling) const override;

 private:
  struct Waves;
  struct SendBound {
    double bytes = 0, energy = 0;
  };
  LoadWork::Receivers receivers(const OperandShape& operand) const;
  void prepare(bool alone);
  // Cycles of all steps, when a whole one has so many of each.
  double all_steps(double execution, double memory) const;
  double drain_accesses(const spec::Extents& tile) const;
  double request_bound(const OperandShape& operand, const ViewRuns::Sizes& extents, const ViewRuns::Sizes& tile) const;
  SendBound bound_sends(const PeChoice& c, const Waves& wb, const Waves& wm, const Waves& wn, std::int64_t kc) const;
  double pass_pj(const PeChoice& c) const;
  double pj(spec::Action a) const { return pj_[static_cast<std::size_t>(a)]; }

  const GroupModel& model_;
  const StepPricer& pricer_;
  const spec::ArchSpec& arch_;
  const NodeModel& node_;
  const Shares& shares_;
  const spec::Extents e_;
  double steps_ = 1, executions_ = 1;          // whole steps; on all full chiplets
  double rest_ = 0;                            // of a whole step: the last one, when it is shorter
  double rest_memory_ = 0, rest_compute_ = 0;  // its cycles at least
  std::array<double, spec::kActionCount> pj_{};
  double dram_pj_ = 0, rate_ = 0;
  double fixed_energy_ = 0, fixed_cycles_ = 0;
  double weight_bytes_ = 0, input_bytes_ = 0, output_bytes_ = 0, sums_ = 0;
  double memory_ = 0, send_read_pj_ = 0, output_store_pj_ = 0;
  double weight_load_pj_ = 0, input_load_pj_ = 0, weight_port_ = 0, input_port_ = 0, output_port_ = 0;
};

}  // namespace heat::machines::simba
