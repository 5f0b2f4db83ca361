// Axes by number: group x 4 + dimension, then the two orders.
#include "offline/certificate/choice_box.h"

#include <algorithm>

namespace heat::offline::certificate {

using spec::LoopDim;

std::string axis_name(std::size_t axis) {
  if (axis == kGbOrder) return "gb_order";
  if (axis == kWaveOrder) return "wave_order";
  static constexpr std::array<const char*, 3> kGroups{"spatial.", "pe_tile.", "gb_tile."};
  return std::string(kGroups[axis / 4]) + spec::loop_dim_name(static_cast<LoopDim>(axis % 4));
}

std::optional<std::size_t> axis_of(const std::string& name) {
  for (std::size_t axis = 0; axis < kAxes; ++axis)
    if (axis_name(axis) == name) return axis;
  return std::nullopt;
}

Box Box::all(const spec::Extents& extents, std::int64_t pes) {
  Box box;
  for (std::size_t d = 0; d < 4; ++d) {
    const std::int64_t extent = extents[static_cast<LoopDim>(d)];
    box.range[kSpatial + d] = {1, pes};
    box.range[kPeTile + d] = box.range[kGbTile + d] = {1, extent};
  }
  box.range[kGbOrder] = {0, static_cast<std::int64_t>(kGbOrders.size()) - 1};
  box.range[kWaveOrder] = {0, static_cast<std::int64_t>(kWaveOrders.size()) - 1};
  return box;
}

double Box::count() const {
  double product = 1;
  for (const Range& r : range) product *= static_cast<double>(r.count());
  return product;
}

bool Box::holds(const spec::GemmMapping& m) const {
  const auto in = [&](std::size_t axis, std::int64_t value) {
    return range[axis].low <= value && value <= range[axis].high;
  };
  const std::array<std::int64_t, 4> split{m.spatial.b, m.spatial.m, m.spatial.n, m.spatial.k};
  for (std::size_t d = 0; d < 4; ++d) {
    const auto dim = static_cast<LoopDim>(d);
    if (!in(kSpatial + d, split[d]) || !in(kPeTile + d, m.pe_tile[dim]) || !in(kGbTile + d, m.gb_tile[dim]))
      return false;
  }
  const auto number = [](const auto& orders, const auto& order) {
    return std::find(orders.begin(), orders.end(), order) - orders.begin();
  };
  return in(kGbOrder, number(kGbOrders, m.gb_order)) && in(kWaveOrder, number(kWaveOrders, m.wave_order));
}

Box Box::lower(std::size_t axis, std::int64_t at) const {
  Box box = *this;
  box.range[axis].high = at;
  return box;
}

Box Box::upper(std::size_t axis, std::int64_t at) const {
  Box box = *this;
  box.range[axis].low = at + 1;
  return box;
}

spec::GemmMapping Box::mapping_of(const std::array<std::int64_t, kAxes>& at) {
  const auto four = [&](std::size_t from) { return spec::Extents{at[from], at[from + 1], at[from + 2], at[from + 3]}; };
  const spec::Extents split = four(kSpatial);
  return {four(kGbTile),
          kGbOrders[static_cast<std::size_t>(at[kGbOrder])],
          four(kPeTile),
          {split.b, split.m, split.n, split.k},
          kWaveOrders[static_cast<std::size_t>(at[kWaveOrder])]};
}

}  // namespace heat::offline::certificate
