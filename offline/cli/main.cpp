// heat-offline: dispatches to one cmd_<name>.cpp per command.
#include "base/program.h"
#include "offline/cli/commands.h"

namespace heat::offline::cli {

// Every command that starts without LibTorch, in the order of the flow. (Sorted blocks: add yours where it belongs.)
// clang-format off
#define HEAT_COMMANDS(X) \
  X("decompose", run_decompose, "decompose one matrix into the cores of a tensor network") \
  X("rank", run_rank, "ranks for a target ratio, by TensorLy's rule or ours") \
  X("path", run_path, "contraction paths of least cost for einsums") \
  X("map", run_map, "best mapping of a GEMM on an architecture") \
  X("verify", run_verify, "confirm a certificate that map wrote, without the search") \
  X("cost-table", run_cost_table, "error and hardware cost of every shape and rank, and the Pareto front") \
  X("merge", run_merge, "put together the parts that --shard left in a folder") \
  X("calibrate", run_calibrate, "fit the analytical model to simulated runs") \
  X("calibrate-energy", run_calibrate_energy, "fit an energy table within bounds to known energies or EDPs") \
  X("schedule", run_schedule, "a BERT encoder, dense or factorised, as a schedule for simba-sim")

// clang-format on
#define X(name, function, summary) int function(int argc, char** argv);
HEAT_COMMANDS(X)
#undef X

int run_schedule(int argc, char** argv) {
  return schedule_command(argc, argv, nullptr);
}

static const base::CommandTable kTable{
    "heat-offline",
    "shapes, ranks and training of tensor-decomposed Transformers, and their schedules",
    "<command> [options]",
    "",
    {
#define X(name, function, summary) {name, summary, function},
        HEAT_COMMANDS(X)
#undef X
#define X(name, function, summary) {name, summary, run_with_torch},
            HEAT_TORCH_COMMANDS(X)
#undef X
    }};

}  // namespace heat::offline::cli

int main(int argc, char** argv) {
  return heat::base::run_program("heat-offline", [&] { return heat::offline::cli::kTable.dispatch(argc, argv); });
}
