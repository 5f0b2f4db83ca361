// Random changes of a schedule's files, small enough that many of them go unnoticed by a reader of single fields.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/support/random.h"

namespace heat::test_support {

// One change of the schedule's JSON: a number, a name or a list's order; two values of the same key exchanged; groups
// merged or divided; a tensor's home moved. `json` is a schedule's. Returns what was done, for messages.
std::string mutate_schedule(nlohmann::ordered_json& json, Random& random);

// One change of the image: a bit, a run of equal bytes, two blocks exchanged, another length. `image` is not empty.
std::string mutate_image(std::vector<std::uint8_t>& image, Random& random);

}  // namespace heat::test_support
