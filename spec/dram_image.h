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

// What a run gives a tensor of kind input in place of what the image holds.
struct InputFile {
  std::string tensor, file;  // the file: the tensor's bytes
};

// Reads a schedule and the image that it names, and verifies both; then puts `inputs` in the image and verifies them.
// Throws ScheduleError with all problems of the two (an image of another checksum than the schedule's "data_crc32" is
// one; it is that of the image, whatever `inputs` replace) or else of the inputs, FileError when a file cannot be read.
ScheduleWithData load_with_data(const std::string& path, const std::vector<InputFile>& inputs = {});

}  // namespace heat::spec
