// When the units of a run worked: the union of a unit's busy intervals.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "traces/reader.h"

namespace heat::traces {

// "pe" for "pe12"; names without trailing digits stay.
std::string unit_kind(const std::string& unit_name);

// False for the kinds of interval in which a unit waits ("stall", "wait", "idle").
bool is_busy_kind(const std::string& interval_kind);

// The units that have intervals, ordered by id; others only carry counters.
std::vector<UnitRow> working_units(const Reader& reader);

// Visits the stretches of time in which units worked, ordered by start; those of one unit do not overlap.
void for_each_busy_stretch(
    const Reader& reader,
    const std::function<void(std::int32_t unit, std::int64_t start_cycle, std::int64_t end_cycle)>& visit);

}  // namespace heat::traces
