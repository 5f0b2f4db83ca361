// The tensor network of a decomposition: which axes its cores have, and what they mean. All that is done with cores
// (sizes, parameters, truncation, reconstruction, contraction with an input) follows from it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "spec/einsum.h"
#include "spec/form.h"

namespace heat::offline {

using spec::Form;
using spec::LayerForm;
using spec::product;
using spec::TensorShape;
using Ranks = std::vector<std::int64_t>;

// One axis of a core. Axes of the same index are summed (a rank) or free (a mode).
struct CoreAxis {
  enum class Kind { kMode, kRank };
  spec::Index index;  // "m0" row modes, "n0" column modes, the method's own names for ranks
  std::int64_t size = 1;
  Kind kind = Kind::kMode;
  std::size_t number = 0;  // position in TensorShape::modes(), or in the ranks
};

struct CoreShape {
  std::string name;  // unique in its network
  std::vector<CoreAxis> axes;

  std::vector<std::int64_t> dims() const;
  std::vector<spec::Index> indices() const;
  std::optional<std::size_t> axis_of(const spec::Index& index) const;
};

struct CoreNetwork {
  std::vector<CoreShape> cores;
  // The index whose components carry weights beside the cores (folded into them when deployed and not counted).
  std::optional<spec::Index> weighted;

  // Whether the axis ties cores together. One that does not has size 1 (the ends of a train) and no place in an einsum.
  bool is_shared(const CoreAxis& axis) const;
};

// An axis of mode `mode` of the shape, and one of rank `rank`.
CoreAxis mode_axis(const TensorShape& shape, std::size_t mode);
CoreAxis rank_axis(const spec::Index& index, const Ranks& ranks, std::size_t rank);
// "row0", "row1", ..., "col0", ...: the name of the factor of one mode.
std::string factor_name(const TensorShape& shape, std::size_t mode);
// "p1", "q0" and the like: row or col with the number of the mode on its side.
std::string numbered(const TensorShape& shape, std::size_t mode, const char* row, const char* col);

// Two operands of a list become one, in the place of the first.
struct CoreJoin {
  std::size_t into = 0, from = 0;  // positions in the network's cores, into < from where both are single cores
};
// The order in which cores become W': those of one side that share an index first (a Khatri-Rao product of CP's row
// factors, the row half of a ring), then all that is left in the order of the network. `sides`: how many of the joins
// are of the first kind.
struct Reconstruction {
  std::vector<CoreJoin> joins;
  std::size_t sides = 0;
};
Reconstruction reconstruction_of(const CoreNetwork& network, const TensorShape& shape);
// Multiply-accumulates of that order, without weights.
std::int64_t reconstruction_macs(const CoreNetwork& network, const TensorShape& shape);

}  // namespace heat::offline
