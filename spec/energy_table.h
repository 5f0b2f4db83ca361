// Energy of every action the machine can take, in pJ, and the static power of what is switched on. As Accelergy does:
// a table of (action -> pJ) read from configs/energy/*.yaml. Nothing in code knows a number.
#pragma once

#include <array>
#include <iterator>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "base/errors.h"

namespace heat::spec {

// What energy is shown under, in predictions, results and run databases, each with its name there.
#define HEAT_COMPONENTS(X)          \
  X(kPe, "pe")                      \
  X(kGlobalBuffer, "global_buffer") \
  X(kVectorUnit, "vector_unit")     \
  X(kNoc, "noc")                    \
  X(kNop, "nop")                    \
  X(kController, "controller")      \
  X(kDram, "dram") /* with the devices' own energy */

// Actions that are charged: name in YAML and results, component. This is the whole list: an action more is a line here, a
// number in every configs/energy file, and the place that counts it (docs/extending.md).
#define HEAT_ACTIONS(X)                                                                           \
  X(kMac, "mac", kPe)                                         /* one int8 multiply-accumulate */  \
  X(kWeightBufferRead, "weight_buffer_read", kPe)             /* a byte */                        \
  X(kWeightBufferWrite, "weight_buffer_write", kPe)           /* a byte */                        \
  X(kInputBufferRead, "input_buffer_read", kPe)               /* a byte */                        \
  X(kInputBufferWrite, "input_buffer_write", kPe)             /* a byte */                        \
  X(kAccumulatorRead, "accumulator_read", kPe)                /* an entry */                      \
  X(kAccumulatorWrite, "accumulator_write", kPe)              /* an entry */                      \
  X(kPpuElement, "ppu_element", kPe)                          /* an element requantised */        \
  X(kGlobalBufferRead, "global_buffer_read", kGlobalBuffer)   /* an access of word_bytes */       \
  X(kGlobalBufferWrite, "global_buffer_write", kGlobalBuffer) /* an access of word_bytes */       \
  X(kVectorElement, "vector_element", kVectorUnit)            /* an element of a row operation */ \
  X(kNocByteHop, "noc_byte_hop", kNoc)                        /* a byte over one NoC link */      \
  X(kNopByteHop, "nop_byte_hop", kNop)                        /* a byte over one NoP link */      \
  X(kControllerCommand, "controller_command", kController)    /* a command composed and issued */ \
  X(kDramByte, "dram_interface_byte", kDram)                  /* to or from DRAM, the interface's energy alone */

// Parts whose static power is charged over the whole run: name in YAML, component it is shown under.
#define HEAT_STATIC_PARTS(X)                       \
  X(kPe, "pe", kPe)                                \
  X(kGlobalBuffer, "global_buffer", kGlobalBuffer) \
  X(kVectorUnit, "vector_unit", kVectorUnit)       \
  X(kNocRouter, "noc_router", kNoc)                \
  X(kNopRouter, "nop_router", kNop)                \
  X(kController, "controller", kController)

#define HEAT_ENTRY(id, ...) id,
enum class Component { HEAT_COMPONENTS(HEAT_ENTRY) };
enum class Action { HEAT_ACTIONS(HEAT_ENTRY) };
enum class StaticPart { HEAT_STATIC_PARTS(HEAT_ENTRY) };
#undef HEAT_ENTRY

struct ComponentInfo {
  Component value;
  const char* name;
};
struct ActionInfo {
  Action value;
  const char* name;
  Component component;
};
struct StaticPartInfo {
  StaticPart value;
  const char* name;
  Component component;
};
constexpr ComponentInfo kComponents[] = {
#define HEAT_ENTRY(id, name) {Component::id, name},
    HEAT_COMPONENTS(HEAT_ENTRY)
#undef HEAT_ENTRY
};
constexpr ActionInfo kActions[] = {
#define HEAT_ENTRY(id, name, component) {Action::id, name, Component::component},
    HEAT_ACTIONS(HEAT_ENTRY)
#undef HEAT_ENTRY
};
constexpr StaticPartInfo kStaticParts[] = {
#define HEAT_ENTRY(id, name, component) {StaticPart::id, name, Component::component},
    HEAT_STATIC_PARTS(HEAT_ENTRY)
#undef HEAT_ENTRY
};
constexpr int kComponentCount = static_cast<int>(std::size(kComponents));
constexpr int kActionCount = static_cast<int>(std::size(kActions));
constexpr int kStaticPartCount = static_cast<int>(std::size(kStaticParts));

constexpr const char* component_name(Component component) {
  return kComponents[static_cast<int>(component)].name;
}
constexpr const char* action_name(Action action) {
  return kActions[static_cast<int>(action)].name;
}
constexpr Component component_of(Action action) {
  return kActions[static_cast<int>(action)].component;
}
constexpr Component component_of(StaticPart part) {
  return kStaticParts[static_cast<int>(part)].component;
}

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
