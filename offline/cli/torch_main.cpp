// heat-offline-torch: heat-offline's commands that need LibTorch. heat-offline runs it; nobody else needs to.
#include "base/program.h"
#include "offline/cli/commands.h"

namespace heat::offline::cli {

#define X(name, function, summary) int function(int argc, char** argv);
HEAT_TORCH_COMMANDS(X)
#undef X

static int run_schedule(int argc, char** argv) {
  return schedule_command(argc, argv, load_checkpoint_forms);
}

static const base::CommandTable kTable{
    "heat-offline-torch",
    "the commands of heat-offline that need LibTorch; run them through heat-offline",
    "<command> [options]",
    "",
    {{"schedule", "a checkpoint's encoder, dense or factorised, as a schedule for simba-sim", run_schedule},
#define X(name, function, summary) {name, summary, function},
     HEAT_TORCH_COMMANDS(X)
#undef X
    }};

}  // namespace heat::offline::cli

// Errors speak of the program that people typed.
int main(int argc, char** argv) {
  return heat::base::run_program("heat-offline", [&] { return heat::offline::cli::kTable.dispatch(argc, argv); });
}
