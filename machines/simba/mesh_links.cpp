// Routes are walked link by link; a tree is the set of distinct links.
#include "machines/simba/mesh_links.h"

#include <algorithm>
#include <set>

#include "machines/simba/mesh_route.h"

namespace heat::machines::simba {
namespace {

using Link = std::pair<int, int>;

// Calls `visit` with every link of the XY route.
template <class Visit>
void walk(const spec::MeshSpec& mesh, int from, int to, Visit visit) {
  spec::MeshPlace at = mesh.place(from);
  const spec::MeshPlace end = mesh.place(to);
  for (int node = from; node != to;) {
    if (at.x != end.x)
      at.x += end.x > at.x ? 1 : -1;
    else
      at.y += end.y > at.y ? 1 : -1;
    const int next = mesh.node_at(at);
    visit(Link{node, next});
    node = next;
  }
}

}  // namespace

int multicast_links(const spec::MeshSpec& mesh, int from, const std::vector<int>& to) {
  std::set<Link> links;
  for (int t : to) walk(mesh, from, t, [&](Link l) { links.insert(l); });
  return static_cast<int>(links.size());
}

FirstNodes to_first_nodes(const spec::MeshSpec& mesh, const std::vector<int>& from, bool own_stays) {
  FirstNodes first;
  std::vector<std::set<Link>> trees(from.size());
  std::map<Link, int> routes;
  int most = 0;
  std::size_t links = 0;
  const auto senders = static_cast<double>(from.size());
  for (int to = 0; to < mesh.nodes(); ++to) {
    for (std::size_t f = 0; f < from.size(); ++f)
      walk(mesh, from[f], to, [&](Link l) {
        links += trees[f].insert(l).second ? 1 : 0;
        most = std::max(most, ++routes[l]);
      });
    first.tree_links.push_back(static_cast<double>(links) / senders);
    // Out of a sender's port, into a receiver's.
    const int ports = std::max(to + 1, static_cast<int>(from.size())) - (own_stays ? 1 : 0);
    first.busiest_packets.push_back(static_cast<double>(std::max(most, ports)) / senders);
  }
  return first;
}

int farthest_hops(const spec::MeshSpec& noc, const spec::SpatialSplit& s, std::int64_t b, std::int64_t m,
                  std::int64_t n) {
  int most = 0;
  for (std::int64_t ib = 0; ib < b; ++ib)
    for (std::int64_t im = 0; im < m; ++im)
      for (std::int64_t in = 0; in < n; ++in) most = std::max(most, mesh_hops(noc, 0, pe_of(s, ib, im, in)));
  return most;
}

const SplitLinks& LinkTables::of(const spec::SpatialSplit& s) {
  const auto key = std::make_tuple(s.b, s.m, s.n);
  if (const auto found = tables_.find(key); found != tables_.end()) return found->second;
  SplitLinks t;
  t.split = s;
  for (std::int64_t b = 0; b < s.b; ++b) {
    for (std::int64_t m = 0; m < s.m; ++m) {
      std::vector<int> to;
      for (std::int64_t n = 0; n < s.n; ++n) {
        to.push_back(pe_of(s, b, m, n));
        t.weight.push_back(multicast_links(noc_, 0, to));
        t.hops.push_back(mesh_hops(noc_, to.back(), 0));
      }
    }
    for (std::int64_t n = 0; n < s.n; ++n) {
      std::vector<int> to;
      for (std::int64_t m = 0; m < s.m; ++m) {
        to.push_back(pe_of(s, b, m, n));
        t.input.push_back(multicast_links(noc_, 0, to));
      }
    }
  }
  return tables_.emplace(key, std::move(t)).first->second;
}

}  // namespace heat::machines::simba
