// Boxes of mappings: a range for each of the choices that make one (spec/mapping.h).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "spec/mapping.h"

namespace heat::offline::certificate {

// The choices of a mapping, one axis each: four for the spatial split, the PE tile and the tile of the global buffer
// (b, m, n, k), then a number of kGbOrders and one of kWaveOrders.
constexpr std::size_t kSpatial = 0, kPeTile = 4, kGbTile = 8, kGbOrder = 12, kWaveOrder = 13, kAxes = 14;

constexpr spec::LoopDim kB = spec::LoopDim::kB, kM = spec::LoopDim::kM, kN = spec::LoopDim::kN, kK = spec::LoopDim::kK;
// First those that leave the inputs of a tile as they are where they can, then those that leave the weights.
constexpr std::array<std::array<spec::LoopDim, 3>, 6> kGbOrders{
    {{kB, kN, kM}, {kN, kB, kM}, {kN, kM, kB}, {kB, kM, kN}, {kM, kB, kN}, {kM, kN, kB}}};
constexpr std::array<std::array<spec::LoopDim, 2>, 2> kWaveOrders{{{kM, kN}, {kN, kM}}};

// "spatial.b" ... "wave_order".
std::string axis_name(std::size_t axis);
// The axis of that name; nothing: there is none.
std::optional<std::size_t> axis_of(const std::string& name);

// Values from `low` to `high` of a choice, both included.
struct Range {
  std::int64_t low = 1, high = 1;
  bool single() const { return low == high; }
  std::int64_t count() const { return high - low + 1; }
};

struct Box {
  std::array<Range, kAxes> range;
  // All mappings of a node of these extents on so many PEs: those that are not legal among them.
  static Box all(const spec::Extents& extents, std::int64_t pes);
  // Mappings in it, legal or not.
  double count() const;
  bool holds(const spec::GemmMapping& mapping) const;
  // The part up to `at` of an axis and the part behind; low <= at < high.
  Box lower(std::size_t axis, std::int64_t at) const;
  Box upper(std::size_t axis, std::int64_t at) const;
  // Of which every choice is the first, or the last.
  spec::GemmMapping lowest() const { return corner(&Range::low); }
  spec::GemmMapping highest() const { return corner(&Range::high); }
  // Calls visit(mapping) for every mapping in it.
  template <class Visit>
  void for_each(Visit visit) const {
    std::array<std::int64_t, kAxes> at{};
    for (std::size_t a = 0; a < kAxes; ++a) at[a] = range[a].low;
    for (std::size_t a = 0; a < kAxes;) {
      visit(mapping_of(at));
      for (a = 0; a < kAxes && at[a] == range[a].high; ++a) at[a] = range[a].low;
      if (a < kAxes) ++at[a];
    }
  }

 private:
  spec::GemmMapping corner(std::int64_t Range::*end) const {
    std::array<std::int64_t, kAxes> at{};
    for (std::size_t a = 0; a < kAxes; ++a) at[a] = range[a].*end;
    return mapping_of(at);
  }
  static spec::GemmMapping mapping_of(const std::array<std::int64_t, kAxes>& at);
};

}  // namespace heat::offline::certificate
