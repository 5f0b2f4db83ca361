// Cut-through with a reservation per link: the head enters the first link with the injection, each further link
// hop_cycles later, and the ejection port hop_cycles + base_cycles after the last link; every stage is held for L
// cycles. Zero-load latency and the completion of scatter and gather agree with BookSim 2's
// (tests/sim/simba_l/mesh_test.cpp).
#include "sim/simba_l/mesh.h"

#include <cmath>
#include <cstdlib>

namespace heat::simba {

Mesh::Mesh(const spec::MeshSpec& spec, int local_ports) : spec_(spec), ports_(local_ports) {
  const auto nodes = static_cast<std::size_t>(spec.nodes());
  links_.resize(4 * nodes);
  head_.resize(4 * nodes);
  mark_.resize(4 * nodes);
  inject_.resize(nodes * static_cast<std::size_t>(local_ports));
  eject_.resize(nodes * static_cast<std::size_t>(local_ports));
}

int Mesh::hops(int from, int to) const {
  return std::abs(from % spec_.width - to % spec_.width) + std::abs(from / spec_.width - to / spec_.width);
}

std::int64_t Mesh::flits(std::int64_t bytes) const {
  return static_cast<std::int64_t>(std::ceil(static_cast<double>(bytes) / spec_.link_bytes_per_cycle));
}

int Mesh::next_link(int node, int to, int& next) const {
  const int x = node % spec_.width, to_x = to % spec_.width;
  if (x < to_x) return next = node + 1, 4 * node;
  if (x > to_x) return next = node - 1, 4 * node + 1;
  if (node < to) return next = node + spec_.width, 4 * node + 2;
  if (node > to) return next = node - spec_.width, 4 * node + 3;
  return -1;
}

std::int64_t Mesh::transfer(std::int64_t now, Endpoint source, Endpoint destination, std::int64_t bytes) {
  static thread_local std::vector<std::int64_t> arrivals;
  static thread_local std::vector<Endpoint> destinations(1);
  destinations[0] = destination;
  multicast(now, source, destinations, bytes, arrivals);
  return arrivals[0];
}

int Mesh::multicast(std::int64_t now, Endpoint source, const std::vector<Endpoint>& destinations, std::int64_t bytes,
                    std::vector<std::int64_t>& arrivals) {
  const std::int64_t length = flits(bytes);
  ++multicast_;
  int used = 0;
  const std::int64_t start = inject_[static_cast<std::size_t>(source.node * ports_ + source.port)].reserve(now, length);
  arrivals.clear();
  for (const Endpoint& destination : destinations) {
    std::int64_t head = start;  // earliest entry into the next stage
    int node = source.node, next = node;
    for (int link; (link = next_link(node, destination.node, next)) >= 0; node = next) {
      const auto l = static_cast<std::size_t>(link);
      if (mark_[l] != multicast_) {
        mark_[l] = multicast_;
        head_[l] = links_[l].reserve(head, length);
        ++used;
      }
      head = head_[l] + spec_.hop_cycles;
    }
    Calendar& port = eject_[static_cast<std::size_t>(destination.node * ports_ + destination.port)];
    arrivals.push_back(port.reserve(head + spec_.base_cycles, length) + length - 1);
  }
  return used;
}

void Mesh::forget_before(std::int64_t now) {
  for (auto* list : {&links_, &inject_, &eject_})
    for (Calendar& calendar : *list) calendar.forget_before(now);
}

}  // namespace heat::simba
