// The parts of the model put together.
#include "machines/simba/machine.h"

#include <map>

#include "base/checked.h"
#include "machines/simba/gb_layout.h"
#include "machines/simba/group_model.h"
#include "machines/simba/misfits.h"
#include "machines/simba/pe_tile_limits.h"
#include "machines/simba/shares.h"

namespace heat::machines::simba {
namespace {

class SimbaCostModel final : public CostModel {
 public:
  explicit SimbaCostModel(const machines::Machine& machine) : machine_(machine), links_(machine.arch.noc) {}
  std::unique_ptr<machines::GroupModel> group(const spec::Workload& workload, const spec::FusedGroup& group) override {
    const int chiplets = group.chiplets_of(machine_.arch.chiplets());
    const auto [pricer, is_new] = pricers_.try_emplace(chiplets, machine_, chiplets);
    return std::make_unique<GroupModel>(workload, group, pricer->second, links_);
  }

 private:
  const machines::Machine& machine_;
  std::map<int, StepPricer> pricers_;  // by the chiplets that take part
  LinkTables links_;
};

}  // namespace

PeArray Machine::pe_array() const {
  const PeTileLimits limits(arch.pe);
  return {arch.pes(), {1, arch.pe.lanes, 1, arch.pe.width}, limits.weight_bytes, limits.input_bytes, limits.sums};
}

std::int64_t Machine::largest_share(std::int64_t extent, int chiplets) const {
  return Shares(extent, chiplets > 0 ? chiplets : arch.chiplets()).share;
}

std::int64_t Machine::home_bytes(const spec::Workload& workload, const spec::Home& home) const {
  return home_range(workload, home, arch).bytes;
}

// Every lane takes in the same input, every vector of products adds to one sum. Weights may stay in their registers.
double Machine::least_mac_pj() const {
  const double sum = energy.pj(spec::Action::kAccumulatorRead) + energy.pj(spec::Action::kAccumulatorWrite);
  return calibration.dynamic_energy_factor *
         (energy.pj(spec::Action::kMac) +
          energy.pj(spec::Action::kInputBufferRead) / static_cast<double>(arch.pe.lanes) +
          sum / static_cast<double>(arch.pe.width));
}

double Machine::idle_pj_per_cycle() const {
  const StepPricer pricer(*this, arch.chiplets());
  return pricer.static_pj_per_cycle() + pricer.background_pj_per_cycle();
}

double Machine::least_cycles(const spec::Extents& extents) const {
  const std::int64_t vectors = base::ceil_div(extents.m, arch.pe.lanes) * base::ceil_div(extents.k, arch.pe.width);
  return calibration.compute_factor * static_cast<double>(extents.b * extents.n) * static_cast<double>(vectors) /
         (arch.pes() * arch.chiplets());
}

std::unique_ptr<CostModel> Machine::cost_model() const {
  return std::make_unique<SimbaCostModel>(*this);
}

std::vector<std::string> Machine::misfits(const spec::Schedule& schedule) const {
  return simba::misfits(schedule, arch);
}

}  // namespace heat::machines::simba
