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

// The PE that computes part (b, m, n) of a wave: PEs are filled n first, then m, then b.
inline int pe_of(const spec::SpatialSplit& s, std::int64_t b, std::int64_t m, std::int64_t n) {
  return static_cast<int>(simba_pe(b, m, n, s.m, s.n));
}

// Links from PE 0 to the farthest of the PEs that compute parts (0, 0, 0) .. (b - 1, m - 1, n - 1) of a wave.
int farthest_hops(const spec::MeshSpec& noc, const spec::SpatialSplit& s, std::int64_t b, std::int64_t m,
                  std::int64_t n);

// Multicast trees of one spatial split, from the global buffer at PE 0.
struct SplitLinks {
  // weight_links(ib, im, a): links of the tree to the first `a` PEs along n that share part (ib, im) of the weights.
  std::vector<int> weight, input, hops;
  spec::SpatialSplit split;
  int weight_links(std::int64_t ib, std::int64_t im, std::int64_t a) const {
    return weight[static_cast<std::size_t>((ib * split.m + im) * split.n + a - 1)];
  }
  // The first `a` PEs along m that share part (ib, in) of the inputs.
  int input_links(std::int64_t ib, std::int64_t in, std::int64_t a) const {
    return input[static_cast<std::size_t>((ib * split.n + in) * split.m + a - 1)];
  }
  int pe_hops(std::int64_t ib, std::int64_t im, std::int64_t in) const {
    return hops[static_cast<std::size_t>(pe_of(split, ib, im, in))];
  }
};

// Makes SplitLinks on demand and keeps them.
class LinkTables {
 public:
  explicit LinkTables(const spec::MeshSpec& noc) : noc_(noc) {}
  const SplitLinks& of(const spec::SpatialSplit& split);

 private:
  spec::MeshSpec noc_;
  std::map<std::tuple<std::int64_t, std::int64_t, std::int64_t>, SplitLinks> tables_;
};

}  // namespace heat::machines::simba
