// Energy of every action the machine can take, in pJ, and the static power of what is switched on. As Accelergy does:
// a table of (action -> pJ) read from configs/energy/*.yaml. Nothing in code knows a number.
#pragma once

#include <array>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "base/errors.h"

namespace heat::spec {

// Actions that are charged. Names in YAML and JSON: action_name().
enum class Action {
  kMac,                // one int8 multiply-accumulate
  kWeightBufferRead,   // a byte
  kWeightBufferWrite,  // a byte
  kInputBufferRead,    // a byte
  kInputBufferWrite,   // a byte
  kAccumulatorRead,    // an entry
  kAccumulatorWrite,   // an entry
  kPpuElement,         // an element requantised
  kGlobalBufferRead,   // an access of word_bytes
  kGlobalBufferWrite,  // an access of word_bytes
  kVectorElement,      // an element of a row operation
  kNocByteHop,         // a byte over one NoC link
  kNopByteHop,         // a byte over one NoP link (also the DRAM's port)
  kControllerCommand,  // a command composed and issued
  kDramByte,           // interface energy of a byte to or from DRAM; the device's own comes from the DRAM model
};
constexpr int kActionCount = 15;

// Parts whose static power is charged over the whole run, all instances together counted by the arch.
enum class StaticPart { kPe, kGlobalBuffer, kVectorUnit, kNocRouter, kNopRouter, kController };
constexpr int kStaticPartCount = 6;

const char* action_name(Action action);   // "mac", "weight_buffer_read", ...
const char* component_of(Action action);  // "pe", "global_buffer", "noc", "nop", "controller", "dram", "vector_unit"
const char* static_part_name(StaticPart part);  // "pe", "global_buffer", ...

class EnergyTable {
 public:
  double pj(Action action) const { return action_pj_[static_cast<int>(action)]; }
  // Static power of one instance in mW (1 mW = 1 pJ a ns).
  double static_mw(StaticPart part) const { return static_mw_[static_cast<int>(part)]; }
  // All-in energy of a DRAM byte as the analytical model assumes it before calibration (device and interface).
  double dram_all_in_pj_per_byte() const { return dram_all_in_pj_per_byte_; }
  // Background power of the whole DRAM as the analytical model assumes it before calibration, mW.
  double dram_background_mw() const { return dram_background_mw_; }
  const std::string& name() const { return name_; }

  // Reads and validates; every action and part must be present; unknown names are problems with a suggestion.
  static EnergyTable load(const std::string& path, base::Problems& problems);
  static EnergyTable load(const std::string& path);

 private:
  std::string name_;
  std::array<double, kActionCount> action_pj_{};
  std::array<double, kStaticPartCount> static_mw_{};
  double dram_all_in_pj_per_byte_ = 0;
  double dram_background_mw_ = 0;
};

nlohmann::ordered_json to_json(const EnergyTable& table);

}  // namespace heat::spec
