// Identifiers that cannot be exchanged for one another. An id indexes only the container of its own kind.
#pragma once

#include <cstdint>

namespace heat::spec {

template <class Tag>
struct Id {
  std::int32_t value = -1;
  constexpr Id() = default;
  constexpr explicit Id(std::int32_t v) : value(v) {}
  constexpr explicit operator bool() const { return value >= 0; }
  friend constexpr bool operator==(Id a, Id b) { return a.value == b.value; }
  friend constexpr bool operator!=(Id a, Id b) { return a.value != b.value; }
  friend constexpr bool operator<(Id a, Id b) { return a.value < b.value; }
};

using ChipletId = Id<struct ChipletTag>;
using PeId = Id<struct PeTag>;
using TensorId = Id<struct TensorTag>;
using NodeId = Id<struct NodeTag>;

}  // namespace heat::spec
