// heat-trace: dispatches to one cmd_<name>.cpp per command.
#include "base/program.h"

namespace heat::traces::cli {

// Every command: name, function, summary.
// clang-format off
#define HEAT_TRACE_COMMANDS(X)                                                                   \
  X("summary",  run_summary,  "where time and energy went, stalls, utilisation")                 \
  X("diff",     run_diff,     "what changed between two runs, largest change first")             \
  X("dram",     run_dram,     "DRAM traffic: bandwidth, row hits, latencies, reuse, what limits it")  \
  X("timeline", run_timeline, "the run for Perfetto or chrome://tracing")                        \
  X("export",   run_export,   "tables as CSV, DRAM requests as DRAMsim3 or Ramulator 2 traces") \
  X("report",   run_report,   "one HTML file with interactive pictures of runs and search")

// clang-format on
#define X(name, function, summary) int function(int argc, char** argv);
HEAT_TRACE_COMMANDS(X)
#undef X

static const base::CommandTable kTable{"heat-trace",
                                       "reads the run databases that simba-sim writes",
                                       "<command> RUN.sqlite [options]",
                                       "\nExamples:\n"
                                       "  heat-trace summary run.sqlite\n"
                                       "  heat-trace timeline run.sqlite --output run.json\n",
                                       {
#define X(name, function, summary) {name, summary, function},
                                           HEAT_TRACE_COMMANDS(X)
#undef X
                                       }};

}  // namespace heat::traces::cli

int main(int argc, char** argv) {
  return heat::base::run_program("heat-trace", [&] { return heat::traces::cli::kTable.dispatch(argc, argv); });
}
