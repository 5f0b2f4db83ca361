// The names of the loop dimensions, as they stand in JSON.
#include "spec/mapping.h"

#include <stdexcept>

namespace heat::spec {

const char* loop_dim_name(LoopDim dim) {
  switch (dim) {
    case LoopDim::kB:
      return "b";
    case LoopDim::kM:
      return "m";
    case LoopDim::kN:
      return "n";
    case LoopDim::kK:
      return "k";
  }
  throw std::logic_error("unknown loop dimension");
}

}  // namespace heat::spec
