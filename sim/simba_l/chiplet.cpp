// Construction only: engines in the order of the ABI, then the controller that drives them.
#include "sim/simba_l/chiplet.h"

#include "sim/simba_l/compute_engine.h"
#include "sim/simba_l/drain_engine.h"
#include "sim/simba_l/send_engine.h"
#include "sim/simba_l/vector_engine.h"

namespace heat::simba {

Chiplet::Chiplet(sc_core::sc_module_name name, RunContext& context, spec::ChipletId number, PackageFabric& fabric,
                 Rendezvous& rendezvous, SignalBoard& signals)
    : sc_core::sc_module(name), core_(context.arch, number, context.options.data) {
  if (context.options.waves) core_.keep(context.waves.busy);
  fabric.cores.push_back(&core_);
  engines_[SIMBA_LOAD] =
      std::make_unique<LoadEngine>(unit_name(SIMBA_LOAD), context, scoreboard_, core_, fabric, rendezvous);
  for (int unit : {SIMBA_SEND_WEIGHT, SIMBA_SEND_INPUT})
    engines_[static_cast<std::size_t>(unit)] =
        std::make_unique<SendEngine>(unit_name(unit), context, scoreboard_, core_, unit);
  engines_[SIMBA_COMPUTE] = std::make_unique<ComputeEngine>(unit_name(SIMBA_COMPUTE), context, scoreboard_, core_);
  engines_[SIMBA_DRAIN] = std::make_unique<DrainEngine>(unit_name(SIMBA_DRAIN), context, scoreboard_, core_);
  engines_[SIMBA_VECTOR] = std::make_unique<VectorEngine>(unit_name(SIMBA_VECTOR), context, scoreboard_, core_);
  engines_[SIMBA_STORE] = std::make_unique<StoreEngine>(unit_name(SIMBA_STORE), context, scoreboard_, core_, fabric);
  engines_[SIMBA_SIGNAL] =
      std::make_unique<SignalEngine>(unit_name(SIMBA_SIGNAL), context, scoreboard_, number, signals);
  Engines list{};
  for (std::size_t i = 0; i < list.size(); ++i) {
    HEAT_CHECK(engines_[i], std::string("the chiplet builds no engine '") + unit_name(static_cast<int>(i)) + "'");
    list[i] = engines_[i].get();
  }
  controller_ = std::make_unique<Controller>(unit_name(kControllerUnit), context, number, list, scoreboard_);
}

void Chiplet::add_blocked(std::vector<Blocked>& units) const {
  Engines list{};
  for (std::size_t i = 0; i < list.size(); ++i) list[i] = engines_[i].get();
  for (const Engine* e : list) units.push_back(e->blocked(list));
  units.push_back(controller_->blocked());
}

}  // namespace heat::simba
