// A tensor can stay on chip when nobody outside the run uses it and everybody sees the bound index outermost in it.
#include "offline/mapper/fusible_runs.h"

#include <algorithm>

namespace heat::offline::mapper {

using spec::FusedGroup;
using spec::NodeId;

FusibleRuns::FusibleRuns(const spec::Workload& workload, const std::vector<ChainNode>& chain, const FusionSpace& space,
                         const Machine& machine)
    : w_(workload),
      chain_(chain),
      chiplets_(space.chiplets),
      users_(workload.tensors.size()),
      home_of_(workload.tensors.size(), nullptr) {
  for (NodeId n : workload.nodes.ids()) {
    for (const auto* view : workload.nodes[n].reads()) users_[view->tensor].push_back(n);
    users_[workload.nodes[n].writes().tensor].push_back(n);
  }
  for (const spec::Home& home : space.homes) {
    const auto [first, last] = std::minmax_element(users_[home.tensor].begin(), users_[home.tensor].end());
    homes_.push_back({home, machine.home_bytes(workload, home), *first, *last});
  }
  for (const PlacedHome& placed : homes_) home_of_[placed.home.tensor] = &placed;
}

FusibleRuns::Bound FusibleRuns::bound_of(const spec::Node& node, spec::LoopDim dim) {
  const std::vector<spec::Index>& group = node.indices(dim);
  if (group.empty()) return {"", 1};  // a GEMM without output indices binds nothing: one value
  for (const auto& d : node.writes().dims)
    if (d.index == group.front()) return {d.index, d.size};
  return {group.front(), 1};
}

// The homes that hold something while the group's nodes run.
void FusibleRuns::attach_homes(FusedGroup& group) const {
  for (const PlacedHome& placed : homes_) {
    if (!placed.is_alive(group.nodes.front().node, group.nodes.back().node)) continue;
    group.homes.push_back(placed.home);
    group.homes.back().in_place = spec::suits_home(w_, group, placed.home);
  }
}

std::optional<spec::LoopDim> FusibleRuns::dim_of(std::size_t position, const Bound& bound) const {
  for (spec::LoopDim dim : dims(position))
    if (bound_of(node(position), dim) == bound) return dim;
  return std::nullopt;
}

std::vector<spec::LoopDim> FusibleRuns::dims(std::size_t position) const {
  std::vector<spec::LoopDim> list{chain_[position].bound};
  if (!node(position).gemm) return list;
  for (spec::LoopDim dim : {spec::LoopDim::kB, spec::LoopDim::kM, spec::LoopDim::kN})
    if (dim != list.front() && !node(position).indices(dim).empty()) list.push_back(dim);
  return list;
}

bool FusibleRuns::homes_overlap(std::size_t first, std::size_t last) const {
  std::vector<const PlacedHome*> alive;
  for (const PlacedHome& placed : homes_)
    if (placed.is_alive(chain_[first].node, chain_[last].node)) alive.push_back(&placed);
  std::sort(alive.begin(), alive.end(), [](const auto* x, const auto* y) { return x->home.address < y->home.address; });
  for (std::size_t i = 1; i < alive.size(); ++i)
    if (alive[i]->home.address < alive[i - 1]->home.address + alive[i - 1]->bytes) return true;
  return false;
}

bool FusibleRuns::fusible(std::size_t first, std::size_t last, spec::LoopDim dim) const {
  const Bound common = bound_of(node(first), dim);
  if (common.index.empty() || homes_overlap(first, last)) return false;
  for (std::size_t i = first + 1; i <= last; ++i)
    if (!dim_of(i, common)) return false;
  const FusedGroup run = group(first, last, dim);
  for (std::size_t i = first + 1; i <= last; ++i) {
    bool linked = false;
    for (const auto* view : node(i).reads())
      for (std::size_t p = first; p < i; ++p) {
        if (node(p).writes().tensor != view->tensor) continue;
        if (run.travels(view->tensor)) return false;
        linked = linked || home_of_[view->tensor] || stays(p, first, last, common);
      }
    if (!linked) return false;
  }
  return true;
}

int FusibleRuns::ahead(std::size_t first, std::size_t last) const {
  for (std::size_t i = first; i <= last; ++i)
    if (!node(i).gemm) return i < last ? static_cast<int>(i - first) : 0;
  return 0;
}

// True when the output of chain node `p` is used inside the run only, and everybody sees the bound index outermost.
bool FusibleRuns::stays(std::size_t p, std::size_t first, std::size_t last, const Bound& common) const {
  const spec::TensorId tensor = node(p).writes().tensor;
  const spec::Tensor& t = w_.tensors[tensor];
  if (t.kind != spec::TensorKind::kIntermediate || home_of_[tensor]) return false;
  const auto outermost = [&](const spec::TensorView& view) {
    return view.tensor != tensor || spec::is_outermost(view, common.index, common.extent, t.bytes());
  };
  return std::all_of(users_[tensor].begin(), users_[tensor].end(), [&](NodeId user) {
    const bool inside = std::any_of(chain_.begin() + static_cast<std::ptrdiff_t>(first),
                                    chain_.begin() + static_cast<std::ptrdiff_t>(last) + 1,
                                    [&](const ChainNode& c) { return c.node == user; });
    const auto reads = w_.nodes[user].reads();
    return inside && outermost(w_.nodes[user].writes()) &&
           std::all_of(reads.begin(), reads.end(), [&](const auto* view) { return outermost(*view); });
  });
}

FusedGroup FusibleRuns::group(std::size_t first, std::size_t last, spec::LoopDim dim) const {
  const Bound common = bound_of(node(first), dim);
  FusedGroup g;
  g.name = node(first).name + (last > first ? " .. " + node(last).name : "");
  g.index = common.index;
  g.extent = g.step = common.extent;
  g.chiplets = chiplets_;
  for (std::size_t i = first; i <= last; ++i) {
    g.nodes.push_back({chain_[i].node, i == first ? dim : dim_of(i, common).value(), {}, {}});
    if (i < last && stays(i, first, last, common)) g.in_global_buffer.push_back(node(i).writes().tensor);
  }
  attach_homes(g);
  return g;
}

FusedGroup FusibleRuns::alone(std::size_t position, spec::LoopDim dim) const {
  const Bound common = bound_of(node(position), dim);
  FusedGroup g;
  g.name = node(position).name;
  g.index = common.index;
  g.extent = g.step = common.extent;
  g.chiplets = chiplets_;
  g.nodes.push_back({chain_[position].node, dim, {}, {}});
  attach_homes(g);
  return g;
}

}  // namespace heat::offline::mapper
