// A request is a command line; what runs many of them is base/jobs.
#include "offline/loop/simulator_process.h"

#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "base/atomic_file.h"
#include "base/errors.h"
#include "base/jobs/run_commands.h"
#include "offline/loop/stage_runner.h"
#include "spec/arch_spec.h"

namespace heat::offline {
namespace {

base::JobCommand command_of(const SimulationRequest& r) {
  base::JobCommand command{"simba-sim on '" + r.schedule + "'",
                           {simulator_path(), "--arch", r.arch, "--schedule", r.schedule, "--data",
                            r.data ? "on" : "off", "--json", r.json}};
  auto& line = command.arguments;
  if (!r.trace.empty()) line.insert(line.end(), {"--trace", r.trace});
  line.insert(line.end(), r.extra.begin(), r.extra.end());
  return command;
}

std::string key_file(const SimulationRequest& r) {
  return r.json + ".key";
}

std::string content_or_name(const std::string& file) {
  return std::filesystem::exists(file) ? base::read_file(file) : file;
}

// What decides a result: the simulator, the machine's files, the schedule, the options.
std::string key_of(const SimulationRequest& r) {
  const std::filesystem::path program = simulator_path();
  std::string identity = std::to_string(std::filesystem::file_size(program)) + " " +
                         std::to_string(std::filesystem::last_write_time(program).time_since_epoch().count()) + "\n" +
                         (r.data ? "data" : "") + content_or_name(r.schedule) + content_or_name(r.arch);
  if (std::filesystem::exists(r.arch)) {
    const spec::ArchSpec arch = spec::ArchSpec::load(r.arch);
    for (const std::string& file : {arch.energy_config, arch.dram_config}) identity += content_or_name(file);
  }
  return content_key(identity);
}

// simba-sim writes its result whole, and the key is written before it starts: the key that is there is that of the
// result.
bool has_result(const SimulationRequest& r, const std::string& key) {
  if (!r.trace.empty() || !r.extra.empty()) return false;
  return std::filesystem::exists(r.json) && std::filesystem::exists(key_file(r)) &&
         base::read_file(key_file(r)) == key + "\n";
}

}  // namespace

std::string simulator_path() {
  std::string path;
  if (const char* given = std::getenv("HEAT_SIMBA_SIM")) {
    path = given;
  } else {
    std::error_code error;
    path = (std::filesystem::read_symlink("/proc/self/exe", error).parent_path() / "simba-sim").string();
  }
  if (access(path.c_str(), X_OK) != 0)
    throw base::FileError("cannot execute the simulator '" + path + "': " + std::strerror(errno) +
                          " (expected beside heat-offline, or named by HEAT_SIMBA_SIM)");
  return path;
}

std::optional<std::vector<SimulationResult>> simulate_part(const std::vector<SimulationRequest>& requests,
                                                           const SimulationFarm& farm) {
  std::vector<base::JobCommand> commands;
  std::vector<std::string> keys;
  for (std::size_t i = 0; i < requests.size(); ++i) {
    const SimulationRequest& r = requests[i];
    keys.push_back(key_of(r));
    if (!farm.shard.owns(i) || has_result(r, keys[i])) continue;
    std::filesystem::remove(r.json);
    base::write_file_atomically(key_file(r), keys[i] + "\n");
    commands.push_back(command_of(r));
  }
  base::RunCommandsOptions options;
  options.jobs = farm.jobs;
  options.folder = farm.folder;
  base::run_commands(commands, options);
  std::vector<SimulationResult> results;
  for (std::size_t i = 0; i < requests.size(); ++i) {
    if (!farm.shard.owns(i) && !has_result(requests[i], keys[i])) return std::nullopt;
    results.push_back(read_simulation(requests[i].json));
  }
  return results;
}

std::vector<SimulationResult> simulate_all(const std::vector<SimulationRequest>& requests, const SimulationFarm& farm) {
  HEAT_CHECK(farm.shard.is_whole(), "all simulations");
  return *simulate_part(requests, farm);
}

}  // namespace heat::offline
