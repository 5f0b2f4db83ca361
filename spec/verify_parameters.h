// Whether parameter data is what spec/arithmetic.h defines: outside these ranges two implementations need not agree,
// shifts are undefined and divisors can be 0.
#pragma once

#include <cstdint>
#include <string>

#include "spec/schedule.h"

namespace heat::spec {

// Bytes of the parameter tensor `name`, little-endian records one after another.
struct ParameterBytes {
  const std::string& name;
  const std::uint8_t* data;
  std::int64_t size;
};

// Adds every fault of the numbers of a row operation: sums that overflow 64 bits.
void verify_row_numbers(const VectorNode& node, const std::string& place, base::Problems& problems);

// Adds every fault of the records that `node` reads from `tensor`, one of its parameters(); `place` begins the messages.
// Many faulty records of one kind make one message with the first of them and their number.
void verify_parameters(const Node& node, TensorId tensor, const ParameterBytes& bytes, const std::string& place,
                       base::Problems& problems);

}  // namespace heat::spec
