// Distances on a mesh with XY routing: node i sits at x = i % width, y = i / width.
#pragma once

#include <cstdlib>

#include "spec/arch_spec.h"

namespace heat::machines::simba {

// Links between two nodes.
inline int mesh_hops(const spec::MeshSpec& mesh, int from, int to) {
  return std::abs(from % mesh.width - to % mesh.width) + std::abs(from / mesh.width - to / mesh.width);
}

// Links of the longest route: corner to corner.
inline int mesh_diameter(const spec::MeshSpec& mesh) {
  return mesh.width + mesh.height - 2;
}

}  // namespace heat::machines::simba
