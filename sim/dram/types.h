// What goes into the cycle engine and what comes out of it. All times are memory-clock cycles from 0.
#pragma once

#include <cstdint>

namespace heat::dram {

using Cycle = std::int64_t;
constexpr Cycle kNever = INT64_MAX / 4;

// Place of an access inside its channel. bank counts through the channel: (rank, bank group, bank).
struct Place {
  std::int32_t rank = 0;
  std::int32_t bank_group = 0;
  std::int32_t bank = 0;
  std::int64_t row = 0;
  std::int64_t column = 0;
};

// One column access (DramOrganization::access_bytes).
struct Access {
  std::uint64_t line = 0;  // address / access_bytes: identity for forwarding and merging
  Place place;
  bool write = false;
  std::uint64_t tag = 0;  // handed back
};

enum class RowResult : std::uint8_t { kHit, kMiss, kConflict, kQueue };  // kQueue: answered by the write queue

// An access that is done: its data are (or will be) through at `finish`.
struct Completion {
  std::uint64_t tag = 0;
  Cycle arrival = 0;  // accepted into its queue
  Cycle issue = 0;    // of its column command
  Cycle finish = 0;
  bool write = false;
  RowResult row_result = RowResult::kHit;
  Place place;
};

}  // namespace heat::dram
