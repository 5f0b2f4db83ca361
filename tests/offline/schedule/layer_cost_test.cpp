#include "offline/schedule/layer_cost.h"

#include <gtest/gtest.h>

#include "tests/machines/simba/machines.h"

namespace heat::offline {
namespace {

TEST(LayerCost, CountsTheMacsOfThePathAndRemembers) {
  const spec::ArchSpec arch = machines::simba::simba_l();
  const spec::EnergyTable energy = machines::simba::energy_of(arch);
  LayerCoster coster(arch, energy);
  const spec::Einsum einsum = spec::Einsum::parse("tc,rc,or->to", {{"t", 384}, {"c", 768}, {"o", 768}, {"r", 200}});
  const spec::ContractionPath path{{{0, 1}, {0, 1}}};
  const LayerCost first = coster.cost(einsum, path, {1, 2}), again = coster.cost(einsum, path, {1, 2});
  ASSERT_TRUE(first.feasible) << first.reason;
  EXPECT_EQ(first.macs, 2.0 * 384 * 768 * 200);
  EXPECT_EQ(first.cycles, again.cycles);
  EXPECT_EQ(first.energy_pj, again.energy_pj);
  EXPECT_EQ(first.edp_js, LayerCoster(arch, energy).cost(einsum, path, {1, 2}).edp_js);
}

}  // namespace
}  // namespace heat::offline
