// Every legal mapping of a small GEMM, one by one.
#pragma once

#include <algorithm>
#include <functional>

#include "machines/machine.h"
#include "offline/schedule/gemm_problem.h"

namespace heat::offline::certificate {

inline std::vector<std::array<spec::LoopDim, 3>> orders_of(const spec::Extents& extents, const spec::Extents& tile) {
  using enum spec::LoopDim;
  std::array<spec::LoopDim, 3> order{kB, kM, kN};
  std::vector<std::array<spec::LoopDim, 3>> list;
  std::vector<std::vector<spec::LoopDim>> seen;
  do {
    // Loops that run once change nothing.
    std::vector<spec::LoopDim> loops;
    for (spec::LoopDim d : order)
      if (tile[d] < extents[d]) loops.push_back(d);
    if (std::find(seen.begin(), seen.end(), loops) != seen.end()) continue;
    seen.push_back(loops);
    list.push_back(order);
  } while (std::next_permutation(order.begin(), order.end()));
  return list;
}

// Calls visit(tile) for all sizes from 1 to `most` in each dimension.
template <class Visit>
void for_each_size(const spec::Extents& most, Visit visit) {
  for (std::int64_t b = 1; b <= most.b; ++b)
    for (std::int64_t m = 1; m <= most.m; ++m)
      for (std::int64_t n = 1; n <= most.n; ++n)
        for (std::int64_t k = 1; k <= most.k; ++k) visit(spec::Extents{b, m, n, k});
}

// Calls visit(mapping) for every mapping of a node of these extents that fits PEs and is a loop nest of spec/mapping.h.
template <class Visit>
void for_each_mapping(const spec::Extents& extents, const machines::PeArray& pes, Visit visit) {
  using enum spec::LoopDim;
  for_each_size(extents, [&](const spec::Extents& gb) {
    for_each_size(gb, [&](const spec::Extents& pe) {
      if (pe.b * pe.m * pe.k > pes.weight || pe.b * pe.n * pe.k > pes.input || pe.b * pe.m * pe.n > pes.output) return;
      for_each_size({pes.pes, pes.pes, pes.pes, pes.pes}, [&](const spec::Extents& split) {
        if (split.product() > pes.pes) return;
        const bool one_wave = gb.b <= pe.b * split.b && gb.m <= pe.m * split.m && gb.n <= pe.n * split.n;
        if (gb.k < extents.k && !one_wave) return;
        for (const auto& order : orders_of(extents, gb))
          for (const auto& waves : {std::array{kM, kN}, std::array{kN, kM}})
            visit(spec::GemmMapping{gb, order, pe, {split.b, split.m, split.n, split.k}, waves});
      });
    });
  });
}

// The best value of all mappings of a GEMM, over bounds, chiplets and pins.
struct BruteForce {
  double least = -1;
  std::int64_t mappings = 0;
};
inline BruteForce brute_force(const GemmSize& size, const machines::Machine& machine,
                              const std::function<double(const machines::Cost&)>& value) {
  BruteForce found;
  const std::unique_ptr<machines::CostModel> costs = machine.cost_model();
  for (spec::LoopDim bound : {spec::LoopDim::kN, spec::LoopDim::kM, spec::LoopDim::kB})
    for (int chiplets = 1; chiplets <= machine.arch.chiplets(); ++chiplets)
      for (int pins = 0; pins < 4; ++pins) {
        GemmProblem p = gemm_problem(size, bound);
        p.group.chiplets = chiplets;
        p.group.step = (p.group.extent + chiplets - 1) / chiplets;
        const spec::GemmNode& gemm = *p.workload.nodes[p.group.nodes[0].node].gemm;
        if (pins & 1) p.group.pinned.push_back(gemm.weight.tensor);
        if (pins & 2) p.group.pinned.push_back(gemm.input.tensor);
        const auto model = costs->group(p.workload, p.group);
        for_each_mapping(model->extents(0), machine.pe_array(), [&](const spec::GemmMapping& mapping) {
          if (!model->fits({mapping})) return;
          const double v = value(model->cost({mapping}));
          if (found.least < 0 || v < found.least) found.least = v;
          ++found.mappings;
        });
      }
  return found;
}

}  // namespace heat::offline::certificate
