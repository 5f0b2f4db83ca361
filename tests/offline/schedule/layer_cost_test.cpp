#include "offline/schedule/layer_cost.h"

#include <gtest/gtest.h>

#include "offline/schedule/choose_path.h"
#include "tests/machines/simba/machines.h"

namespace heat::offline {
namespace {

TEST(LayerCost, CountsTheMacsOfThePathAndRemembers) {
  const spec::ArchSpec arch = machines::simba::simba_l();
  const spec::EnergyTable energy = machines::simba::energy_of(arch);
  LayerCoster coster(arch, energy);
  const TensorNetwork network =
      network_from_equation("tc,rc,or->to", {{"t", 384}, {"c", 768}, {"o", 768}, {"r", 200}}, {1, 2});
  const OnlinePlan plan{network, {{{0, 1}, {0, 1}}}};
  const LayerCost first = coster.cost(plan), again = coster.cost(plan);
  ASSERT_TRUE(first.feasible) << first.reason;
  EXPECT_EQ(first.macs, 2.0 * 384 * 768 * 200);
  EXPECT_EQ(first.cycles, again.cycles);
  EXPECT_EQ(first.energy_pj, again.energy_pj);
  EXPECT_EQ(first.edp_js, LayerCoster(arch, energy).cost(plan).edp_js);
}

// Of random networks and two machines: no path costs less than its bound, and the cheapest one is found though paths are
// left out by it.
TEST(LayerCost, LeastThenBelowWhatEveryPathCosts) {
  int near = 0, paths = 0;
  for (const spec::ArchSpec& arch : {machines::simba::simba_l(), machines::simba::tiny()}) {
    const spec::EnergyTable energy = machines::simba::energy_of(arch);
    machines::Calibration calibration;
    calibration.compute_factor = 0.9;
    LayerCoster coster(arch, energy, calibration);
    for (const Form& form : {Form{"cp", {{24}, {4, 12}}, {17}}, Form{"cp", {{4, 6}, {48}}, {40}},
                             Form{"svd", {{64}, {96}}, {20}}, Form{"tucker", {{8, 8}, {6, 16}}, {3, 5, 4, 6}},
                             Form{"ttm", {{4, 8}, {6, 8}}, {1, 6, 1}}, Form{"svd", {{768}, {768}}, {192}}}) {
      const TensorNetwork network = factorized_linear_network(form, form.shape.rows() > 64 ? 384 : 33);
      double best = 0;
      for (const PlannedPath& path : paths_to_map(network, 5, 50)) {
        const OnlinePlan plan = online_plan(network, path);
        const LayerCost cost = coster.cost(plan);
        if (!cost.feasible) continue;
        const machines::Cost least = coster.least(plan);
        EXPECT_LE(least.cycles, cost.cycles) << plan.network.einsum.text();
        EXPECT_LE(least.energy_pj, cost.energy_pj) << plan.network.einsum.text();
        near += coster.edp_js(least) > cost.edp_js / 2;
        ++paths;
        if (best == 0 || cost.edp_js < best) best = cost.edp_js;
      }
      EXPECT_EQ(HardwarePaths(coster, 5, 50).best(network).cost.edp_js, best);
    }
  }
  EXPECT_GT(paths, 30);
  EXPECT_GT(near, 0);
}

}  // namespace
}  // namespace heat::offline
