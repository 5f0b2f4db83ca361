// The result of a replay for machines (JSON) and for people (text).
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "sim/dram/replay.h"

namespace heat::dram {

nlohmann::ordered_json result_json(const spec::DramSpec& spec, const ReplayResult& result, double cpu_s);
std::string result_text(const spec::DramSpec& spec, const ReplayResult& result, double cpu_s);

}  // namespace heat::dram
