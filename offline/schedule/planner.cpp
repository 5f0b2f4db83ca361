// Blocks repeat, so the search's cache answers for all but the first of equal ones.
#include "offline/schedule/planner.h"

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <numeric>
#include <optional>

#include "base/atomic_file.h"
#include "machines/simba/misfits.h"
#include "spec/schedule_checks.h"

namespace heat::offline {
namespace {

bool is_given(const spec::Tensor& t) {
  return t.kind != spec::TensorKind::kIntermediate && t.kind != spec::TensorKind::kOutput;
}

}  // namespace

void plan_groups(LoweredNetwork& lowered, const machines::simba::Machine& machine, const mapper::SearchOptions& options,
                 mapper::SearchCache* cache) {
  spec::Schedule& schedule = lowered.network.schedule;
  schedule.arch = machine.arch.name;
  for (const Segment& segment : lowered.segments) {
    std::vector<int> chain(static_cast<std::size_t>(segment.count));
    std::iota(chain.begin(), chain.end(), segment.first);
    const mapper::FusionResult plan = mapper::plan_fusion(schedule, chain, machine, options, cache);
    if (!plan.feasible)
      throw base::ScheduleError("no mapping of nodes '" + schedule.nodes[static_cast<std::size_t>(chain.front())].name +
                                "' to '" + schedule.nodes[static_cast<std::size_t>(chain.back())].name + "' on " +
                                machine.arch.name + ": " + plan.reason);
  }
  assign_addresses(schedule);
  machines::simba::predict(schedule, machine);
  base::Problems problems;
  spec::check_structure(schedule, problems);
  for (const std::string& misfit : machines::simba::misfits(schedule, machine.arch))
    problems.add(schedule.network, misfit);
  problems.throw_if_any<base::ScheduleError>();
}

LoweredNetwork plan_network(const Graph& graph, const NetworkLabel& label, const NetworkForms& forms,
                            const machines::simba::Machine& machine, const mapper::SearchOptions& options,
                            mapper::SearchCache* cache) {
  LoweredNetwork best;
  std::optional<double> best_value;
  mapper::SearchCache own;
  if (!cache) cache = &own;
  std::string reasons;
  for (AttentionLoop loop : {AttentionLoop::kHeads, AttentionLoop::kTokens}) {
    LoweredNetwork lowered = lower_network(graph, label, forms, loop);
    try {
      plan_groups(lowered, machine, options, cache);
    } catch (const base::ScheduleError& e) {  // a head's scores may not fit where a few tokens' do, and the reverse
      reasons += (reasons.empty() ? "" : "\n") + std::string(e.what());
      continue;
    }
    const spec::Prediction& p = lowered.network.schedule.prediction;
    const double value = mapper::objective_value(options.objective, p.cycles, p.energy_pj, machine.arch);
    if (best_value && value >= *best_value) continue;
    best_value = value;
    best = std::move(lowered);
  }
  if (!best_value) throw base::ScheduleError(reasons);
  return best;
}

std::int64_t write_schedule(spec::Schedule schedule, const std::vector<std::vector<std::int8_t>>& bytes,
                            const std::string& path) {
  std::string image;
  schedule.dram_image.clear();
  for (std::size_t t = 0; t < bytes.size(); ++t) {
    if (bytes[t].empty()) continue;
    const spec::Tensor& tensor = schedule.tensors[t];
    HEAT_CHECK(is_given(tensor) && static_cast<std::int64_t>(bytes[t].size()) == tensor.bytes(),
               "data of " + tensor.name);
    const auto end = static_cast<std::size_t>(tensor.dram_address) + bytes[t].size();
    if (image.size() < end) image.resize(end);
    std::copy(bytes[t].begin(), bytes[t].end(), image.begin() + tensor.dram_address);
  }
  if (!image.empty()) {
    const std::filesystem::path file = std::filesystem::path(path).replace_extension(".bin");
    schedule.dram_image = file.filename().string();
    base::write_file_atomically(file.string(), image);
  }
  spec::save(schedule, path);
  return static_cast<std::int64_t>(image.size());
}

std::vector<std::vector<std::int8_t>> read_image(const spec::Schedule& schedule) {
  const std::filesystem::path file = std::filesystem::path(schedule.file).parent_path() / schedule.dram_image;
  const std::string image = base::read_file(file.string());
  std::vector<std::vector<std::int8_t>> bytes(schedule.tensors.size());
  for (std::size_t t = 0; t < bytes.size(); ++t) {
    const spec::Tensor& tensor = schedule.tensors[t];
    if (!is_given(tensor)) continue;
    const std::int64_t end = tensor.dram_address + tensor.bytes();
    if (end > static_cast<std::int64_t>(image.size()))
      throw base::ScheduleError(file.string() + ": has " + std::to_string(image.size()) + " bytes, tensor '" +
                                tensor.name + "' ends at " + std::to_string(end));
    bytes[t].assign(image.begin() + tensor.dram_address, image.begin() + end);
  }
  return bytes;
}

}  // namespace heat::offline
