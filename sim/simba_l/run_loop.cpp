// A slice ends within its last cycle, behind everything that happens in that cycle: times are multiples of the period, but
// for the DRAM's.
#include "sim/simba_l/run_loop.h"

#include <algorithm>

namespace heat::simba {
namespace {

constexpr std::size_t kReportedUnits = 40;  // of a deadlock, beside the chain of causes

// Reads off how far the run is: nodes are done by groups.
class ProgressReader {
 public:
  explicit ProgressReader(const spec::Schedule& schedule) : before_(schedule.workload.nodes.size(), 0) {
    std::int64_t before = 0;
    for (const spec::FusedGroup& group : schedule.plan.groups) {
      for (const spec::PlannedNode& n : group.nodes) before_[static_cast<std::size_t>(n.node.value)] = before;
      before += static_cast<std::int64_t>(group.nodes.size());
    }
  }
  RunProgress at(const RunContext& context, std::int64_t cycle) const {
    RunProgress p;
    p.cycle = cycle;
    p.node = context.latest_node;
    p.nodes = static_cast<std::int64_t>(before_.size());
    if (p.node >= 0) p.nodes_done = before_[static_cast<std::size_t>(p.node)];
    return p;
  }

 private:
  std::vector<std::int64_t> before_;  // nodes of the groups before a node's own
};

// Runs to the end of `cycle`, whether or not an event is left.
void run_through(const RunContext& context, std::int64_t cycle) {
  const sc_core::sc_time end = context.time_of(cycle + 1) - sc_core::sc_time::from_value(1);
  sc_core::sc_start(end - sc_core::sc_time_stamp(), sc_core::SC_RUN_TO_TIME);
}

[[noreturn]] void throw_deadlock(const RunContext& context, const RunQuestions& machine) {
  throw base::ScheduleError(
      context.schedule.file + ": deadlock at cycle " + std::to_string(context.cycle_at(context.pending.last())) +
      ": nothing is under way and work is left" + deadlock_report(machine.blocked(), kReportedUnits));
}

}  // namespace

std::string progress_text(const RunProgress& progress, const spec::Schedule& schedule) {
  std::string text = "cycle " + std::to_string(progress.cycle) + ", " + std::to_string(progress.nodes_done) + " of " +
                     std::to_string(progress.nodes) + " nodes done";
  if (progress.node >= 0) text += ", at node '" + schedule.workload.nodes[spec::NodeId(progress.node)].name + "'";
  return text;
}

void run_to_end(const RunContext& context, const RunQuestions& machine) {
  const ProgressReader reader(context.schedule);
  const std::int64_t limit = context.options.max_cycles;
  for (std::int64_t end = kSliceCycles;; end += kSliceCycles) {
    if (limit > 0) end = std::min(end, limit);
    run_through(context, end);
    if (context.error) std::rethrow_exception(context.error);
    if (machine.finished()) return;
    const bool starved = !sc_core::sc_pending_activity();
    const bool at_rest = context.pending.none() && !sc_core::sc_pending_activity_at_current_time();
    if (starved || at_rest) throw_deadlock(context, machine);
    if (end == limit)
      throw base::Error(context.schedule.file + ": not done after " + std::to_string(limit) +
                        " cycles (--max-cycles): " + progress_text(reader.at(context, end), context.schedule));
    if (context.options.watch) context.options.watch(reader.at(context, end));
  }
}

}  // namespace heat::simba
