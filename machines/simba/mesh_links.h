// Links of XY-routed unicasts and multicast trees on a mesh, as the NoC and the NoP charge them.
#pragma once

#include <cstdint>
#include <map>
#include <tuple>
#include <vector>

#include "firmware/include/simba_shares.h"
#include "spec/arch_spec.h"
#include "spec/mapping.h"

namespace heat::machines::simba {

// Links of the union of the XY routes (x first) from `from` to every node of `to`.
int multicast_links(const spec::MeshSpec& mesh, int from, const std::vector<int>& to);

// For 1, 2, ... all nodes of the mesh, the first of them being the receivers of packets of `from`:
struct FirstNodes {
  // Links of the trees that multicast a packet of one sender, the mean over the senders.
  std::vector<double> tree_links;
  // Every sender sends an equal part of one packet to each of them: packets that pass the busiest link or local port.
  std::vector<double> busiest_packets;
};
// `own_stays`: what a sender has for itself passes no port.
FirstNodes to_first_nodes(const spec::MeshSpec& mesh, const std::vector<int>& from, bool own_stays);

// The PE that computes part (b, m, n, k) of a wave: PEs are filled k first, then n, m, b.
inline int pe_of(const spec::SpatialSplit& s, std::int64_t b, std::int64_t m, std::int64_t n, std::int64_t k) {
  return static_cast<int>(simba_pe(simba_output_tile(b, m, n, s.m, s.n), k, s.k));
}

// Multicast trees of one spatial split, from the global buffer at PE 0.
struct SplitLinks {
  std::vector<int> weight, input, hops;
  std::vector<int> chain;      // links from a PE along k to the one that drains its output tile, from PE to PE
  int busiest_chain_link = 0;  // times that all those ways together take the link that they take most
  spec::SpatialSplit split;
  // Links of the tree to the first `to` PEs along n that share part (ib, im, ik) of the weights.
  int weight_links(std::int64_t ib, std::int64_t im, std::int64_t ik, std::int64_t to) const {
    return weight[static_cast<std::size_t>(((ib * split.m + im) * split.k + ik) * split.n + to - 1)];
  }
  // To the first `to` PEs along m that share part (ib, in, ik) of the inputs.
  int input_links(std::int64_t ib, std::int64_t in, std::int64_t ik, std::int64_t to) const {
    return input[static_cast<std::size_t>(((ib * split.n + in) * split.k + ik) * split.m + to - 1)];
  }
  // From the PE that drains an output tile to the global buffer.
  int pe_hops(std::int64_t ib, std::int64_t im, std::int64_t in) const {
    return hops[static_cast<std::size_t>(pe_of(split, ib, im, in, 0))];
  }
  // From PE 0 to the farthest of those that compute the first `used` parts of a wave along each dimension.
  int farthest_hops(const spec::Extents& used) const;
  // Links that its sums take from PE to PE when the first `pes` along k have some.
  int chain_hops(std::int64_t ib, std::int64_t im, std::int64_t in, std::int64_t pes) const {
    return chain[static_cast<std::size_t>(pe_of(split, ib, im, in, pes - 1))];
  }
};

// Makes SplitLinks on demand and keeps them.
class LinkTables {
 public:
  explicit LinkTables(const spec::MeshSpec& noc) : noc_(noc) {}
  const SplitLinks& of(const spec::SpatialSplit& split);

 private:
  spec::MeshSpec noc_;
  std::map<std::tuple<std::int64_t, std::int64_t, std::int64_t, std::int64_t>, SplitLinks> tables_;
};

}  // namespace heat::machines::simba
