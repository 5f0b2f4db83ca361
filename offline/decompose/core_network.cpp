// Joining a side's cores first keeps both halves small until the one large product of rows and columns.
#include "offline/decompose/core_network.h"

#include <algorithm>
#include <map>
#include <set>

namespace heat::offline {

std::vector<std::int64_t> CoreShape::dims() const {
  std::vector<std::int64_t> dims;
  for (const CoreAxis& a : axes) dims.push_back(a.size);
  return dims;
}

std::vector<spec::Index> CoreShape::indices() const {
  std::vector<spec::Index> indices;
  for (const CoreAxis& a : axes) indices.push_back(a.index);
  return indices;
}

std::optional<std::size_t> CoreShape::axis_of(const spec::Index& index) const {
  for (std::size_t a = 0; a < axes.size(); ++a)
    if (axes[a].index == index) return a;
  return std::nullopt;
}

bool CoreNetwork::is_shared(const CoreAxis& axis) const {
  return std::count_if(cores.begin(), cores.end(),
                       [&](const CoreShape& c) { return c.axis_of(axis.index).has_value(); }) > 1;
}

std::string numbered(const TensorShape& shape, std::size_t mode, const char* row, const char* col) {
  const std::size_t rows = shape.row_modes.size();
  return mode < rows ? row + std::to_string(mode) : col + std::to_string(mode - rows);
}

std::string factor_name(const TensorShape& shape, std::size_t mode) {
  return numbered(shape, mode, "row", "col");
}

CoreAxis mode_axis(const TensorShape& shape, std::size_t mode) {
  const std::size_t rows = shape.row_modes.size();
  return {numbered(shape, mode, "m", "n"), mode < rows ? shape.row_modes[mode] : shape.col_modes[mode - rows],
          CoreAxis::Kind::kMode, mode};
}

CoreAxis rank_axis(const spec::Index& index, const Ranks& ranks, std::size_t rank) {
  return {index, ranks.at(rank), CoreAxis::Kind::kRank, rank};
}

namespace {

enum class Side { kNone, kRows, kColumns };

// The side that all of a core's modes are on.
Side side_of(const CoreShape& core, const TensorShape& shape) {
  bool rows = false, columns = false;
  for (const CoreAxis& a : core.axes)
    if (a.kind == CoreAxis::Kind::kMode) (a.number < shape.row_modes.size() ? rows : columns) = true;
  return rows == columns ? Side::kNone : rows ? Side::kRows : Side::kColumns;
}

}  // namespace

Reconstruction reconstruction_of(const CoreNetwork& network, const TensorShape& shape) {
  Reconstruction result;
  std::vector<bool> gone(network.cores.size(), false);
  for (const Side side : {Side::kRows, Side::kColumns}) {
    std::optional<std::size_t> first;
    std::set<spec::Index> joined;
    for (std::size_t c = 0; c < network.cores.size(); ++c) {
      if (side_of(network.cores[c], shape) != side) continue;
      const std::vector<spec::Index> indices = network.cores[c].indices();
      const bool shares = std::any_of(indices.begin(), indices.end(), [&](const auto& i) { return joined.count(i); });
      if (first && !shares) continue;
      if (first) {
        result.joins.push_back({*first, c});
        gone[c] = true;
      } else {
        first = c;
      }
      joined.insert(indices.begin(), indices.end());
    }
  }
  result.sides = result.joins.size();
  for (std::size_t c = 1; c < network.cores.size(); ++c)
    if (!gone[c]) result.joins.push_back({0, c});
  return result;
}

std::int64_t reconstruction_macs(const CoreNetwork& network, const TensorShape& shape) {
  using Sizes = std::map<spec::Index, std::int64_t>;
  std::vector<Sizes> operands;
  for (const CoreShape& core : network.cores) {
    operands.emplace_back();
    for (const CoreAxis& a : core.axes) operands.back()[a.index] = a.size;
  }
  std::set<spec::Index> modes;
  for (std::size_t n = 0; n < shape.order(); ++n) modes.insert(mode_axis(shape, n).index);
  std::int64_t macs = 0;
  for (const CoreJoin& j : reconstruction_of(network, shape).joins) {
    Sizes all = std::move(operands[j.into]);
    all.merge(operands[j.from]);
    operands[j.from].clear();
    operands[j.into].clear();
    std::int64_t step = 1;
    for (const auto& [index, size] : all) step *= size;
    macs += step;
    for (const auto& [index, size] : all) {
      const bool needed = modes.count(index) || std::any_of(operands.begin(), operands.end(),
                                                            [&, &i = index](const Sizes& o) { return o.count(i) > 0; });
      if (needed) operands[j.into][index] = size;
    }
  }
  return macs;
}

}  // namespace heat::offline
