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

int SplitLinks::farthest_hops(const spec::Extents& used) const {
  int most = 0;
  for (std::int64_t ib = 0; ib < used.b; ++ib)
    for (std::int64_t im = 0; im < used.m; ++im)
      for (std::int64_t in = 0; in < used.n; ++in)
        for (std::int64_t ik = 0; ik < used.k; ++ik)
          most = std::max(most, hops[static_cast<std::size_t>(pe_of(split, ib, im, in, ik))]);
  return most;
}

namespace {

// Trees to the PEs that share a part of the weights: those along n; of the inputs: along m.
void add_trees(const spec::MeshSpec& noc, bool weights, SplitLinks& t) {
  const spec::SpatialSplit& s = t.split;
  const std::int64_t parts = weights ? s.m : s.n, receivers = weights ? s.n : s.m;
  for (std::int64_t b = 0; b < s.b; ++b)
    for (std::int64_t part = 0; part < parts; ++part)
      for (std::int64_t k = 0; k < s.k; ++k) {
        std::vector<int> to;
        for (std::int64_t r = 0; r < receivers; ++r) {
          to.push_back(weights ? pe_of(s, b, part, r, k) : pe_of(s, b, r, part, k));
          (weights ? t.weight : t.input).push_back(multicast_links(noc, 0, to));
        }
      }
}

void add_chains(const spec::MeshSpec& noc, SplitLinks& t) {
  std::map<Link, int> packets;
  for (int pe = 0; pe < t.split.product(); ++pe) {
    t.hops.push_back(mesh_hops(noc, pe, 0));
    if (pe % t.split.k == 0) {
      t.chain.push_back(0);
      continue;
    }
    t.chain.push_back(t.chain.back() + mesh_hops(noc, pe, pe - 1));
    walk(noc, pe, pe - 1, [&](Link l) { t.busiest_chain_link = std::max(t.busiest_chain_link, ++packets[l]); });
  }
}

}  // namespace

const SplitLinks& LinkTables::of(const spec::SpatialSplit& s) {
  const auto key = std::make_tuple(s.b, s.m, s.n, s.k);
  if (const auto found = tables_.find(key); found != tables_.end()) return found->second;
  SplitLinks t;
  t.split = s;
  add_trees(noc_, true, t);
  add_trees(noc_, false, t);
  add_chains(noc_, t);
  return tables_.emplace(key, std::move(t)).first->second;
}

}  // namespace heat::machines::simba
