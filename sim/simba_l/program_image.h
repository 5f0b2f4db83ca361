// The program image the firmware interprets (firmware/include/simba_abi.h), built from a schedule for an architecture.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "sim/simba_l/tile_view.h"
#include "spec/arch_spec.h"
#include "spec/schedule.h"

namespace heat::simba {

class ProgramImage {
 public:
  // Throws ScheduleError with everything that the image's 32-bit words or the firmware's tables cannot hold, and with
  // uses of tensors that the machine has no way to run (a pinned tensor that its own group writes).
  ProgramImage(const spec::Schedule& schedule, const spec::ArchSpec& arch);

  const std::vector<std::uint32_t>& words() const { return words_; }
  // Chiplets that run it: the first so many.
  int chiplets() const;
  // The view at a word offset, as the address generators of the engines decode it.
  const ViewSpec& view(std::uint32_t offset) const { return views_.at(offset); }

 private:
  friend class ImageBuilder;
  std::vector<std::uint32_t> words_;
  std::unordered_map<std::uint32_t, ViewSpec> views_;
};

}  // namespace heat::simba
