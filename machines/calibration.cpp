// One table of fields: reading, checking and writing follow it.
#include "machines/calibration.h"

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>

#include "base/atomic_file.h"
#include "base/config_reader.h"

namespace heat::machines {
namespace {

struct Field {
  const char* name;
  double Calibration::*member;
  double min, max;
};

constexpr Field kFields[] = {
    {"dram_bandwidth_factor", &Calibration::dram_bandwidth_factor, 0.01, 2.0},
    {"dram_request_cycles", &Calibration::dram_request_cycles, 0.0, 1e4},
    {"dram_latency_cycles", &Calibration::dram_latency_cycles, 0.0, 1e6},
    {"load_overhead_cycles", &Calibration::load_overhead_cycles, 0.0, 1e6},
    {"send_factor", &Calibration::send_factor, 0.01, 100.0},
    {"compute_factor", &Calibration::compute_factor, 0.01, 100.0},
    {"wave_overhead_cycles", &Calibration::wave_overhead_cycles, 0.0, 1e6},
    {"command_overhead_cycles", &Calibration::command_overhead_cycles, 0.0, 1e6},
    {"overlap", &Calibration::overlap, 0.0, 1.0},
    {"node_overhead_cycles", &Calibration::node_overhead_cycles, 0.0, 1e9},
    {"group_overhead_cycles", &Calibration::group_overhead_cycles, 0.0, 1e9},
    {"dram_pj_per_byte", &Calibration::dram_pj_per_byte, -1.0, 1e6},
    {"dram_background_mw", &Calibration::dram_background_mw, -1.0, 1e9},
    {"dynamic_energy_factor", &Calibration::dynamic_energy_factor, 0.01, 100.0},
};

}  // namespace

double Calibration::dram_pj_per_byte_with(const spec::EnergyTable& energy) const {
  return dram_pj_per_byte < 0 ? energy.dram_all_in_pj_per_byte() : dram_pj_per_byte;
}

double Calibration::dram_background_mw_with(const spec::EnergyTable& energy) const {
  return dram_background_mw < 0 ? energy.dram_background_mw() : dram_background_mw;
}

Calibration Calibration::load(const std::string& path) {
  base::Problems problems;
  Calibration c;
  base::ConfigReader r = base::ConfigReader::load(path, problems);
  for (const Field& f : kFields) c.*f.member = r.number(f.name, {f.min, f.max});
  r.finish();
  problems.throw_if_any();
  return c;
}

void Calibration::save(const std::string& path) const {
  base::write_file_atomically(path, to_json(*this).dump(2) + "\n");
}

Calibration calibration_from_json(const nlohmann::json& json, const std::string& place) {
  base::Problems problems;
  Calibration c;
  for (const Field& f : kFields) {
    const auto found = json.find(f.name);
    if (found == json.end() || !found->is_number())
      problems.add(place + ": " + f.name, "expected a number");
    else if (const double v = found->get<double>(); v < f.min || v > f.max)
      problems.add(place + ": " + f.name, "value " + found->dump() + " is out of range");
    else
      c.*f.member = v;
  }
  problems.throw_if_any();
  return c;
}

bool operator==(const Calibration& x, const Calibration& y) {
  return std::all_of(std::begin(kFields), std::end(kFields),
                     [&](const Field& f) { return x.*f.member == y.*f.member; });
}

nlohmann::ordered_json to_json(const Calibration& calibration) {
  nlohmann::ordered_json json;
  for (const Field& f : kFields) json[f.name] = calibration.*f.member;
  return json;
}

}  // namespace heat::machines
