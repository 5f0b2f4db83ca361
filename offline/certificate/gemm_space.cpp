// The rules of a legal mapping as spec/mapping.h and the machine's buffers state them.
#include "offline/certificate/gemm_space.h"

#include "base/checked.h"
#include "offline/certificate/choice_box.h"

namespace heat::offline::certificate {

using spec::Extents;
using spec::LoopDim;

const char* const kSpace =
    "every legal mapping: bound n, m or b; the first 1 to all chiplets; nothing, weights, inputs or "
    "both pinned; one step; tiles of PEs and global buffer of any size; all orders; any split of b, m, n and k over "
    "PEs";

std::vector<std::string> Configuration::pinned() const {
  std::vector<std::string> names;
  if (weight_pinned) names.emplace_back("weight");
  if (input_pinned) names.emplace_back("input");
  return names;
}

std::string Configuration::text() const {
  std::string text = std::string("bound ") + spec::loop_dim_name(bound) + ", " + std::to_string(chiplets) +
                     (chiplets == 1 ? " chiplet" : " chiplets");
  for (const std::string& name : pinned()) text += ", pinned " + name;
  return text;
}

std::vector<Configuration> configurations(const GemmSize& size, int chiplets) {
  std::vector<Configuration> list;
  for (LoopDim bound : {LoopDim::kN, LoopDim::kM, LoopDim::kB}) {
    const std::int64_t extent = bound == LoopDim::kN ? size.n : bound == LoopDim::kM ? size.m : size.b;
    for (int c = 1; c <= chiplets; ++c) {
      const std::int64_t share = base::ceil_div(extent, c);
      if (base::ceil_div(extent, share) != c) continue;  // some have nothing to do
      for (const bool weight : {false, true})
        for (const bool input : {false, true}) list.push_back({bound, c, weight, input});
    }
  }
  return list;
}

GemmProblem configured(const GemmSize& size, const Configuration& c) {
  GemmProblem problem = gemm_problem(size, c.bound);
  spec::FusedGroup& group = problem.group;
  group.chiplets = c.chiplets;
  group.step = base::ceil_div(group.extent, c.chiplets);
  const spec::GemmNode& gemm = *problem.workload.nodes[group.nodes.front().node].gemm;
  if (c.weight_pinned) group.pinned.push_back(gemm.weight.tensor);
  if (c.input_pinned) group.pinned.push_back(gemm.input.tensor);
  return problem;
}

MappingCoster::MappingCoster(const GemmSize& size, const Configuration& configuration, const machines::Machine& machine)
    : problem_(configured(size, configuration)),
      pes_(machine.pe_array()),
      costs_(machine.cost_model()),
      model_(costs_->group(problem_.workload, problem_.group)),
      extents_(model_->extents(0)) {}

const char* MappingCoster::objection_to_nest(const spec::GemmMapping& m) const {
  const Extents &pe = m.pe_tile, &gb = m.gb_tile, split{m.spatial.b, m.spatial.m, m.spatial.n, m.spatial.k};
  const auto product = [](auto... sizes) { return (static_cast<double>(sizes) * ...); };
  for (LoopDim dim : {LoopDim::kB, LoopDim::kM, LoopDim::kN, LoopDim::kK}) {
    if (pe[dim] < 1 || pe[dim] > gb[dim]) return "pe_tile is not from 1 to gb_tile";
    if (gb[dim] > extents_[dim]) return "gb_tile is larger than a chiplet's share";
    if (split[dim] < 1) return "spatial is below 1";
    if (gb.k < extents_.k && dim != LoopDim::kK && product(pe[dim], split[dim]) < static_cast<double>(gb[dim]))
      return "k takes several tiles of the global buffer, and one has several waves in b, m or n";
  }
  if (product(split.b, split.m, split.n, split.k) > static_cast<double>(pes_.pes))
    return "spatial takes more PEs than there are";
  if (product(pe.b, pe.m, pe.k) > static_cast<double>(pes_.weight)) return "pe_tile's weights are more than a PE holds";
  if (product(pe.b, pe.n, pe.k) > static_cast<double>(pes_.input)) return "pe_tile's inputs are more than a PE holds";
  if (product(pe.b, pe.m, pe.n) > static_cast<double>(pes_.output)) return "pe_tile's sums are more than a PE holds";
  return nullptr;
}

std::string MappingCoster::objection(const spec::GemmMapping& m) const {
  if (const char* to_nest = objection_to_nest(m)) return to_nest;
  return model_->fits({m}) ? "" : "the tiles are more than the global buffer holds";
}

bool MappingCoster::repeats(const spec::GemmMapping& m) const {
  const auto waves = [&](LoopDim dim, std::int64_t split) {
    return base::ceil_div(m.gb_tile[dim], m.pe_tile[dim] * split);
  };
  const bool one_wave = waves(LoopDim::kM, m.spatial.m) == 1 || waves(LoopDim::kN, m.spatial.n) == 1;
  if (one_wave && m.wave_order != kWaveOrders.front()) return true;
  const auto loops = [&](const std::array<LoopDim, 3>& order) {
    std::array<LoopDim, 3> running{LoopDim::kK, LoopDim::kK, LoopDim::kK};
    std::size_t count = 0;
    for (LoopDim dim : order)
      if (m.gb_tile[dim] < extents_[dim]) running[count++] = dim;
    return running;
  };
  for (const auto& earlier : kGbOrders) {
    if (earlier == m.gb_order) return false;
    if (loops(earlier) == loops(m.gb_order)) return true;
  }
  return false;
}

}  // namespace heat::offline::certificate
