// Routes go along x, then along y.
#include "offline/certificate/mesh_facts.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

namespace heat::offline::certificate {
namespace {

using Place = std::pair<int, int>;
using Link = std::pair<Place, Place>;

std::vector<Link> route(spec::MeshPlace from, spec::MeshPlace to) {
  std::vector<Link> links;
  const auto go = [&](int& at, int end) {
    while (at != end) {
      const Place before{from.x, from.y};
      at += at < end ? 1 : -1;
      links.push_back({before, {from.x, from.y}});
    }
  };
  go(from.x, to.x);
  go(from.y, to.y);
  return links;
}

}  // namespace

PackageWays::PackageWays(const spec::ArchSpec& arch) : tree{0}, hops{0}, busiest{0}, far{0} {
  const std::vector<int>& ports = arch.dram_ports.chiplets;
  const auto count = static_cast<double>(ports.size());
  std::vector<std::set<Link>> trees(ports.size());
  std::map<Link, int> packets;
  double most = 0;
  for (int chiplet = 0; chiplet < arch.chiplets(); ++chiplet) {
    double links = 0, in_trees = 0;
    for (std::size_t p = 0; p < ports.size(); ++p) {
      for (const Link& link : route(arch.nop.place(ports[p]), arch.nop.place(chiplet))) {
        trees[p].insert(link);
        most = std::max<double>(most, ++packets[link]);
        ++links;
      }
      in_trees += static_cast<double>(trees[p].size());
    }
    tree.push_back(in_trees / count);
    hops.push_back(hops.back() + links / count);
    far.push_back(std::max(far.back(), links / count));
    // A port sends one to every chiplet, a chiplet takes one from every port.
    busiest.push_back(std::max({most, chiplet + 1.0, count}) / count);
  }
}

std::vector<int> distances(const spec::MeshSpec& noc) {
  std::vector<int> links;
  for (int pe = 0; pe < noc.nodes(); ++pe) links.push_back(static_cast<int>(route(noc.place(0), noc.place(pe)).size()));
  return links;
}

std::vector<int> least_farthest(std::vector<int> distances) {
  std::sort(distances.begin(), distances.end());
  distances.insert(distances.begin(), 0);
  return distances;
}

}  // namespace heat::offline::certificate
