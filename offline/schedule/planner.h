// From a lowered network to a complete schedule: fused groups with mappings, addresses, predictions, files.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "offline/mapper/fusion.h"
#include "offline/schedule/lower_network.h"

namespace heat::offline {

// Partitions every segment's nodes into fused groups (offline/mapper/fusion.h), gives addresses and predicts the costs.
// Throws spec::ScheduleError when a node has no mapping that fits the machine.
void plan_groups(LoweredNetwork& lowered, const machines::simba::Machine& machine, const mapper::SearchOptions& options,
                 mapper::SearchCache* cache = nullptr);

// The network's body with its attention walked over heads or over tokens, whichever has the better objective.
LoweredNetwork plan_network(const Graph& graph, const NetworkLabel& label, const NetworkForms& forms,
                            const machines::simba::Machine& machine, const mapper::SearchOptions& options = {},
                            mapper::SearchCache* cache = nullptr);

// Writes `path` and, when `bytes` is not empty (one vector a tensor, empty for those not given), the DRAM image beside
// it, "<stem of path>.bin". Returns the image's size.
std::int64_t write_schedule(spec::Schedule schedule, const std::vector<std::vector<std::int8_t>>& bytes,
                            const std::string& path);

// The bytes of every given tensor, from the image beside a loaded schedule. Throws spec::ScheduleError when it is too
// short.
std::vector<std::vector<std::int8_t>> read_image(const spec::Schedule& schedule);

}  // namespace heat::offline
