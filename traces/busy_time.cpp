// Intervals arrive ordered by start, so the union of a unit's is known from the largest end so far.
#include "traces/busy_time.h"

#include <algorithm>
#include <map>
#include <set>

namespace heat::traces {

std::string unit_kind(const std::string& unit_name) {
  const auto last = unit_name.find_last_not_of("0123456789");
  return last == std::string::npos ? unit_name : unit_name.substr(0, last + 1);
}

bool is_busy_kind(const std::string& kind) {
  return kind != "stall" && kind != "wait" && kind != "idle" && kind.rfind("stall.", 0) != 0;
}

std::vector<UnitRow> working_units(const Reader& reader) {
  std::set<std::int64_t> working;
  base::Statement s(reader.database(), "SELECT DISTINCT unit_id FROM interval");
  while (s.step()) working.insert(s.integer(0));
  std::vector<UnitRow> units = reader.units();
  units.erase(std::remove_if(units.begin(), units.end(), [&](const UnitRow& u) { return !working.count(u.id); }),
              units.end());
  return units;
}

void for_each_busy_stretch(const Reader& reader,
                           const std::function<void(std::int32_t, std::int64_t, std::int64_t)>& visit) {
  std::map<std::int32_t, std::int64_t> end_of_unit;
  reader.for_each_interval([&](const IntervalRow& i) {
    if (!is_busy_kind(i.kind)) return;
    std::int64_t& end = end_of_unit[i.unit];
    if (i.end_cycle > end) visit(i.unit, std::max(end, i.start_cycle), i.end_cycle);
    end = std::max(end, i.end_cycle);
  });
}

}  // namespace heat::traces
