// The model beside the three simulators on all recorded traces, when HEAT_REFERENCE_DIR names the folder that holds
// them.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>

#include "tests/sim/dram/simulator_figures.h"

namespace heat::dram {
namespace {

using testing::expect_agreement;
using testing::Figures;
using testing::spec_of;
using testing::split;

TEST(Simulators, RecordedTracesAgree) {
  const char* folder = std::getenv("HEAT_REFERENCE_DIR");
  const std::string results = std::string(folder ? folder : "") + "/dram/results.csv";
  if (!folder || !std::filesystem::exists(results)) {
    std::cout << "HEAT_REFERENCE_DIR is absent: recorded traces not compared\n";
    return;
  }
  std::ifstream in(results);
  std::map<std::vector<std::string>, Figures> runs;
  std::string line;
  std::getline(in, line);
  while (std::getline(in, line)) {
    const auto w = split(line);
    Figures& f = runs[{w[0], w[1], w[2], w[3]}];
    f.cycles.push_back(std::stod(w[8]));
    f.latency.push_back(std::stod(w[11]));
    f.act.push_back(std::stod(w[15]));
    if (w[4] == "DRAMsim3" && w[0] == "ddr4" && w[3][0] == 'a') f.dramsim3_energy_uj = std::stod(w[19]);
  }
  ASSERT_GE(runs.size(), 24u);
  for (const auto& [key, figures] : runs) {
    TraceReader trace(std::string(folder) + "/dram/traces/" + key[3] + ".tr.zst");
    ReplayOptions options;
    options.pace = std::stoll(key[2]);
    if (key[2] == "4") options.limit = 100000;
    const ReplayResult r = Replay(spec_of("reference/" + key[0] + "-" + key[1] + ".yaml")).run(trace, options);
    expect_agreement(key[0] + " " + key[1] + " pace " + key[2] + " " + key[3], key[3][0], key[2] == "4", r, figures);
  }
}

}  // namespace
}  // namespace heat::dram
