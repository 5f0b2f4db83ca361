// Ways over the two networks, worked out link by link for the bounds.
#pragma once

#include <vector>

#include "spec/arch_spec.h"

namespace heat::offline::certificate {

// From the DRAM's ports to the first 0, 1, 2, ... chiplets (or back), the mean over the ports.
struct PackageWays {
  std::vector<double> tree;     // links of the tree to all of them
  std::vector<double> hops;     // links to each, summed
  std::vector<double> busiest;  // packets over the busiest link or port when each gets one
  std::vector<double> far;      // links to the farthest
  explicit PackageWays(const spec::ArchSpec& arch);
};

// Links from the global buffer, which is at PE 0, to each PE.
std::vector<int> distances(const spec::MeshSpec& noc);
// Links to the farthest of 0, 1, 2, ... PEs, wherever they are: at least so many.
std::vector<int> least_farthest(std::vector<int> distances);

}  // namespace heat::offline::certificate
