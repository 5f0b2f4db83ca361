// What a table's rows depend on beside their key, kept in its notes: every later writer goes on under the same
// conditions or is refused.
#pragma once

#include <string>
#include <vector>

#include "offline/cost_table/build.h"

namespace heat::offline {

// FNV-1a of the text, in hexadecimal.
std::string fingerprint(const std::string& text);

// The notes "architecture" (name and fingerprint) and "calibration" (the model's parameters).
std::string architecture_note(const spec::ArchSpec& arch, const spec::EnergyTable& energy);
std::string calibration_note(const machines::Calibration& calibration);

// Stores the notes of a new table. Throws spec::ConfigError naming the first that differs from a table's.
void check_notes(CostTable& table, const std::vector<WeightMatrix>& matrices, const spec::ArchSpec& arch,
                 const spec::EnergyTable& energy, const machines::Calibration& calibration,
                 const BuildOptions& options);

// Throws spec::ConfigError when the table was made for another machine.
void check_architecture(const CostTable& table, const spec::ArchSpec& arch, const spec::EnergyTable& energy);

// What the rows were computed with. Throw spec::ConfigError for a table without the note.
machines::Calibration table_calibration(const CostTable& table);
BuildOptions table_options(const CostTable& table);

}  // namespace heat::offline
