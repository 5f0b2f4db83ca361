// heat-offline: dispatches to one cmd_<name>.cpp per command.
#include <cstring>
#include <iostream>

#include "offline/cli/command.h"
#include "spec/config_reader.h"
#include "spec/errors.h"
#include "spec/program.h"

namespace heat::offline::cli {

// Every command, in the order of the flow. (Sorted blocks: add yours where it belongs.)
// clang-format off
#define HEAT_COMMANDS(X) \
  X("decompose", run_decompose, "decompose one matrix by CP, Tucker, TTM or SVD") \
  X("rank", run_rank, "ranks for a target ratio, by TensorLy's rule or ours") \
  X("path", run_path, "contraction paths of least cost for einsums") \
  X("map", run_map, "best mapping of a GEMM on an architecture") \
  X("cost-table", run_cost_table, "error and hardware cost of every shape and rank, and the Pareto front") \
  X("calibrate", run_calibrate, "fit the analytical model to simulated runs") \
  X("schedule", run_schedule, "a BERT encoder, dense or factorised, as a schedule for simba-sim") \
  X("finetune", run_finetune, "train a BERT classifier (masked-language pre-training, then the task)") \
  X("evaluate", run_evaluate, "accuracy of a checkpoint on a task, beside the bag-of-words baseline") \
  X("supernet", run_supernet, "level 2: train the Rank SuperNet of a teacher") \
  X("search", run_search, "level 2: predict accuracies and evolve per-layer ranks") \
  X("distill", run_distill, "level 3: train a factorised student in two stages") \
  X("run", run_run, "the whole of HEAT from one configuration, resumable")

// clang-format on
#define X(name, function, summary) int function(int argc, char** argv);
HEAT_COMMANDS(X)
#undef X

static const std::vector<Command> kCommands = {
#define X(name, function, summary) {name, summary, function},
    HEAT_COMMANDS(X)
#undef X
};

static void print_help() {
  std::cout << "heat-offline: shapes, ranks and training of tensor-decomposed Transformers, and their schedules\n\n"
               "Usage: heat-offline <command> [options]\n\nCommands:\n";
  for (const Command& c : kCommands)
    std::cout << "  " << c.name << std::string(14 - std::strlen(c.name), ' ') << c.summary << "\n";
  std::cout << "\nheat-offline <command> --help lists a command's options with examples.\n";
}

static int dispatch(int argc, char** argv) {
  const std::string word = argc > 1 ? argv[1] : "";
  if (word == "--help" || word == "-h" || word == "help") {
    print_help();
    return spec::kDone;
  }
  if (word == "--version") {
    std::cout << spec::version_line("heat-offline") << "\n";
    return spec::kDone;
  }
  std::vector<std::string> names;
  for (const Command& c : kCommands) {
    if (word == c.name) return c.run(argc - 1, argv + 1);
    names.push_back(c.name);
  }
  if (word.empty()) throw spec::ConfigError("no command given (see heat-offline --help)");
  const auto near = spec::nearest_word(word, names);
  throw spec::ConfigError("unknown command '" + word + "'" +
                          (near ? " (did you mean '" + *near + "'?)" : std::string()) + ", see heat-offline --help");
}

}  // namespace heat::offline::cli

int main(int argc, char** argv) {
  return heat::spec::run_program("heat-offline", [&] { return heat::offline::cli::dispatch(argc, argv); });
}
