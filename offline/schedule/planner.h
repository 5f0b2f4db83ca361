// From a lowered network to a complete schedule: fused groups with mappings, addresses, predictions, files.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "offline/mapper/fusion.h"
#include "offline/schedule/homes.h"
#include "offline/schedule/lower_network.h"
#include "spec/schedule.h"

namespace heat::offline {

// Partitions every segment's nodes into fused groups (offline/mapper/fusion.h) around the tensors at home in the global
// buffers (homes.h), gives addresses and predicts the costs; the space's chiplets take part. Throws base::ScheduleError
// when a node has no mapping that fits the machine.
spec::Plan plan_groups(const LoweredNetwork& lowered, const machines::Machine& machine,
                       const mapper::SearchOptions& options, mapper::SearchCache* cache = nullptr,
                       const HomeSpace& space = {});

// A network with the plan of its workload.
struct PlannedNetwork {
  Network network;
  spec::Plan plan;
  spec::Schedule schedule() const { return {network.workload, plan, "", ""}; }
};

// The network's body with its attention walked over heads or over tokens, with tensors at home in the global buffers or
// without (then only in the order that is better with them), with sums over features divided among the chiplets or not,
// on all chiplets or on a square of them: whichever has the best objective, and of two that are nearly as good the one on
// fewer chiplets.
PlannedNetwork plan_network(const Graph& graph, const NetworkLabel& label, const NetworkForms& forms,
                            const machines::Machine& machine, const mapper::SearchOptions& options = {},
                            mapper::SearchCache* cache = nullptr);

// Writes `path` and, when `bytes` is not empty, the DRAM image beside it: "<stem of path>.bin". Returns the image's
// size. Throws base::ScheduleError for parameter data that no reader would take (spec/dram_image.h).
std::int64_t write_schedule(spec::Schedule schedule, const TensorBytes& bytes, const std::string& path);

}  // namespace heat::offline
