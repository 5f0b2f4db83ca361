// A group of a plan seen by the model: its shares, its nodes' shapes, its parameters and pins. evaluate() and the
// search both cost through it, so that what the search optimises is what evaluate() reports.
#pragma once

#include <optional>
#include <vector>

#include "machines/simba/node_step.h"
#include "spec/plan.h"

namespace heat::machines::simba {

// One node, as counting needs it; independent of its mapping, the step and the pins of parameters.
struct NodeModel {
  spec::NodeId node;
  spec::LoopDim bound = spec::LoopDim::kN;
  const spec::Node* spec = nullptr;
  GemmShape shape;                       // GEMMs; vector nodes: input and output
  std::optional<OperandShape> residual;  // layer norm
  double parameter_bytes = 0;            // streamed parameter tensors, in whole bursts
  int parameter_loads = 0;
  spec::Extents extents_for(std::int64_t extent, std::int64_t values) const;
};

class GroupModel {
 public:
  // Workload and group must outlive the model, which does not read the group's step and mappings.
  GroupModel(const spec::Workload& workload, const spec::FusedGroup& group, const StepPricer& pricer,
             LinkTables& links);

  const Shares& shares() const { return shares_; }
  const std::vector<NodeModel>& nodes() const { return nodes_; }

  // One execution of node `position` under `mapping` (ignored for vector nodes) in a step of class `c`.
  NodeStep step(std::size_t position, const spec::GemmMapping& mapping, const StepClass& c) const;

  // A cost in two numbers, for search.
  struct Brief {
    double cycles = 0, energy_pj = 0;
  };
  // What no mapping changes: barrier and whole pins; dynamic energy only.
  Brief fixed() const;
  // The whole group with these mappings (one a node) and this step.
  Brief brief(const std::vector<spec::GemmMapping>& mappings, std::int64_t step) const;
  // One node by itself, without barrier, pins and parameters: its part in a group of several.
  Brief brief_node(std::size_t position, const spec::GemmMapping& mapping, std::int64_t step) const;
  // All that a node's cost depends on beside its mapping, as numbers (for caches); and what the cost of a group of this
  // node alone depends on beside that: pins and parameters.
  std::vector<std::int64_t> key(std::size_t position, std::int64_t step) const;
  void append_group_key(std::size_t position, std::vector<std::int64_t>& key) const;
  // The same in full; `per_node` accumulations included.
  GroupCost full(const std::vector<spec::GemmMapping>& mappings, std::int64_t step) const;

 private:
  struct Pins {
    double whole_bytes = 0, per_value_bytes = 0;  // in bursts; loaded once, or per value of the index
    double whole_gb_writes = 0;
    int whole_loads = 0, step_loads = 0;
    double per_value_plain = 0;
  };
  void read_node(const spec::PlannedNode& planned);
  void read_pins();
  bool parameters_stay() const;
  // Step classes in order of execution; true where parameters are loaded.
  std::vector<std::pair<StepClass, bool>> classes(std::int64_t step) const;
  StepCounts count(const NodeModel& n, const spec::GemmMapping& mapping, std::int64_t values) const;
  // Without static power; the DRAM's background is under "dram".
  std::map<std::string, double> dynamic_by_component(const std::array<double, spec::kActionCount>& actions,
                                                     double cycles) const;
  std::map<std::string, double> by_component(const std::array<double, spec::kActionCount>& actions,
                                             double cycles) const;
  void add_accesses(NodeCost& cost, std::size_t position, const spec::GemmMapping& mapping, const StepClass& c,
                    double times) const;
  void add_parameters(NodeStep& s, const NodeModel& n) const;
  // Calls visit(position, StepClass, NodeStep, times) in order of execution and advances the pipeline.
  template <class Visit>
  double run(const std::vector<spec::GemmMapping>& mappings, std::int64_t step,
             std::array<double, spec::kActionCount>& actions, Visit visit) const;
  NodeStep pinned_step(double values_full, double values_partial) const;
  NodeStep pinned_whole() const;

  const spec::Workload& w_;
  const spec::FusedGroup& g_;
  const StepPricer& pricer_;
  LinkTables& links_;
  Shares shares_;
  std::vector<NodeModel> nodes_;
  Pins pins_;
  int parameter_nodes_ = 0;
};

}  // namespace heat::machines::simba
