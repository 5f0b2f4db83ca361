// Questions that a group answers by itself.
#include "spec/plan.h"

#include <algorithm>

namespace heat::spec {

const Home* FusedGroup::home(TensorId tensor) const {
  const auto found = std::find_if(homes.begin(), homes.end(), [&](const Home& h) { return h.tensor == tensor; });
  return found == homes.end() ? nullptr : &*found;
}

bool FusedGroup::is_resident(TensorId tensor) const {
  const auto holds = [&](const std::vector<TensorId>& list) {
    return std::find(list.begin(), list.end(), tensor) != list.end();
  };
  const Home* at = home(tensor);
  return holds(in_global_buffer) || holds(pinned) || (at && at->in_place);
}

bool FusedGroup::travels(TensorId tensor) const {
  const Home* at = home(tensor);
  return at && !at->in_place;
}

int Plan::chiplets_of(int package) const {
  int most = 0;
  for (const FusedGroup& g : groups) most = std::max(most, g.chiplets_of(package));
  return most;
}

namespace {

// Every chiplet's share of the group's index is what its share of the home stands for, `each` values a value of the home.
bool shares_alike(const FusedGroup& group, const Home& home, std::int64_t each) {
  const auto share = [](std::int64_t extent, std::int64_t chiplets) { return (extent + chiplets - 1) / chiplets; };
  return group.chiplets > 0 && home.extent * each == group.extent &&
         share(group.extent, group.chiplets) == each * share(home.extent, group.chiplets);
}

}  // namespace

bool suits_home(const Workload& workload, const FusedGroup& group, const Home& home) {
  if (std::find(group.pinned.begin(), group.pinned.end(), home.tensor) != group.pinned.end()) return false;
  const std::int64_t bytes = workload.tensors[home.tensor].bytes();
  // Of an operand that stays the same for several values of the index, the shares must hold whole runs of them.
  const std::int64_t repeats = group.extent / home.extent;
  const bool by_outer = repeats > 1 && shares_alike(group, home, repeats);
  bool used = false;
  // It is read from the value that a step begins with, which only a GEMM whose b is bound can: other reads begin with an
  // address, and that of a run's second value is the run's.
  const auto suits = [&](const TensorView& view, bool b_is_bound) {
    if (view.tensor != home.tensor) return true;
    used = true;
    if (by_outer && b_is_bound && outer_is_outermost(view, group.index, home.extent, bytes)) return true;
    return is_outermost(view, group.index, by_outer ? group.extent : home.extent, bytes);
  };
  const bool all = std::all_of(group.nodes.begin(), group.nodes.end(), [&](const PlannedNode& n) {
    const Node& node = workload.nodes[n.node];
    const auto views = node.reads();
    const bool b_is_bound = node.gemm && n.bound == LoopDim::kB;
    return suits(node.writes(), false) &&
           std::all_of(views.begin(), views.end(), [&](const auto* v) { return suits(*v, b_is_bound); });
  });
  return !used || (all && (by_outer || group.extent == home.extent) && group.chiplets == home.chiplets);
}

bool FusedGroup::shares_out(const Workload& workload, TensorId tensor) const {
  const auto holds = [&](const TensorView& view) { return view.tensor == tensor && holds_index(view, index); };
  return std::any_of(nodes.begin(), nodes.end(), [&](const PlannedNode& n) {
    const Node& node = workload.nodes[n.node];
    const auto views = node.reads();
    return holds(node.writes()) || std::any_of(views.begin(), views.end(), [&](const auto* v) { return holds(*v); });
  });
}

IdVector<TensorId, Lifetime> lifetimes(const Workload& workload, const Plan& plan) {
  IdVector<TensorId, Lifetime> lives(workload.tensors.size());
  for (TensorId t : workload.tensors.ids()) lives[t].used = workload.tensors[t].is_given();
  const auto use = [&](TensorId t, GroupId g) {
    Lifetime& life = lives[t];
    if (!life.used) life.from = g.value;
    life.used = true;
    life.to = std::max(life.to, g.value);
  };
  for (GroupId g : plan.groups.ids())
    for (const PlannedNode& n : plan.groups[g].nodes) {
      const Node& node = workload.nodes[n.node];
      const TensorId written = node.writes().tensor;
      use(written, g);
      if (!lives[written].writer) lives[written].writer = n.node;
      for (const TensorView* view : node.reads()) use(view->tensor, g);
      for (TensorId t : node.parameters()) use(t, g);
    }
  for (TensorId t : workload.tensors.ids())
    if (workload.tensors[t].kind == TensorKind::kOutput) lives[t].to = static_cast<std::int32_t>(plan.groups.size());
  return lives;
}

void attach_homes(const Workload& workload, Plan& plan) {
  for (FusedGroup& g : plan.groups) g.homes.clear();
  if (plan.homes.empty()) return;
  const IdVector<TensorId, Lifetime> lives = lifetimes(workload, plan);
  for (const Home& home : plan.homes) {
    const Lifetime& life = lives[home.tensor];
    for (std::int32_t g = std::max(life.from, 0); g <= life.to && g < static_cast<std::int32_t>(plan.groups.size());
         ++g) {
      FusedGroup& group = plan.groups[GroupId(g)];
      group.homes.push_back(home);
      group.homes.back().in_place = suits_home(workload, group, home);
    }
  }
}

}  // namespace heat::spec
