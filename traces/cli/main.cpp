// heat-trace: dispatches to one cmd_<name>.cpp per command.
#include <cstring>
#include <iostream>
#include <vector>

#include "spec/config_reader.h"
#include "spec/errors.h"
#include "spec/program.h"
#include "traces/cli/command.h"

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

static const std::vector<Command> kCommands = {
#define X(name, function, summary) {name, summary, function},
    HEAT_TRACE_COMMANDS(X)
#undef X
};

static void print_help() {
  std::cout << "heat-trace: reads the run databases that simba-sim writes\n\n"
               "Usage: heat-trace <command> RUN.sqlite [options]\n\nCommands:\n";
  for (const Command& c : kCommands)
    std::cout << "  " << c.name << std::string(12 - std::strlen(c.name), ' ') << c.summary << "\n";
  std::cout << "\nheat-trace <command> --help lists a command's options with examples.\n\nExamples:\n"
               "  heat-trace summary run.sqlite\n"
               "  heat-trace timeline run.sqlite --output run.json\n";
}

static int dispatch(int argc, char** argv) {
  const std::string word = argc > 1 ? argv[1] : "";
  if (word == "--help" || word == "-h" || word == "help") {
    print_help();
    return spec::kDone;
  }
  if (word == "--version") {
    std::cout << spec::version_line("heat-trace") << "\n";
    return spec::kDone;
  }
  std::vector<std::string> names;
  for (const Command& c : kCommands) {
    if (word == c.name) return c.run(argc - 1, argv + 1);
    names.push_back(c.name);
  }
  if (word.empty()) throw spec::ConfigError("no command given (see heat-trace --help)");
  const auto near = spec::nearest_word(word, names);
  throw spec::ConfigError("unknown command '" + word + "'" +
                          (near ? " (did you mean '" + *near + "'?)" : std::string()) + ", see heat-trace --help");
}

}  // namespace heat::traces::cli

int main(int argc, char** argv) {
  return heat::spec::run_program("heat-trace", [&] { return heat::traces::cli::dispatch(argc, argv); });
}
