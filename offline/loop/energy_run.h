// What a finished run spends energy on, as a linear function of an energy table's entries: from simba-sim's result (JSON)
// or from the run database that its --trace leaves.
#pragma once

#include <array>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "spec/energy_table.h"

namespace heat::offline {

// Entries of an energy table that a run's energy is linear in: pJ an action, then mW of static power.
constexpr std::size_t kEnergyEntries = spec::kActionCount + spec::kStaticPartCount;
using EnergyEntries = std::array<double, kEnergyEntries>;

// "action_pj.mac", "static_mw.pe", ...: section and key of the table's YAML.
std::string energy_entry_name(std::size_t entry);
std::vector<std::string> energy_entry_names();

EnergyEntries entries_of(const spec::EnergyTable& table);

struct EnergyRun {
  std::string file;
  nlohmann::json arch;  // resolved, as the run states it
  double latency_ns = 0;
  EnergyEntries pj_per_unit{};  // counts of actions; ns times instances of a part that draws static power
  double fixed_pj = 0;          // what no entry changes: the DRAM devices' energy

  double energy_pj(const EnergyEntries& entries) const;
};

// `path`: a result (JSON), a run database, or the folder of one (run.sqlite in it). Throws TraceError, which names the
// file, when it is none of these or when the run's energy is not what its own table makes of its counts; FileError when
// it cannot be read.
EnergyRun read_energy_run(const std::string& path);

// The first key in which a run's machine differs from `arch`, with both values; empty when they agree. The energy table's
// file is no part of a machine.
std::string machine_difference(const EnergyRun& run, const nlohmann::json& arch);

}  // namespace heat::offline
