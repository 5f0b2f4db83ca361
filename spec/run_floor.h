// How near a run comes to what its machine could do at best: the floor, and how busy each kind of resource was.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace heat::spec {

// A bound that no mapping of the network on the machine gets below: so much of something, so much of it a cycle.
struct FloorTerm {
  std::string name;  // "macs", "weight_bytes"
  std::int64_t amount = 0;
  double per_cycle = 0;
  double cycles() const { return static_cast<double>(amount) / per_cycle; }
};

// The unit of a kind of resource that had work in most cycles of the run.
struct ResourceUse {
  std::string kind;     // "mac_array", "gb_read_port", "nop_link", ...
  std::string busiest;  // "chiplet0.pe3"
  std::int64_t busy_cycles = 0;
};

struct RunFloor {
  std::vector<FloorTerm> terms;
  std::vector<ResourceUse> resources;
  std::int64_t cycles = 0;  // of the run

  // The term with most cycles. Precondition: there is one.
  const FloorTerm& bound() const;
  // The run's cycles over the floor's.
  double distance() const;
};

// Keeps the busiest unit of every kind, in the order in which kinds come. Of equally busy ones the first.
class BusiestUnits {
 public:
  void add(const std::string& kind, const std::string& unit, std::int64_t busy_cycles);
  const std::vector<ResourceUse>& list() const { return list_; }

 private:
  std::vector<ResourceUse> list_;
};

// {"cycles", "bound", "distance", "terms": [{"name", "amount", "per_cycle", "cycles"}]}
nlohmann::ordered_json floor_json(const RunFloor& run);
// [{"kind", "busiest", "busy_cycles", "share"}]
nlohmann::ordered_json resources_json(const RunFloor& run);
// Both for people, lines indented by two; empty when there are no terms.
std::string to_text(const RunFloor& run);

}  // namespace heat::spec
