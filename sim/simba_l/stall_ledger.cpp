// Names of the kinds of work, as they appear in run databases.
#include "sim/simba_l/stall_ledger.h"

#include <stdexcept>

namespace heat::simba {

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

}  // namespace heat::simba
