// The watchdog looks once in a long while whether any command completed or any burst came back; the DRAM's refresh
// keeps the kernel's event queue alive, so an empty queue alone would not reveal a deadlock.
#include "sim/simba_l/package.h"

namespace heat::simba {
namespace {
constexpr std::int64_t kWatchCycles = 20'000'000;  // longer than any single command
}

Package::Package(sc_core::sc_module_name name, RunContext& context)
    : sc_core::sc_module(name),
      port("dram_port", context),
      barrier("barrier", context),
      context_(context),
      fabric_(context, port) {
  for (int c = 0; c < context.arch.chiplets(); ++c)
    chiplets_.push_back(std::make_unique<Chiplet>(("chiplet" + std::to_string(c)).c_str(), context, spec::ChipletId(c),
                                                  fabric_, rendezvous_, barrier));
  SC_THREAD(watch);
}

void Package::watch() {
  std::int64_t seen = -1;
  for (;;) {
    const std::int64_t progress =
        context_.completed_commands + port.answered_bursts() + static_cast<std::int64_t>(barrier.released());
    if (progress == seen) sc_core::sc_stop();
    seen = progress;
    sc_core::wait(context_.period * static_cast<double>(kWatchCycles));
  }
}

void Package::check_finished() const {
  if (context_.error) std::rethrow_exception(context_.error);
  if (finished()) return;
  std::string text = context_.schedule.file + ": deadlock at cycle " + std::to_string(context_.now()) +
                     ": nothing is running and work is left";
  if (port.outstanding() > 0) text += " (the DRAM owes " + std::to_string(port.outstanding()) + " responses)";
  for (const auto& c : chiplets_) text += c->describe_waits();
  throw base::ScheduleError(text);
}

}  // namespace heat::simba
