// The model beside DRAMsim3, Ramulator 2.1 and DRAMSys 5.0 on sequential traces, whose figures the repository holds.
#include <fstream>
#include <map>

#include "tests/sim/dram/simulator_figures.h"

namespace heat::dram {
namespace {

using testing::expect_agreement;
using testing::Figures;
using testing::spec_of;
using testing::split;

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

// Strided reads of 4 KiB: every read another row of one bank group's banks. DRAMsim3, Ramulator 2.1 and DRAMSys 5.0 take
// 1,299,921 to 1,299,925 cycles.
TEST(Simulators, StridedReadsAgreeToTheCycle) {
  std::string trace;
  char line[32];
  for (int i = 0; i < 200000; ++i) {
    std::snprintf(line, sizeof line, "R 0x%x\n", i * 4096);
    trace += line;
  }
  TraceReader reader(memory_byte_source(trace.data(), trace.size()), "trace");
  ReplayOptions options;
  options.wrap_addresses = true;
  const ReplayResult r = Replay(spec_of("reference/hbm2-m2.yaml")).run(reader, options);
  EXPECT_GE(r.total_cycles, 1299921);
  EXPECT_LE(r.total_cycles, 1299925);
}

}  // namespace
}  // namespace heat::dram
