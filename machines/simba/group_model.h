// A group of a plan seen by the model: its shares, its nodes' shapes, its parameters and pins. evaluate() and the
// search both cost through it, so that what the search optimises is what evaluate() reports.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "machines/simba/gb_layout.h"
#include "machines/simba/node_model.h"
#include "machines/simba/pinned_loads.h"

namespace heat::machines::simba {

class GroupModel final : public machines::GroupModel {
 public:
  // All must outlive the model.
  GroupModel(const spec::Workload& workload, const spec::FusedGroup& group, const StepPricer& pricer,
             LinkTables& links);

  const Shares& shares() const { return shares_; }
  const std::vector<NodeModel>& nodes() const { return nodes_; }
  // Values of the index in a whole step.
  std::int64_t values_in_step() const { return std::min(g_.step, shares_.share); }
  // What no mapping changes: signals, pins and parameters; dynamic energy only, and cycles at least.
  Cost fixed() const;

  spec::Extents extents(std::size_t position) const override;
  // In a step of so many values.
  spec::Extents extents(std::size_t position, std::int64_t values) const;
  std::optional<SlotBudget> free_slots(std::string& reason) const override;
  bool fits(const Mappings& mappings) const override;
  std::vector<SlotBudget> shared_slots(const SlotBudget& budget, const Mappings& asked) const override;
  Cost cost(const Mappings& mappings) const override;
  Cost node_cost(std::size_t position, const spec::GemmMapping& mapping) const override;
  GroupCost full_cost(const Mappings& mappings) const override;
  std::unique_ptr<machines::NodeBounds> bounds(std::size_t position, bool alone) const override;
  std::vector<std::int64_t> key(std::size_t position, bool alone) const override;

 private:
  GbLayout layout_with(const Mappings& mappings) const;
  bool parameters_stay() const;
  // What telling the other chiplets takes, of a group whose results others wait for.
  void add_signals(std::array<double, spec::kActionCount>& actions) const;
  double handover_cycles() const;
  int chiplets() const { return g_.chiplets_of(pricer_.machine().arch.chiplets()); }
  // Step classes in order of execution; true where parameters are loaded.
  std::vector<std::pair<StepClass, bool>> classes() const;
  StepCounts count(const NodeModel& n, const spec::GemmMapping& mapping, std::int64_t values) const;
  // Of a GEMM in a step of so many values.
  GemmCounter& counter(const NodeModel& n, std::int64_t values) const;
  // One execution of node `position` under `mapping` (ignored for vector nodes) in a step of class `c`.
  NodeStep step(std::size_t position, const spec::GemmMapping& mapping, const StepClass& c) const;
  Cost with_power(double cycles, double dynamic_pj) const;
  // Without static power; the DRAM's background is under "dram".
  std::map<std::string, double> dynamic_by_component(const std::array<double, spec::kActionCount>& actions,
                                                     double cycles) const;
  std::map<std::string, double> by_component(const std::array<double, spec::kActionCount>& actions,
                                             double cycles) const;
  void add_accesses(NodeCost& cost, std::size_t position, const spec::GemmMapping& mapping, const StepClass& c,
                    double times) const;
  void add_parameters(NodeStep& s, const NodeModel& n) const;
  // Advances the pipeline by `times` steps of the group's nodes; `first`: of the whole loop.
  void walk(Pipeline& pipeline, const std::vector<NodeStep>& steps, double times, bool first, bool last) const;
  // Calls visit(position, StepClass, NodeStep, times) in order of execution and advances the pipeline.
  template <class Visit>
  double run(const Mappings& mappings, std::array<double, spec::kActionCount>& actions, Visit visit) const;

  const spec::Workload& w_;
  const spec::FusedGroup& g_;
  const StepPricer& pricer_;
  LinkTables& links_;
  const Shares shares_;
  std::vector<NodeModel> nodes_;
  mutable std::vector<std::vector<std::pair<std::int64_t, GemmCounter>>> counters_;  // of each node, by values
  const PinnedLoads pins_;
  int parameter_nodes_ = 0;
  bool signals_ = false;  // others wait for what it makes
};

}  // namespace heat::machines::simba
