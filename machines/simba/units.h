// What Simba-L consists of, as results name it: the units of a chiplet that work and wait, what they wait for, and the
// parts that draw static power. The simulator's accounts, timelines and stalls and the model's predictions read these
// tables; nothing else ties a unit's number to its name.
#pragma once

#include <array>
#include <cstdint>

#include "base/enum_table.h"
#include "firmware/include/simba_abi.h"
#include "spec/arch_spec.h"
#include "spec/energy_table.h"

namespace heat::machines::simba {

// The engines of the ABI, in its order.
struct EngineInfo {
  int value;           // its number in the ABI
  const char* name;    // of its module, of its row in a timeline, and in "<unit>_waits_<reason>_cycles"
  const char* waited;  // the reason of a wait for it to complete commands
};
constexpr std::array<EngineInfo, SIMBA_ENGINES> kEngines{{{SIMBA_LOAD, "dma_load", "load"},
                                                          {SIMBA_SEND_WEIGHT, "send_weight", "send_weight"},
                                                          {SIMBA_SEND_INPUT, "send_input", "send_input"},
                                                          {SIMBA_COMPUTE, "compute", "compute"},
                                                          {SIMBA_DRAIN, "drain", "drain"},
                                                          {SIMBA_VECTOR, "vector", "vector"},
                                                          {SIMBA_STORE, "dma_store", "store"},
                                                          {SIMBA_SIGNAL, "signal", "signal"}}};
static_assert(base::in_enum_order(kEngines), "every engine of the ABI has its line, in the ABI's order");

// Units, which work and wait: the engines, then the controller that issues their commands.
constexpr int kControllerUnit = SIMBA_ENGINES;
constexpr int kUnits = SIMBA_ENGINES + 1;
// "dma_load", "send_weight", ..., "controller".
constexpr const char* unit_name(int unit) {
  return unit == kControllerUnit ? "controller" : base::entry_of(kEngines, unit).name;
}

// What a unit waited for. Values below kMulticast are engines of the ABI: their commands had to complete first.
enum class StallReason : int {
  kMulticast = SIMBA_ENGINES,  // the other chiplets of a joint load
  kQueueFull,                  // room in an engine's queue
  kResults,                    // signals of other chiplets: what they make is not in place yet
  kPort,                       // a port of the global buffer that other units use
  kCommand,                    // a command: none is queued
  kRandom                      // nothing (RunOptions::random_stall)
};
constexpr StallReason waits_for_engine(int engine) {
  return static_cast<StallReason>(engine);
}
constexpr std::array<base::EnumName<StallReason>, 6> kOtherReasons{{{StallReason::kMulticast, "multicast"},
                                                                    {StallReason::kQueueFull, "queue_full"},
                                                                    {StallReason::kResults, "results"},
                                                                    {StallReason::kPort, "port"},
                                                                    {StallReason::kCommand, "command"},
                                                                    {StallReason::kRandom, "random"}}};
constexpr int kStallReasons = SIMBA_ENGINES + static_cast<int>(kOtherReasons.size());
// "load", "send_weight", ..., "multicast", "queue_full", "results".
constexpr const char* stall_reason_name(StallReason reason) {
  const int i = static_cast<int>(reason);
  return i < SIMBA_ENGINES ? base::entry_of(kEngines, i).waited : base::entry_of(kOtherReasons, i - SIMBA_ENGINES).name;
}
static_assert(static_cast<int>(kOtherReasons.front().value) == SIMBA_ENGINES &&
                  static_cast<int>(kOtherReasons.back().value) == kStallReasons - 1,
              "the other reasons follow the engines, in their order");

// Copies of a part in the package, each drawing EnergyTable::static_mw.
std::int64_t instances(const spec::ArchSpec& arch, spec::StaticPart part);

}  // namespace heat::machines::simba
