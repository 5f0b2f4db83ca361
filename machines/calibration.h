// The free parameters of the analytical model. Neutral by default; fitted from simulator runs by heat-offline
// calibrate.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "spec/energy_table.h"

namespace heat::machines {

// How the machine differs from the closed forms. All factors multiply, all *_cycles add. docs/mapper.md has the
// formulas.
struct Calibration {
  double dram_bandwidth_factor = 1.0;  // effective share of the DRAM port's bandwidth, in (0, 1]
  double dram_request_cycles =
      0.5;  // of a DRAM port or NoP link, per request: its last cycle is half full on average, and
            // streams of short runs close each other's rows
  double dram_latency_cycles = 60.0;     // of a read in the DRAM (HBM2: 30 of row, column and data) and its queues
  double load_overhead_cycles = 0.0;     // per load or store command, on the DRAM path
  double send_factor = 1.0;              // NoC cycles of sends, as a multiple of bytes / link width
  double compute_factor = 1.0;           // compute cycles, as a multiple
  double wave_overhead_cycles = 0.0;     // per wave, beside compute_overhead_cycles
  double command_overhead_cycles = 0.0;  // per controller command, beside command_cycles
  double overlap = 1.0;                // share of the shorter of memory and execution that double buffering hides, 0..1
  double node_overhead_cycles = 0.0;   // per execution of a node in a step
  double group_overhead_cycles = 0.0;  // per group, beside the handover of its results
  double dram_pj_per_byte = -1.0;      // device and interface; negative: the energy table's all-in figure
  double dram_background_mw = -1.0;    // negative: the energy table's figure
  double dynamic_energy_factor = 1.0;  // all energy but DRAM and static

  // The figures in force: fitted, or the energy table's when not.
  double dram_pj_per_byte_with(const spec::EnergyTable& energy) const;
  double dram_background_mw_with(const spec::EnergyTable& energy) const;

  // Reads a JSON file written by save. Throws ConfigError naming every unknown, missing or impossible value.
  static Calibration load(const std::string& path);
  void save(const std::string& path) const;

  friend bool operator==(const Calibration& x, const Calibration& y);
};

nlohmann::ordered_json to_json(const Calibration& calibration);
// Reads what to_json wrote. Throws ConfigError naming `place` and what is missing or impossible.
Calibration calibration_from_json(const nlohmann::json& json, const std::string& place);

}  // namespace heat::machines
