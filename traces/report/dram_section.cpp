// Two passes over the requests: the range of addresses, then the sums.
#include "traces/report/dram_section.h"

#include <algorithm>
#include <array>
#include <limits>
#include <map>

namespace heat::traces {
namespace {

using Json = nlohmann::ordered_json;

struct Slice {
  std::int64_t read_bytes = 0, write_bytes = 0, requests = 0, hits = 0;
};

struct AddressRange {
  std::int64_t low = std::numeric_limits<std::int64_t>::max(), high = 0;
  bool empty() const { return high <= low; }
};

AddressRange touched(const Reader& reader) {
  AddressRange range;
  reader.for_each_dram_transaction([&](const DramTransactionRow& t) {
    range.low = std::min(range.low, t.address);
    range.high = std::max(range.high, t.address + t.bytes);
  });
  return range;
}

}  // namespace

Json dram_over_time(const Reader& reader, int bins, int address_rows) {
  const AddressRange range = touched(reader);
  if (range.empty()) return nullptr;
  const double bin_cycles = std::max(1.0, static_cast<double>(reader.run().cycles)) / bins;
  const double row_bytes = static_cast<double>(range.high - range.low) / address_rows;
  std::vector<Slice> slices(static_cast<std::size_t>(bins));
  std::map<std::pair<int, int>, std::int64_t> cells;
  std::array<std::int64_t, 3> results{};
  reader.for_each_dram_transaction([&](const DramTransactionRow& t) {
    const int bin = std::clamp(static_cast<int>(static_cast<double>(t.finish_cycle) / bin_cycles), 0, bins - 1);
    const int row =
        std::clamp(static_cast<int>(static_cast<double>(t.address - range.low) / row_bytes), 0, address_rows - 1);
    Slice& slice = slices[static_cast<std::size_t>(bin)];
    (t.is_write ? slice.write_bytes : slice.read_bytes) += t.bytes;
    ++slice.requests;
    slice.hits += t.row_result == RowResult::kHit ? 1 : 0;
    ++results[static_cast<std::size_t>(t.row_result)];
    cells[{bin, row}] += t.bytes;
  });
  Json reads = Json::array(), writes = Json::array(), rates = Json::array(), cell_list = Json::array();
  for (const Slice& s : slices) {
    reads.push_back(s.read_bytes);
    writes.push_back(s.write_bytes);
    rates.push_back(s.requests > 0 ? Json(static_cast<double>(s.hits) / static_cast<double>(s.requests))
                                   : Json(nullptr));
  }
  for (const auto& [place, bytes] : cells) cell_list.push_back({place.first, place.second, bytes});
  return {{"requests", results[0] + results[1] + results[2]},
          {"row_hits", results[0]},
          {"row_misses", results[1]},
          {"row_conflicts", results[2]},
          {"bin_cycles", bin_cycles},
          {"read_bytes", reads},
          {"write_bytes", writes},
          {"row_hit_rate", rates},
          {"lowest_address", range.low},
          {"highest_address", range.high},
          {"address_rows", address_rows},
          {"cells", cell_list}};
}

}  // namespace heat::traces
