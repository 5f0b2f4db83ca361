// The model beside DRAMsim3, Ramulator 2.1 and DRAMSys 5.0: sequential traces against goldens of the repository, and
// all recorded traces against the reference folder when HEAT_REFERENCE_DIR names it.
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <sstream>

#include "tests/sim/dram/dram_testing.h"

namespace heat::dram {
namespace {

using testing::spec_of;

struct Figures {
  std::vector<double> cycles, latency, act;
  double dramsim3_energy_uj = 0;
};

bool near_one(double value, const std::vector<double>& of, double fraction) {
  return std::any_of(of.begin(), of.end(), [&](double x) { return std::abs(value - x) <= fraction * x; });
}

bool inside(double value, const std::vector<double>& of, double fraction) {
  return value >= *std::min_element(of.begin(), of.end()) * (1 - fraction) &&
         value <= *std::max_element(of.begin(), of.end()) * (1 + fraction);
}

std::vector<std::string> split(const std::string& line) {
  std::vector<std::string> words;
  std::istringstream in(line);
  for (std::string w; std::getline(in, w, ',');) words.push_back(w);
  return words;
}

// The criteria: a and c within 1 % of one simulator, the others inside the spread widened by 2 %; ACT counts inside it;
// mean read latency of paced runs within 10 % of one simulator.
void expect_agreement(const std::string& what, char trace, bool paced, const ReplayResult& r, const Figures& f) {
  const double cycles = static_cast<double>(r.total_cycles);
  const double latency =
      static_cast<double>(r.statistics.read_latency_sum_cycles) / static_cast<double>(r.statistics.reads);
  const double act = static_cast<double>(r.statistics.activations());
  EXPECT_TRUE(trace == 'a' || trace == 'c' ? near_one(cycles, f.cycles, 0.01) : inside(cycles, f.cycles, 0.02))
      << what << " cycles " << cycles;
  EXPECT_TRUE(inside(act, f.act, 0.02)) << what << " ACT " << act;
  if (paced) {
    EXPECT_TRUE(near_one(latency, f.latency, 0.1)) << what << " latency " << latency;
  }
  if (f.dramsim3_energy_uj > 0) {
    EXPECT_NEAR(r.energy.total() * 1e-6 / f.dramsim3_energy_uj, 1.0, 0.15) << what;
  }
}

TEST(Simulators, PacedSequentialTracesAgree) {
  std::ifstream in(std::string(HEAT_SOURCE_DIR) + "/tests/golden/dram/paced_100k.csv");
  ASSERT_TRUE(in) << "golden missing";
  std::map<std::pair<std::string, char>, Figures> golden;
  std::string line;
  std::getline(in, line);
  while (std::getline(in, line)) {
    const auto w = split(line);
    Figures& f = golden[{w[0], w[1][0]}];
    f.cycles.push_back(std::stod(w[3]));
    f.latency.push_back(std::stod(w[4]));
    f.act.push_back(std::stod(w[5]));
  }
  ASSERT_EQ(golden.size(), 6u);
  ReplayOptions paced;
  paced.pace = 4;
  for (const auto& [key, figures] : golden) {
    const auto r = testing::replay(spec_of("reference/" + key.first + "-m1.yaml"),
                                   testing::sequential(100000, key.second == 'b' ? 3 : 0), paced);
    EXPECT_EQ(r.check.violation_count, 0) << testing::first_violation(r.check);
    expect_agreement(key.first + " " + key.second, key.second, true, r.result, figures);
  }
}

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
