// What a report shows of one run.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "traces/reader.h"

namespace heat::traces {

// Busy share of every kind of unit in equal slices of the run: {bins, bin_cycles, kinds: [{kind, units, busy: []}]}.
// busy is the mean over the units of that kind; kinds without any busy interval are left out.
nlohmann::ordered_json utilization_over_time(const Reader& reader, int bins);

// Totals, nodes, groups, stalls by layer, utilisation and (when recorded) DRAM traffic of a run, under the name a
// report calls it by.
nlohmann::ordered_json run_section(const Reader& reader, const std::string& name);

// The run's layers as a series of report_data's `layers`; energy on account of no node is a layer "(shared)".
nlohmann::ordered_json layers_of_run(const Reader& reader);

}  // namespace heat::traces
