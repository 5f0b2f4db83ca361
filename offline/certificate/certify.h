// Makes certificates: cuts the space up, the part with the least bound first, until no part is better than the mapping.
#pragma once

#include "offline/certificate/certificate.h"

namespace heat::offline::certificate {

// Where to begin.
struct Known {
  Configuration configuration;
  spec::GemmMapping mapping;
};

struct Effort {
  double gap = 0;                    // done when the bound is that near
  std::int64_t subspaces = 100'000;  // or when there are so many, those that were cut among them
};

// The certificate of the best mapping that was met, `known` among them. Deterministic.
Certificate certify(const GemmSize& size, machines::Objective objective, const Known& known,
                    const machines::Machine& machine, const Effort& effort);

}  // namespace heat::offline::certificate
