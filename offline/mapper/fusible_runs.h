// Which runs of a chain could execute as one group, as the workload alone tells.
#pragma once

#include <optional>
#include <vector>

#include "offline/mapper/fusion.h"

namespace heat::offline::mapper {

class FusibleRuns {
 public:
  // Workload and chain must outlive this. The homes are of the whole workload.
  FusibleRuns(const spec::Workload& workload, const std::vector<ChainNode>& chain, const FusionSpace& space,
              const Machine& machine);

  // Dimensions that a node may be walked over: the given one first; of a GEMM any.
  std::vector<spec::LoopDim> dims(std::size_t position) const;
  // Walked over dimension `dim` of the first, the nodes first..last of the chain bind the same index, and every one but the first reads something made within
  // the run that can stay on chip; no two homes overlap that hold something meanwhile, and nothing travels to its home
  // that the run reads.
  bool fusible(std::size_t first, std::size_t last, spec::LoopDim dim) const;
  // Nodes of a run that can run a step ahead to advantage: those before its first row operation, if products follow it; else 0.
  int ahead(std::size_t first, std::size_t last) const;
  // The group of that run, to be mapped: named, with its index and extent, nodes with their bounds, and the tensors that
  // stay in the global buffer.
  spec::FusedGroup group(std::size_t first, std::size_t last, spec::LoopDim dim) const;
  // The group of one node alone, walked over `bound`.
  spec::FusedGroup alone(std::size_t position, spec::LoopDim bound) const;

 private:
  // The index a node binds, and its size.
  struct Bound {
    spec::Index index;
    std::int64_t extent = 1;
    friend bool operator==(const Bound&, const Bound&) = default;
  };
  const spec::Node& node(std::size_t position) const { return w_.nodes[chain_[position].node]; }
  static Bound bound_of(const spec::Node& node, spec::LoopDim dim);
  // The dimension of the node that binds it, if one does.
  std::optional<spec::LoopDim> dim_of(std::size_t position, const Bound& bound) const;
  bool stays(std::size_t p, std::size_t first, std::size_t last, const Bound& common) const;

  void attach_homes(spec::FusedGroup& group) const;
  bool homes_overlap(std::size_t first, std::size_t last) const;

  struct PlacedHome {
    spec::Home home;
    std::int64_t bytes = 0;
    spec::NodeId first, last;  // that use it
    bool is_alive(spec::NodeId from, spec::NodeId to) const { return !(last < from) && !(to < first); }
  };

  const spec::Workload& w_;
  const std::vector<ChainNode>& chain_;
  const int chiplets_;
  spec::IdVector<spec::TensorId, std::vector<spec::NodeId>> users_;  // nodes that read or write a tensor
  std::vector<PlacedHome> homes_;
  spec::IdVector<spec::TensorId, const PlacedHome*> home_of_;
};

}  // namespace heat::offline::mapper
