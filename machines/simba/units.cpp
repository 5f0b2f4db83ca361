// The switch has no default, so that the compiler names a part without a count.
#include "machines/simba/units.h"

#include <stdexcept>

namespace heat::machines::simba {

std::int64_t instances(const spec::ArchSpec& arch, spec::StaticPart part) {
  switch (part) {
    case spec::StaticPart::kPe:
    case spec::StaticPart::kNocRouter:
      return static_cast<std::int64_t>(arch.chiplets()) * arch.pes();
    case spec::StaticPart::kGlobalBuffer:
    case spec::StaticPart::kVectorUnit:
    case spec::StaticPart::kNopRouter:
    case spec::StaticPart::kController:
      return arch.chiplets();
  }
  throw std::logic_error("unknown static part");
}

}  // namespace heat::machines::simba
