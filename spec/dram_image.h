// What the DRAM holds before a run: the tensors that are given, each at its address.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "spec/schedule.h"

namespace heat::spec {

// CRC-32 (zlib's) of all that the outputs follow from: the workload's JSON without blanks, then the bytes of every given
// tensor in the workload's order. So it holds a schedule to its image, whatever the plan makes of the addresses. Every
// given tensor must lie within `image`, the DRAM from address 0.
std::uint32_t data_crc32(const Schedule& schedule, const std::vector<std::uint8_t>& image);

// Adds every fault of the data itself: tensors beyond the image's end, parameter records that spec/arithmetic.h does not
// define (spec/verify_parameters.h). True when every given tensor lies within the image.
bool verify_given_data(const Schedule& schedule, const std::vector<std::uint8_t>& image, base::Problems& problems);

struct ScheduleWithData {
  Schedule schedule;
  std::vector<std::uint8_t> image;  // the DRAM from address 0
};

// Reads a schedule and the image that it names, and verifies both. Throws ScheduleError with all problems of the two
// (an image of another checksum than the schedule's "data_crc32" is one), FileError when the image cannot be read.
ScheduleWithData load_with_data(const std::string& path);

}  // namespace heat::spec
