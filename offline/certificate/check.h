// Confirms a certificate, by nothing but the machine's cost of single mappings and the bounds of this room.
#pragma once

#include <cstdint>

#include "offline/certificate/certificate.h"

namespace heat::offline::certificate {

struct Checked {
  std::int64_t subspaces = 0;  // parts whose bounds were worked out again
  std::int64_t costed = 0;     // mappings of those that were costed one by one, legal or not
};

// Throws Refused with what is wrong: another machine, a mapping that is not legal or costs something else, a
// configuration that is missing, parts that do not make up the space, a bound or a cost that is not what it says.
Checked check(const Certificate& certificate, const machines::Machine& machine);

}  // namespace heat::offline::certificate
