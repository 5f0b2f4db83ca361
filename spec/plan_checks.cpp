// Groups, places of tensors, bounds and mappings of a plan, against its workload.
#include <algorithm>
#include <optional>

#include "spec/checked_sizes.h"
#include "spec/schedule_checks.h"
#include "spec/verify.h"

namespace heat::spec {
namespace {

class PlanChecker {
 public:
  PlanChecker(const Schedule& s, base::Problems& problems)
      : w_(s.workload), p_(s.plan), file_(s.file), problems_(problems) {}

  void check() {
    check_places();
    if (!check_group_order()) return;  // later checks need every node in a group
    for (const FusedGroup& g : p_.groups)
      for (const PlannedNode& n : g.nodes) {
        const Node& node = w_.nodes[n.node];
        if (node.gemm)
          check_mapping(g, n, node, *node.gemm);
        else if (n.bound != LoopDim::kN)
          problems_.add(place(node), "bound: a vector node binds 'n'");
        check_bound(g, n, node);
        check_residents(g, node);
      }
  }

 private:
  std::string place(const Node& n) const { return file_ + ": node '" + n.name + "'"; }
  std::string place(const FusedGroup& g) const { return file_ + ": group '" + g.name + "'"; }
  std::string place(const Tensor& t) const { return file_ + ": tensor '" + t.name + "'"; }

  bool check_group_order() {
    std::int32_t next = 0;
    bool in_order = true;
    for (const FusedGroup& g : p_.groups) {
      if (g.nodes.empty()) problems_.add(place(g), "lists no nodes");
      if (g.ahead > 0 && g.ahead >= static_cast<int>(g.nodes.size()))
        problems_.add(place(g), "ahead: is " + std::to_string(g.ahead) + ", expected less than its " +
                                    std::to_string(g.nodes.size()) + " nodes");
      in_order = in_order && !g.nodes.empty();
      for (const PlannedNode& n : g.nodes)
        if (n.node != NodeId(next++)) {
          problems_.add(place(g), "groups must list every node once, in the order of 'nodes'");
          in_order = false;
        }
    }
    if (next == static_cast<std::int32_t>(w_.nodes.size())) return in_order;
    problems_.add(file_, "groups list " + std::to_string(next) + " of " + std::to_string(w_.nodes.size()) + " nodes");
    return false;
  }

  // Every tensor has an address, a home or one group that keeps it.
  void check_places() {
    owner_.resize(w_.tensors.size());
    at_home_.assign(w_.tensors.size(), 0);
    for (const Home& h : p_.homes)
      if (at_home_[h.tensor]++ == 1) problems_.add(place(w_.tensors[h.tensor]), "has two homes in the global buffers");
    for (const Home& h : p_.homes)
      if (w_.tensors[h.tensor].bytes() % h.extent != 0)
        problems_.add(place(w_.tensors[h.tensor]), "its home divides " + std::to_string(h.extent) + " values; its " +
                                                       std::to_string(w_.tensors[h.tensor].bytes()) +
                                                       " bytes are no multiple of that");
    for (GroupId g : p_.groups.ids())
      for (TensorId t : p_.groups[g].in_global_buffer) {
        if (owner_[t])
          problems_.add(place(p_.groups[g]), "keeps tensor '" + w_.tensors[t].name + "', which another group keeps");
        owner_[t] = g;
      }
    for (TensorId t : w_.tensors.ids()) check_place(t);
  }

  void check_place(TensorId t) {
    const Tensor& tensor = w_.tensors[t];
    std::vector<std::string> places;
    if (p_.dram_addresses[t] >= 0) places.emplace_back("a DRAM address");
    if (at_home_[t]) places.emplace_back("a home in the global buffers");
    if (owner_[t]) places.emplace_back("a group that keeps it");
    if (places.empty())
      problems_.add(place(tensor), "has no DRAM address, no home in the global buffers and no group that keeps it");
    for (std::size_t i = 1; i < places.size(); ++i)
      problems_.add(place(tensor), "has " + places[i - 1] + " and " + places[i]);
    if ((owner_[t] || at_home_[t]) && tensor.kind != TensorKind::kIntermediate)
      problems_.add(place(tensor), "only intermediate tensors can live in the global buffer");
  }

  // A tensor that a group keeps is written and read inside it only; a share of a resident tensor is one block of the
  // global buffer.
  void check_residents(const FusedGroup& g, const Node& node) {
    std::vector<const TensorView*> views = node.reads();
    views.push_back(&node.writes());
    for (const TensorView* view : views) {
      const Tensor& tensor = w_.tensors[view->tensor];
      if (owner_[view->tensor] && &p_.groups[owner_[view->tensor]] != &g)
        problems_.add(place(node), "tensor '" + tensor.name + "' lives in the global buffer of another group");
      check_travel(g, node, *view);
      if (!g.is_resident(view->tensor)) continue;
      const Home* home = g.home(view->tensor);
      if (home && home->in_place) continue;  // spec::suits_home has looked at it
      for (const ViewDim& d : view->dims)
        if (d.index == g.index && (d.inner > 1 || times(d.stride, d.size) != tensor.bytes()))
          problems_.add(place(node), "tensor '" + tensor.name + "' is in the global buffer, so index '" + g.index +
                                         "' must be its outermost axis");
    }
    for (TensorId t : node.parameters())
      if (owner_[t] || at_home_[t])
        problems_.add(place(node), "parameters '" + w_.tensors[t].name + "' must live in DRAM");
  }

  // What travels to its home is there when its group is over.
  void check_travel(const FusedGroup& g, const Node& node, const TensorView& view) {
    if (&view != &node.writes() && g.travels(view.tensor) && writes(g, view.tensor))
      problems_.add(place(node), "reads tensor '" + w_.tensors[view.tensor].name + "', which its group '" + g.name +
                                     "' sends to its home in the global buffers; it is there when the group is over");
  }

  bool writes(const FusedGroup& g, TensorId t) const {
    return std::any_of(g.nodes.begin(), g.nodes.end(),
                       [&](const PlannedNode& n) { return w_.nodes[n.node].writes().tensor == t; });
  }

  void check_bound(const FusedGroup& g, const PlannedNode& n, const Node& node) {
    const std::vector<Index>& bound = node.indices(n.bound);
    if (bound.empty() || bound.front() != g.index)
      problems_.add(place(node), "the group's index '" + g.index + "' must lead the bound dimension's indices");
    for (const ViewDim& d : node.writes().dims)
      if (d.index == g.index && d.size != g.extent)
        problems_.add(place(node), "index '" + g.index + "' has size " + std::to_string(d.size) +
                                       ", the group's extent is " + std::to_string(g.extent));
  }

  void check_mapping(const FusedGroup& g, const PlannedNode& n, const Node& node, const GemmNode& gemm) {
    const GemmMapping& m = n.mapping;
    const Extents wave{m.spatial.b * m.pe_tile.b, m.spatial.m * m.pe_tile.m, m.spatial.n * m.pe_tile.n,
                       m.spatial.k * m.pe_tile.k};
    const Extents step = step_extents(gemm, n.bound, g.extent, std::min(g.step, g.extent));
    for (LoopDim d : {LoopDim::kB, LoopDim::kM, LoopDim::kN, LoopDim::kK}) {
      if (m.gb_tile[d] > step[d])
        problems_.add(place(node), std::string("gb_tile.") + loop_dim_name(d) + " is " + std::to_string(m.gb_tile[d]) +
                                       ", the node's extent in a step is " + std::to_string(step[d]));
      if (m.pe_tile[d] > m.gb_tile[d])
        problems_.add(place(node), std::string("pe_tile.") + loop_dim_name(d) + " is larger than gb_tile's");
    }
    if (m.gb_tile.k < step.k && (wave.b < m.gb_tile.b || wave.m < m.gb_tile.m || wave.n < m.gb_tile.n))
      problems_.add(place(node), "k takes several global-buffer tiles, so a tile must be one wave in b, m and n");
  }

  const Workload& w_;
  const Plan& p_;
  const std::string& file_;
  base::Problems& problems_;
  IdVector<TensorId, GroupId> owner_;  // the group that keeps a tensor
  IdVector<TensorId, int> at_home_;    // how many homes it has
};

}  // namespace

bool check_structure(const Schedule& schedule, base::Problems& problems) {
  if (!check_workload(schedule.workload, schedule.file, problems)) return false;
  PlanChecker(schedule, problems).check();
  verify_data_flow(schedule, problems);
  verify_dram_ranges(schedule, problems);
  return true;
}

}  // namespace heat::spec
