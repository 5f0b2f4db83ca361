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

const char* work_kind_name(WorkKind kind) {
  switch (kind) {
    case WorkKind::kRead:
      return "read";
    case WorkKind::kReadMulticast:
      return "read.multicast";
    case WorkKind::kFill:
      return "fill";
    case WorkKind::kFillMulticast:
      return "fill.multicast";
    case WorkKind::kCompute:
      return "compute";
    case WorkKind::kDrain:
      return "drain";
    case WorkKind::kDrainActivation:
      return "drain.activation";
    case WorkKind::kSoftmax:
      return "softmax";
    case WorkKind::kLayerNorm:
      return "layer_norm";
    case WorkKind::kWrite:
      return "write";
    case WorkKind::kIssue:
      return "issue";
    case WorkKind::kStall:
      return "stall";
  }
  throw std::logic_error("unknown kind of work");
}

const char* unit_name(int unit) {
  static const char* const kNames[kStallUnits] = {"dma_load", "send_weight", "send_input", "compute",
                                                  "drain",    "vector",      "dma_store",  "controller"};
  return kNames[unit];
}

}  // namespace heat::simba
