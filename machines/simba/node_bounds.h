// Lower bounds of what the mappings of a node cost, in closed form.
#pragma once

#include <array>

#include "machines/simba/group_model.h"
#include "machines/simba/wave_sends.h"

namespace heat::machines::simba {

class NodeBounds final : public machines::NodeBounds {
 public:
  // All must outlive this. `alone`: bounds of the whole group, of which the node is the only one.
  NodeBounds(const GroupModel& model, std::size_t position, const StepPricer& pricer, LinkTables& links, bool alone);

  std::unique_ptr<TileBounds> of_tile(const spec::Extents& tile) const override;

 private:
  class Tile;
  class Choice;
  // Of all executions in whole steps: dynamic energy, and cycles of execution.
  struct Parts {
    double dynamic_pj = 0, execution = 0;
  };
  // So many steps of so many values each.
  struct Steps {
    std::int64_t values, count;
  };
  // Of those alone, without what belongs to the group.
  NodeBounds(const GroupModel& model, std::size_t position, const StepPricer& pricer, LinkTables& links,
             const Steps& steps);
  // What a PE tile fixes whatever its spatial split, of one execution on one chiplet.
  struct TileBound {
    double step_pj = 0;                         // dynamic energy, without sends
    BufferReads weight, input;                  // of whole PE tiles
    double write_cycles = 0, drain_cycles = 0;  // of results into the global buffer: its port, and the way to it
    Parts rest;                                 // of the last step, when it is shorter
  };
  Parts of_whole_steps(const spec::Extents& tile, TileBound& t) const;
  // Of all mappings that take so much in whole steps and the last one.
  Cost of_parts(const Parts& whole, const Parts& rest) const;
  // A tile as it is in the last step.
  spec::Extents in_rest(const spec::Extents& tile) const;
  LoadWork::Receivers receivers(const OperandShape& operand) const;
  void prepare();
  BufferReads reads(const OperandShape& operand, const ViewRuns::Sizes& tile) const;
  void count_drains(const spec::Extents& tile, TileBound& t) const;
  // With tiles of the global buffer, when an execution takes so much without.
  Cost with_tiles(const BufferTiling& tiling, double execution, double dynamic_pj, double rest_execution) const;
  double request_bound(const OperandShape& operand, const ViewRuns::Sizes& extents, const ViewRuns::Sizes& tile) const;
  double pj(spec::Action a) const { return pj_[static_cast<std::size_t>(a)]; }

  const StepPricer& pricer_;
  LinkTables& links_;
  const spec::ArchSpec& arch_;
  const NodeModel& node_;
  const Shares& shares_;
  const spec::Extents e_;
  double steps_ = 1, executions_ = 1;  // whole steps; on all full chiplets
  std::unique_ptr<NodeBounds> rest_;   // of the last step, when it is shorter
  std::array<double, spec::kActionCount> pj_{};
  double dram_pj_ = 0, rate_ = 0;
  double fixed_energy_ = 0, fixed_cycles_ = 0;
  double weight_bytes_ = 0, input_bytes_ = 0, output_bytes_ = 0, sums_ = 0;
  double stored_bytes_ = 0, loaded_bytes_ = 0;  // what passes between the global buffer and elsewhere, at least
  double memory_ = 0, send_read_pj_ = 0, output_store_pj_ = 0;
  double weight_load_pj_ = 0, input_load_pj_ = 0, weight_port_ = 0, input_port_ = 0, output_port_ = 0;
};

}  // namespace heat::machines::simba
