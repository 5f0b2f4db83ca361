// Cut-through with a reservation per link: the head enters the first link with the injection, each further link
// hop_cycles later, and the ejection port hop_cycles + base_cycles after the last link; every stage is held for L
// cycles. Zero-load latency and the completion of scatter and gather agree with BookSim 2's
// (tests/sim/simba_l/mesh_test.cpp).
#include "sim/simba_l/mesh.h"

#include <cstdlib>

#include "machines/simba/transfer.h"

namespace heat::simba {

template <class Node>
Mesh<Node>::Mesh(const spec::MeshSpec& spec, int local_ports) : spec_(spec), ports_(local_ports) {
  const auto nodes = static_cast<std::size_t>(spec.nodes());
  for (int n = 0; n < spec.nodes(); ++n) places_.push_back(spec.place(n));
  for (const spec::MeshPlace& at : places_)
    for (const spec::MeshPlace& to :
         {spec::MeshPlace{at.x + 1, at.y}, {at.x - 1, at.y}, {at.x, at.y + 1}, {at.x, at.y - 1}})
      neighbours_.push_back(spec.holds(to) ? spec.node_at(to) : -1);
  links_.resize(4 * nodes);
  head_.resize(4 * nodes);
  mark_.resize(4 * nodes);
  inject_.resize(nodes * static_cast<std::size_t>(local_ports));
  eject_.resize(nodes * static_cast<std::size_t>(local_ports));
}

template <class Node>
int Mesh<Node>::hops(Node from, Node to) const {
  const spec::MeshPlace f = places_[static_cast<std::size_t>(from.value)],
                        t = places_[static_cast<std::size_t>(to.value)];
  return std::abs(f.x - t.x) + std::abs(f.y - t.y);
}

template <class Node>
std::int64_t Mesh<Node>::flits(std::int64_t bytes) const {
  return machines::simba::transfer_cycles(bytes, spec_.link_bytes_per_cycle);
}

template <class Node>
int Mesh<Node>::next_link(int node, int to, int& next) const {
  const spec::MeshPlace at = places_[static_cast<std::size_t>(node)], end = places_[static_cast<std::size_t>(to)];
  const int direction = at.x < end.x ? 0 : at.x > end.x ? 1 : at.y < end.y ? 2 : at.y > end.y ? 3 : -1;
  if (direction < 0) return -1;
  const int link = 4 * node + direction;
  next = neighbours_[static_cast<std::size_t>(link)];
  return link;
}

template <class Node>
std::int64_t Mesh<Node>::transfer(std::int64_t now, Endpoint source, Endpoint destination, std::int64_t bytes) {
  static thread_local std::vector<std::int64_t> arrivals;
  static thread_local std::vector<Endpoint> destinations(1);
  destinations[0] = destination;
  multicast(now, source, destinations, bytes, arrivals);
  return arrivals[0];
}

template <class Node>
int Mesh<Node>::multicast(std::int64_t now, Endpoint source, const std::vector<Endpoint>& destinations,
                          std::int64_t bytes, std::vector<std::int64_t>& arrivals) {
  const std::int64_t length = flits(bytes);
  ++multicast_;
  int used = 0;
  const std::int64_t start = reserve(inject_[slot(source)], now, length);
  arrivals.clear();
  for (const Endpoint& destination : destinations) {
    std::int64_t head = start;  // earliest entry into the next stage
    int node = source.node.value, next = node;
    for (int link; (link = next_link(node, destination.node.value, next)) >= 0; node = next) {
      const auto l = static_cast<std::size_t>(link);
      if (mark_[l] != multicast_) {
        mark_[l] = multicast_;
        head_[l] = reserve(links_[l], head, length);
        ++used;
      }
      head = head_[l] + spec_.hop_cycles;
    }
    arrivals.push_back(reserve(eject_[slot(destination)], head + spec_.base_cycles, length) + length - 1);
  }
  return used;
}

template <class Node>
template <class Visit>
void Mesh<Node>::each_link(const Visit& visit) const {
  for (int from = 0; from < spec_.nodes(); ++from)
    for (int to = 0; to < spec_.nodes(); ++to) {
      int next = from;
      const int link = next_link(from, to, next);
      if (link >= 0 && next == to)
        visit(static_cast<std::size_t>(link), "link" + std::to_string(from) + "_" + std::to_string(to));
    }
}

template <class Node>
void Mesh<Node>::keep(std::map<std::string, Calendar::Spans>& busy, const std::string& prefix) {
  each_link([&](std::size_t link, const std::string& name) { links_[link].keep(busy[prefix + name]); });
}

template <class Node>
void Mesh<Node>::add_use(spec::BusiestUnits& units, const std::string& kind, const std::string& prefix) const {
  each_link([&](std::size_t link, const std::string& name) {
    units.add(kind + "_link", prefix + name, links_[link].used());
  });
  for (int node = 0; node < spec_.nodes(); ++node)
    for (int port = 0; port < ports_; ++port) {
      const auto slot = static_cast<std::size_t>(node * ports_ + port);
      const std::string name = prefix + "router" + std::to_string(node) + ".port" + std::to_string(port);
      units.add(kind + "_port", name + ".out", inject_[slot].used());
      units.add(kind + "_port", name + ".in", eject_[slot].used());
    }
}

template class Mesh<spec::PeId>;
template class Mesh<spec::ChipletId>;

}  // namespace heat::simba
