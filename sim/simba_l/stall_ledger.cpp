// Names of stall reasons and units, as they appear in results and run databases.
#include "sim/simba_l/stall_ledger.h"

#include <stdexcept>

namespace heat::simba {

const char* stall_reason_name(StallReason reason) {
  switch (reason) {
    case StallReason::kLoad:
      return "load";
    case StallReason::kSendWeight:
      return "send_weight";
    case StallReason::kSendInput:
      return "send_input";
    case StallReason::kCompute:
      return "compute";
    case StallReason::kDrain:
      return "drain";
    case StallReason::kVector:
      return "vector";
    case StallReason::kStore:
      return "store";
    case StallReason::kMulticast:
      return "multicast";
    case StallReason::kQueueFull:
      return "queue_full";
    case StallReason::kBarrier:
      return "barrier";
  }
  throw std::logic_error("unknown stall reason");
}

const char* unit_name(int unit) {
  static const char* const kNames[kStallUnits] = {"dma_load", "send_weight", "send_input", "compute",
                                                  "drain",    "vector",      "dma_store",  "controller"};
  return kNames[unit];
}

}  // namespace heat::simba
