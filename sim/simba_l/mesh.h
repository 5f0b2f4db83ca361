// A 2D mesh network (the NoC of a chiplet, the NoP of the package): when a packet arrives, given what else is under
// way. Plain class, no kernel.
//
// Modelled: XY routing; one packet at a time on each link, injection and ejection port, for as many cycles as it has
// flits; multicast along the XY tree with every link used once. A packet of L flits over H hops takes base_cycles +
// hop_cycles * H + L - 1 cycles at zero load. Not modelled: finite router buffers (a packet that waits for a link holds
// no other) and the arbitration of single flits.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "sim/simba_l/calendar.h"
#include "spec/arch_spec.h"
#include "spec/ids.h"
#include "spec/run_floor.h"

namespace heat::simba {

// A local port of a router. Node: what the mesh connects, spec::PeId or spec::ChipletId.
template <class Node>
struct Endpoint {
  Node node;
  int port = 0;
};

template <class Node>
class Mesh {
 public:
  using Endpoint = simba::Endpoint<Node>;
  Mesh(const spec::MeshSpec& spec, int local_ports);

  // Cycle in which the last flit arrives, for a packet that may leave at `now`.
  std::int64_t transfer(std::int64_t now, Endpoint source, Endpoint destination, std::int64_t bytes);
  // The same to several destinations: arrival cycles in `arrivals`; returns the links of the tree.
  int multicast(std::int64_t now, Endpoint source, const std::vector<Endpoint>& destinations, std::int64_t bytes,
                std::vector<std::int64_t>& arrivals);

  int hops(Node from, Node to) const;
  std::int64_t flits(std::int64_t bytes) const;
  // Cycles of a packet of one flit at zero load: a request, an acknowledgement.
  std::int64_t message_cycles(Node from, Node to) const {
    return spec_.base_cycles + spec_.hop_cycles * hops(from, to);
  }
  // Keeps when each link is busy in `busy`, by prefix + "link" + its routers, "2_3".
  void keep(std::map<std::string, Calendar::Spans>& busy, const std::string& prefix);
  // Adds every link, `kind` + "_link", and the local ports of every router, `kind` + "_port", under names that begin with
  // `prefix`: "link2_3", "router2.port0.out" (into the mesh is out of the node).
  void add_use(spec::BusiestUnits& units, const std::string& kind, const std::string& prefix) const;
  // Frees what lies before `now`, the kernel's time.
  void forget_before(std::int64_t now) { now_ = now; }

 private:
  // Calls visit(position in links_, "linkA_B") for every link from router A to its neighbour B.
  template <class Visit>
  void each_link(const Visit& visit) const;
  std::int64_t reserve(Calendar& calendar, std::int64_t earliest, std::int64_t duration) {
    calendar.forget_before(now_);
    return calendar.reserve(earliest, duration);
  }
  std::size_t slot(const Endpoint& e) const { return static_cast<std::size_t>(e.node.value * ports_ + e.port); }
  // Link leaving `node` towards the next router on the way to `to`; -1 at the destination.
  int next_link(int node, int to, int& next) const;

  spec::MeshSpec spec_;
  std::vector<spec::MeshPlace> places_;  // of the nodes
  std::vector<int> neighbours_;          // 4 * node + direction: east, west, south, north; -1 at an edge
  int ports_;
  std::vector<Calendar> links_;   // 4 * node + direction
  std::vector<Calendar> inject_;  // ports * node + port
  std::vector<Calendar> eject_;
  std::vector<std::int64_t> head_;   // of the present multicast, per link
  std::vector<std::uint64_t> mark_;  // multicast that last used the link
  std::uint64_t multicast_ = 0;
  std::int64_t now_ = 0;  // a link or port forgets what lies before when it is used next
};

extern template class Mesh<spec::PeId>;
extern template class Mesh<spec::ChipletId>;
using Noc = Mesh<spec::PeId>;
using Nop = Mesh<spec::ChipletId>;

}  // namespace heat::simba
