// A run's result as JSON, as text for people, and as a run database.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "sim/simba_l/simulation.h"

namespace heat::simba {

struct RunCost {
  double cpu_s = 0;
  std::int64_t peak_rss_bytes = 0;
  std::uint64_t kernel_deltas = 0;  // evaluation phases of the SystemC kernel
};
// Of this process, so far.
RunCost run_cost();

// The keys of docs/simulator.md.
nlohmann::ordered_json report_json(const spec::Schedule& schedule, const spec::ArchSpec& arch,
                                   const spec::EnergyTable& table, const RunOptions& options, const RunResult& result,
                                   const RunCost& cost);

// Copies in the package of every part that draws static power, by the part's name.
nlohmann::ordered_json static_instances_json(const spec::ArchSpec& arch);

// Cycles, time, energy by component, the costliest nodes.
std::string report_text(const spec::Schedule& schedule, const spec::ArchSpec& arch, const RunResult& result,
                        const RunCost& cost);

// 64-bit FNV-1a of the outputs, name by name, as 16 hex digits.
std::string output_hash(const RunResult& result);

}  // namespace heat::simba
