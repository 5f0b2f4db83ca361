// The host HAL calls read(), write() and sleep() from within the firmware's C frames, so nothing here may throw through
// them: errors are remembered and the kernel is stopped.
#include "sim/simba_l/controller.h"

#include "firmware/hal/host/host_hal.h"

namespace heat::simba {
namespace {

std::string halt_text(std::uint32_t status) {
  switch (status) {
    case SIMBA_HALT_FOREIGN_IMAGE:
      return "the firmware rejects the program image";
    case SIMBA_HALT_TOUCHES:
      return "the firmware gives up: a command touches more objects than it keeps account of";
    default:
      return "the firmware halts with status " + std::to_string(status);
  }
}

}  // namespace

Controller::Controller(sc_core::sc_module_name name, RunContext& context, spec::ChipletId chiplet,
                       const Engines& engines, const Scoreboard& scoreboard)
    : sc_core::sc_module(name), context_(context), chiplet_(chiplet), engines_(engines), scoreboard_(scoreboard) {
  ++context.running_chiplets;
  SC_THREAD(run);
  SC_METHOD(interrupt);
  for (Engine* e : engines_) sensitive << e->interrupt();
  dont_initialize();
}

void Controller::interrupt() {
  pending_ = true;
  wake_.notify();
}

void Controller::run() {
  simba_host_bus bus{};
  bus.self = this;
  bus.read = [](void* self, std::uint32_t a) { return static_cast<Controller*>(self)->read(a); };
  bus.write = [](void* self, std::uint32_t a, std::uint32_t v) { static_cast<Controller*>(self)->write(a, v); };
  bus.wait = [](void* self) { static_cast<Controller*>(self)->sleep(); };
  simba_host_run(&bus, context_.image.words().data());
}

std::uint32_t Controller::read(std::uint32_t address) {
  const std::uint32_t offset = address - SIMBA_MMIO_BASE;
  if (offset == SIMBA_REG_CHIPLET) return static_cast<std::uint32_t>(chiplet_.value);
  if (offset >= SIMBA_REG_QUEUE_FREE && offset < SIMBA_REG_QUEUE_FREE + 4 * SIMBA_ENGINES) {
    polled_ = StallReason::kQueueFull;
    polled_engine_ = static_cast<int>((offset - SIMBA_REG_QUEUE_FREE) / 4);
    return static_cast<std::uint32_t>(engines_[static_cast<std::size_t>(polled_engine_)]->free_entries());
  }
  if (offset >= SIMBA_REG_DONE && offset < SIMBA_REG_DONE + 4 * SIMBA_ENGINES) {
    const std::uint32_t e = (offset - SIMBA_REG_DONE) / 4;
    polled_ = waits_for_engine(static_cast<int>(e));
    return scoreboard_.done[e];
  }
  return 0;
}

void Controller::write(std::uint32_t address, std::uint32_t value) {
  const std::uint32_t offset = address - SIMBA_MMIO_BASE;
  if (offset >= SIMBA_REG_COMMAND && offset < SIMBA_REG_COMMAND + 4 * SIMBA_CMD_WORDS) {
    command_.words[(offset - SIMBA_REG_COMMAND) / 4] = value;
  } else if (offset == SIMBA_REG_PUSH) {
    push(value);
  } else if (offset == SIMBA_REG_HALT) {
    halted_ = true;
    flush();
    if (value != SIMBA_HALT_DONE)
      context_.fail(
          std::make_exception_ptr(base::Error(std::string(name()) + ": " + halt_text(value) + last_node_text())));
    if (--context_.running_chiplets == 0) sc_core::sc_stop();
  } else {
    context_.fail(std::make_exception_ptr(base::Error(std::string(name()) + ": the firmware wrote register " +
                                                      std::to_string(offset) + ", which does not exist")));
  }
}

void Controller::push(std::uint32_t engine) {
  last_node_ = command_.node();
  context_.meter.add(last_node_, spec::Action::kControllerCommand, 1);
  context_.wait_until(context_.now() + context_.arch.controller.command_cycles);
  account(WorkKind::kIssue, StallReason{});
  engines_[engine]->push(command_);
  command_ = Command{};
}

void Controller::sleep() {
  if (!pending_) sc_core::wait(wake_);
  pending_ = false;
  account(WorkKind::kStall, polled_);
}

// The time since the last call went to this. What goes on without a change is one entry.
void Controller::account(WorkKind kind, StallReason reason) {
  if (going_on_.kind != kind || going_on_.reason != reason || going_on_.node != last_node_) {
    flush();
    going_on_ = {chiplet_, kControllerUnit, last_node_, going_on_.end, going_on_.end, kind, reason};
  }
  going_on_.end = context_.now();
}

void Controller::flush() {
  context_.account({chiplet_, kControllerUnit}, going_on_.node, going_on_.kind, going_on_.reason, going_on_.end);
}

std::string Controller::last_node_text() const {
  return last_node_ >= 0 ? " after a command of node '" + context_.node_name(last_node_) + "'" : std::string();
}

Blocked Controller::blocked() const {
  Blocked b{{chiplet_, kControllerUnit}, name(), {}, {}, !halted_};
  if (halted_) {
    b.waits = "has halted" + last_node_text();
    return b;
  }
  switch (polled_) {
    case StallReason::kQueueFull:
      b.waits = std::string("waits for room in the queue of ") + unit_name(polled_engine_) + last_node_text();
      b.on = {{chiplet_, polled_engine_}};
      return b;
    case StallReason::kMulticast:
    case StallReason::kResults:
    case StallReason::kPort:
    case StallReason::kCommand:
    case StallReason::kRandom:
      break;
    default: {
      const int e = static_cast<int>(polled_);
      const Engine& engine = *engines_[static_cast<std::size_t>(e)];
      b.waits = std::string("waits for ") + unit_name(e) + " to complete more than " +
                std::to_string(scoreboard_.done[static_cast<std::size_t>(e)]) + " of " +
                std::to_string(engine.pushed()) + " commands" + last_node_text();
      b.on = {{chiplet_, e}};
      return b;
    }
  }
  throw std::logic_error(std::string(name()) + " polls no register for " + stall_reason_name(polled_));
}

}  // namespace heat::simba
