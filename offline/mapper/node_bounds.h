// Lower bounds of what the mappings of a node cost, for branch and bound.
#pragma once

#include <array>

#include "machines/simba/group_model.h"
#include "offline/mapper/node_search.h"

namespace heat::offline::mapper {

using machines::simba::NodeModel;
using machines::simba::OperandShape;
using machines::simba::Shares;
using machines::simba::ViewRuns;

// A PE tile with its spatial split, and bounds over all mappings that have them.
struct PeChoice {
  spec::Extents tile;
  spec::SpatialSplit split;
  double cycles = 0, energy = 0, value = 0;  // bounds of the whole: cycles, dynamic pJ, objective
  double execution = 0;                      // bound of execution cycles within `cycles`
};

class NodeBounds {
 public:
  NodeBounds(const GroupModel& model, std::size_t position, const StepPricer& pricer,
             const NodeSearchSettings& settings);

  // The node's extents in a whole step.
  const spec::Extents& extents() const { return e_; }

  // What a PE tile fixes whatever the split.
  struct TileBound {
    double energy = 0, value = 0;  // dynamic pJ of one execution on one chiplet; objective
    double k_vectors = 0;
  };
  TileBound of_tile(const spec::Extents& tile) const;
  // Fills the bounds of `c`.
  void bound(PeChoice& c, const TileBound& t) const;
  // Objective of every mapping of `c` with this tile of the global buffer, `tiles` of them, each operand's visited so
  // often.
  double of_gb_tile(const PeChoice& c, const spec::Extents& g, const spec::Extents& tiles, double weight_visits,
                    double input_visits) const;

 private:
  struct Waves;
  struct SendBound {
    double bytes = 0, energy = 0;
  };
  void prepare();
  double drain_accesses(const spec::Extents& tile) const;
  double request_bound(const OperandShape& operand, const ViewRuns::Sizes& extents, const ViewRuns::Sizes& tile) const;
  SendBound bound_sends(const PeChoice& c, const Waves& wb, const Waves& wm, const Waves& wn, std::int64_t kc) const;
  double pj(spec::Action a) const { return pj_[static_cast<std::size_t>(a)]; }

  const GroupModel& model_;
  const StepPricer& pricer_;
  const spec::ArchSpec& arch_;
  const NodeSearchSettings& set_;
  const NodeModel& node_;
  const Shares& shares_;
  spec::Extents e_;
  double steps_ = 1, executions_ = 1;
  std::array<double, spec::kActionCount> pj_{};
  double dram_pj_ = 0, rate_ = 0;
  double fixed_energy_ = 0, fixed_cycles_ = 0;
  double weight_bytes_ = 0, input_bytes_ = 0, output_bytes_ = 0;
  double memory_ = 0, send_read_pj_ = 0, output_store_pj_ = 0;
  double weight_load_pj_ = 0, input_load_pj_ = 0, weight_port_ = 0, input_port_ = 0, output_port_ = 0;
};

}  // namespace heat::offline::mapper
