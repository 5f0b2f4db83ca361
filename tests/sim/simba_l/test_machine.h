// Runs a schedule on the simulated machine in a child process (the SystemC kernel allows one elaboration a process),
// with a memory of fixed latency and unlimited bandwidth behind the DRAM port.
#pragma once

#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "sim/simba_l/simulation.h"
#include "tests/support/schedule_builder.h"

namespace heat::simba_test {

struct Machine {
  spec::ArchSpec arch;
  simba::RunOptions options;
  int memory_latency_cycles = 20;
  bool memory_never_answers = false, memory_never_answers_writes = false;
};

struct Outcome {
  nlohmann::json report;  // simba::report_json
  std::map<std::string, std::vector<std::int8_t>> outputs;
  std::string error;         // what the run threw
  bool is_reported = false;  // that was an error for a user (base::Error), no broken invariant
  std::int64_t cycles() const { return report.at("cycles").get<std::int64_t>(); }
  std::int64_t count(const std::string& action) const { return report.at("counts").at(action).get<std::int64_t>(); }
};

// What `work` returns in a child process. It must not throw.
std::string in_child(const std::function<std::string()>& work);

// The energy table of configs/energy/5nm.yaml.
Outcome run(const test_support::BuiltSchedule& built, const Machine& machine);

}  // namespace heat::simba_test
