// The tensors of a group whose hazards the firmware tracks by number: those in the global buffer, and those that the
// group both writes to DRAM and reads.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <vector>

#include "machines/simba/gb_layout.h"
#include "spec/schedule.h"

namespace heat::simba {

class TrackedObjects {
 public:
  // Of a group with this layout.
  TrackedObjects(const spec::Workload& workload, const spec::FusedGroup& group,
                 const machines::simba::GbLayout& layout);

  struct Place {
    spec::TensorId tensor;
    machines::simba::GbRange range;  // of the global buffer; empty: in DRAM
  };
  // Of the tracked tensors, by number.
  const std::vector<Place>& places() const { return places_; }
  std::optional<std::uint32_t> number(spec::TensorId tensor) const;
  // Odd steps have the next number.
  bool has_two(spec::TensorId tensor) const { return two_.count(tensor) != 0; }
  // Written to DRAM by a node of the group before another reads it.
  bool is_deferred(spec::TensorId tensor) const { return deferred_.count(tensor) != 0; }
  // Pinned tensors that a node of the group writes: none may be.
  const std::vector<spec::TensorId>& written_pins() const { return written_pins_; }

 private:
  void add(spec::TensorId tensor, const machines::simba::GbRange& range);
  std::map<spec::TensorId, std::uint32_t> numbers_;
  std::vector<Place> places_;
  std::set<spec::TensorId> deferred_, two_;
  std::vector<spec::TensorId> written_pins_;
};

}  // namespace heat::simba
