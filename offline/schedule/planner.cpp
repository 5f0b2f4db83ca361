// Blocks repeat, so the search's cache answers for all but the first of equal ones.
#include "offline/schedule/planner.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>
#include <optional>

#include "base/atomic_file.h"
#include "offline/schedule/addresses.h"
#include "offline/schedule/homes.h"
#include "offline/schedule/least_cost.h"
#include "spec/dram_image.h"
#include "spec/schedule_checks.h"

namespace heat::offline {
namespace {

// Of the global buffer, what tensors may have their homes in; the rest is one room for tiles and what a group keeps.
constexpr std::int64_t kHomeEighths = 5;

// Tokens of a block of a head to try.
constexpr std::int64_t kBlockTokens[] = {32, 64, 96, 128, 256};

// Power in pJ a cycle, to the nearest quarter of an octave, so that equal networks share cached searches.
double rounded_power(double pj_per_cycle) {
  return std::exp2(std::round(4 * std::log2(pj_per_cycle)) / 4);
}

// The best of the plans considered. Of groups that add up, the EDP of the sum falls when energy + power x cycles of one
// does, with the power that the whole network draws: what the first plan draws goes for all, itself included.
class PlanChoice {
 public:
  PlanChoice(const machines::Machine& machine, const mapper::SearchOptions& options, mapper::SearchCache* cache)
      : machine_(machine), objective_(options.objective), options_(options), cache_(cache) {
    if (objective_ == mapper::Objective::kEdp && !options.goal().linear()) {
      by_power_ = true;
      set_power(busy_power());
    }
  }

  void consider(const LoweringChoice& lowering, const LoweredNetwork& lowered, const HomeSpace& space) {
    guessed_ = guessed_ || (by_power_ && is_fewer(space));  // they draw less
    for (int tries = 0; tries < kPowerTries; ++tries) {
      spec::Plan plan;
      try {
        plan = plan_groups(lowered, machine_, options_, cache_, space);
      } catch (const base::ScheduleError& e) {  // a head's scores may not fit where a few tokens' do, and the reverse
        reasons_ += (reasons_.empty() ? "" : "\n") + std::string(e.what());
        return;
      }
      const spec::Prediction& p = plan.prediction;
      const double power = rounded_power(p.energy_pj / p.cycles);
      const double value = mapper::objective_value(objective_, p.cycles, p.energy_pj, machine_.arch);
      if (!lowering_ || value < limit(lowering, space)) {
        lowering_ = lowering;
        best_ = {lowered.network, std::move(plan)};
      }
      least_ = std::min(least_, value);
      if (!guessed_ || power == options_.cycle_weight) break;
      set_power(power);
    }
    guessed_ = false;
  }

  // Whether no plan of the network on so many chiplets can win.
  bool ruled_out(const spec::Workload& workload, int chiplets) const {
    if (!lowering_) return false;
    const machines::Cost least = least_cost(workload, machine_, chiplets);
    return mapper::objective_value(objective_, least.cycles, least.energy_pj, machine_.arch) >= kNearly * least_;
  }

  // The best plan's; nothing: no plan is feasible.
  std::optional<LoweringChoice> lowering() const { return lowering_; }
  PlannedNetwork take() {
    if (!lowering_) throw base::ScheduleError(reasons_);
    return std::move(best_);
  }

 private:
  static constexpr int kPowerTries = 3;
  // What the model does not tell. A plan on fewer chiplets wins when it is nearly as good: it waits for fewer others, and
  // fewer streams close each other's rows in the DRAM. One whose sums are divided waits for more, and one that walks
  // attention over tokens reads short runs, or over blocks of them has more steps: they win when they are better by more
  // than that.
  static constexpr double kNearly = 1.16, kDivided = 1.045, kOtherLoop = 1.02;
  bool is_fewer(const HomeSpace& space) const {
    return space.chiplets > 0 && space.chiplets < machine_.arch.chiplets();
  }
  double limit(const LoweringChoice& lowering, const HomeSpace& space) const {
    if (is_fewer(space)) return kNearly * least_;
    if (lowering.parts > 1) return least_ / kDivided;
    const bool same = !lowering_ || (lowering.loop == lowering_->loop && lowering.blocks == lowering_->blocks);
    return same ? least_ : least_ / kOtherLoop;
  }

  // Of all multipliers at work and what feeds them: a first guess.
  double busy_power() const {
    constexpr double kWithOperands = 1.75;  // what brings operands and takes results with it
    const double macs = static_cast<double>(machine_.arch.macs_per_cycle());
    return rounded_power(
        std::max(1.0, kWithOperands * (macs * machine_.least_mac_pj() + machine_.idle_pj_per_cycle())));
  }
  void set_power(double pj_per_cycle) {
    guessed_ = true;
    options_.energy_weight = 1;
    options_.cycle_weight = pj_per_cycle;
  }

  const machines::Machine& machine_;
  const mapper::Objective objective_;
  mapper::SearchOptions options_;
  mapper::SearchCache* cache_;
  bool by_power_ = false;
  bool guessed_ = false;  // the power, not yet what a plan draws
  std::optional<LoweringChoice> lowering_;
  double least_ = std::numeric_limits<double>::infinity();  // value of any plan
  PlannedNetwork best_;
  std::string reasons_;
};

}  // namespace

spec::Plan plan_groups(const LoweredNetwork& lowered, const machines::Machine& machine,
                       const mapper::SearchOptions& options, mapper::SearchCache* cache, const HomeSpace& homes) {
  const Network& network = lowered.network;
  spec::Schedule schedule{network.workload, {}, "", ""};
  const spec::Workload& workload = schedule.workload;
  spec::Plan& plan = schedule.plan;
  plan.arch = machine.arch.name;
  mapper::FusionSpace space;
  space.homes = plan.homes = choose_homes(network, machine, homes);
  space.chiplets = homes.chiplets;
  for (const Segment& segment : lowered.segments) {
    std::vector<mapper::ChainNode> chain;
    for (int i = 0; i < segment.count; ++i) {
      const spec::NodeId node(segment.first.value + i);
      chain.push_back({node, network.bounds[node]});
    }
    mapper::FusionResult fused = mapper::plan_fusion(workload, chain, machine, options, cache, space);
    if (!fused.feasible)
      throw base::ScheduleError("no mapping of nodes '" + workload.nodes[chain.front().node].name + "' to '" +
                                workload.nodes[chain.back().node].name + "' on " + machine.arch.name + ": " +
                                fused.reason);
    for (spec::FusedGroup& group : fused.groups) plan.groups.push_back(std::move(group));
  }
  spec::attach_homes(workload, plan);
  assign_addresses(workload, plan);
  machines::predict(workload, plan, machine);
  base::Problems problems;
  spec::check_structure(schedule, problems);
  for (const std::string& misfit : machine.misfits(schedule)) problems.add(workload.network, misfit);
  problems.throw_if_any<base::ScheduleError>();
  return std::move(plan);
}

PlannedNetwork plan_network(const Graph& graph, const NetworkLabel& label, const NetworkForms& forms,
                            const machines::Machine& machine, const mapper::SearchOptions& options,
                            mapper::SearchCache* cache) {
  mapper::SearchCache own;
  PlanChoice choice(machine, options, cache ? cache : &own);
  const std::int64_t limit = machine.arch.global_buffer.capacity.value() / 8 * kHomeEighths;
  const auto consider = [&](const LoweringChoice& lowering, const HomeSpace& space) {
    choice.consider(lowering, lower_network(graph, label, forms, lowering), space);
  };
  constexpr AttentionLoop kLoops[] = {AttentionLoop::kHeads, AttentionLoop::kTokens};
  for (AttentionLoop loop : kLoops) consider({loop, 1}, {limit, 0});
  const std::optional<LoweringChoice> with_homes = choice.lowering();
  for (AttentionLoop loop : kLoops)
    if (!with_homes || loop == with_homes->loop) consider({loop, 1}, {0, 0});
  if (!with_homes) return choice.take();
  // Keys and values of a head stay while its blocks of tokens pass. The shares of both must lie alike, which is seen only
  // where the number of chiplets is given.
  const int all = machine.arch.chiplets();
  for (std::int64_t tokens : kBlockTokens)
    if (label.tokens % tokens == 0 && label.tokens > tokens)
      consider({AttentionLoop::kHeads, 1, label.tokens / tokens}, {limit, all});
  // Of a rank there are few sums; a dense layer's, four bytes each, move more than its input would.
  const auto is_factorized = [](const spec::LayerForm& l) { return l.form.method != "dense"; };
  const LoweringChoice by_parts{choice.lowering()->loop, all, choice.lowering()->blocks};
  const LoweredNetwork parts = lower_network(graph, label, forms, by_parts);
  if (std::any_of(parts.network.workload.layers.begin(), parts.network.workload.layers.end(), is_factorized))
    choice.consider(by_parts, parts, {limit, by_parts.blocks > 1 ? all : 0});
  const LoweringChoice found = *choice.lowering();
  std::vector<LoweringChoice> lowerings{found};
  if (found.blocks > 1) lowerings.push_back(*with_homes);
  for (int side = machine.arch.nop.width; side > 0; --side) {
    const int chiplets = side * side;
    if (chiplets >= all) continue;
    const std::int64_t parts_there = found.parts > 1 ? chiplets : 1;
    for (const LoweringChoice& lowering : lowerings) {
      const LoweringChoice there{lowering.loop, parts_there, lowering.blocks};
      const LoweredNetwork lowered = lower_network(graph, label, forms, there);
      if (!choice.ruled_out(lowered.network.workload, chiplets)) choice.consider(there, lowered, {limit, chiplets});
    }
  }
  return choice.take();
}

std::int64_t write_schedule(spec::Schedule schedule, const TensorBytes& bytes, const std::string& path) {
  std::vector<std::uint8_t> image;
  schedule.dram_image.clear();
  schedule.file = path;
  for (spec::TensorId t : bytes.ids()) {
    if (bytes[t].empty()) continue;
    const spec::Tensor& tensor = schedule.workload.tensors[t];
    HEAT_CHECK(tensor.is_given() && static_cast<std::int64_t>(bytes[t].size()) == tensor.bytes(),
               "data of " + tensor.name);
    const std::int64_t address = schedule.plan.dram_addresses[t];
    const auto end = static_cast<std::size_t>(address) + bytes[t].size();
    if (image.size() < end) image.resize(end);
    std::copy(bytes[t].begin(), bytes[t].end(), image.begin() + address);
  }
  if (!image.empty()) {
    base::Problems problems;
    spec::verify_given_data(schedule, image, problems);
    problems.throw_if_any<base::ScheduleError>();
    const std::filesystem::path file = std::filesystem::path(path).replace_extension(".bin");
    schedule.dram_image = file.filename().string();
    schedule.data_crc32 = spec::data_crc32(schedule, image);
    base::write_file_atomically(file.string(), {reinterpret_cast<const char*>(image.data()), image.size()});
  }
  spec::save(schedule, path);
  return static_cast<std::int64_t>(image.size());
}

}  // namespace heat::offline
