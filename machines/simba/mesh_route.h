// Distances on a mesh with XY routing.
#pragma once

#include <cstdlib>

#include "spec/arch_spec.h"

namespace heat::machines::simba {

// Links between two nodes.
inline int mesh_hops(const spec::MeshSpec& mesh, int from, int to) {
  const spec::MeshPlace f = mesh.place(from), t = mesh.place(to);
  return std::abs(f.x - t.x) + std::abs(f.y - t.y);
}

}  // namespace heat::machines::simba
