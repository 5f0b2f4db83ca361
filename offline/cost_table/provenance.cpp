// Inputs that are large are noted as FNV-1a fingerprints: enough to notice that one changed. What later writers need to
// go on (the model's parameters, the options) is noted in full.
#include "offline/cost_table/provenance.h"

#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "base/errors.h"

namespace heat::offline {
namespace {

std::string fingerprint(const void* data, std::size_t bytes) {
  std::uint64_t hash = 14695981039346656037ULL;
  for (std::size_t i = 0; i < bytes; ++i) hash = (hash ^ static_cast<const unsigned char*>(data)[i]) * 1099511628211ULL;
  std::ostringstream text;
  text << std::hex << hash;
  return text.str();
}

// Written and read in one place: table_options takes it apart again.
std::string options_note(const BuildOptions& o) {
  nlohmann::ordered_json note = {
      {"iterations", o.iterations}, {"paths", o.paths}, {"max_path_macs", o.max_path_macs}, {"seed", o.seed}};
  return note.dump();
}

[[noreturn]] void refuse(const std::string& name, const std::string& stored, const std::string& now) {
  throw base::ConfigError("the cost table was made with another " + name + ":\n    table: " + stored +
                          "\n    now:   " + now + "\n  use another output folder");
}

void check_note(CostTable& table, const std::string& name, const std::string& text) {
  const auto stored = table.note(name);
  if (stored && *stored != text) refuse(name, *stored, text);
  if (!stored) table.set_note(name, text);
}

nlohmann::json read_note(const CostTable& table, const char* name) {
  const auto text = table.note(name);
  nlohmann::json note = text ? nlohmann::json::parse(*text, nullptr, false) : nlohmann::json();
  if (!note.is_object()) throw base::ConfigError(std::string("the cost table does not say its ") + name);
  return note;
}

}  // namespace

std::string fingerprint(const std::string& text) {
  return fingerprint(text.data(), text.size());
}

std::string architecture_note(const spec::ArchSpec& arch, const spec::EnergyTable& energy) {
  return arch.name + " " + fingerprint(to_json(arch).dump() + to_json(energy).dump());
}

std::string calibration_note(const machines::Calibration& calibration) {
  return to_json(calibration).dump();
}

void check_notes(CostTable& table, const std::vector<WeightMatrix>& matrices, const spec::ArchSpec& arch,
                 const spec::EnergyTable& energy, const machines::Calibration& calibration, const BuildOptions& o) {
  check_note(table, "architecture", architecture_note(arch, energy));
  check_note(table, "calibration", calibration_note(calibration));
  check_note(table, "options", options_note(o));
  std::map<std::string, std::string> notes;
  for (const WeightMatrix& m : matrices) {
    std::string& note = notes["matrix " + std::to_string(m.rows) + "x" + std::to_string(m.cols)];
    note +=
        (note.empty() ? "" : "; ") + m.origin + " " + fingerprint(m.values.data(), m.values.size() * sizeof(double));
  }
  for (const auto& [name, text] : notes) check_note(table, name, text);
}

void check_architecture(const CostTable& table, const spec::ArchSpec& arch, const spec::EnergyTable& energy) {
  const std::string now = architecture_note(arch, energy), stored = table.note("architecture").value_or("none");
  if (stored != now) refuse("architecture", stored, now);
}

machines::Calibration table_calibration(const CostTable& table) {
  return machines::calibration_from_json(read_note(table, "calibration"), "the cost table's calibration");
}

BuildOptions table_options(const CostTable& table) {
  const nlohmann::json note = read_note(table, "options");
  BuildOptions o;
  o.iterations = note.at("iterations").get<int>();
  o.paths = note.at("paths").get<int>();
  o.max_path_macs = note.at("max_path_macs").get<double>();
  o.seed = note.at("seed").get<std::uint64_t>();
  return o;
}

}  // namespace heat::offline
