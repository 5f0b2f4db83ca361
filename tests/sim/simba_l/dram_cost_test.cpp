// What heat-trace says a run's DRAM costs it, by replays of the recorded run, beside simulations with that cost removed.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/atomic_file.h"
#include "tests/support/sample_schedules.h"
#include "traces/run_replay.h"

namespace heat {
namespace {

namespace fs = std::filesystem;
using namespace test_support;

const std::string kConfigs = HEAT_SOURCE_DIR "/configs/";

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

// Simba-L with HBM2 at a clock period, without a cost.
std::string machine(const std::string& folder, const std::string& clock_ns, const std::string& without) {
  std::string dram = base::read_file(kConfigs + "dram/hbm2.yaml");
  dram = replaced(dram, "standards/hbm2.yaml", kConfigs + "dram/standards/hbm2.yaml");
  dram = replaced(dram, "clock_ns: 1.0", "clock_ns: " + clock_ns);
  if (!without.empty()) dram += "without: [" + without + "]\n";
  base::write_file_atomically(folder + "/dram.yaml", dram);
  std::string arch = base::read_file(kConfigs + "arch/simba-l.yaml");
  arch = replaced(arch, "../dram/hbm2.yaml", folder + "/dram.yaml");
  arch = replaced(arch, "../energy/simba-l.yaml", kConfigs + "energy/simba-l.yaml");
  base::write_file_atomically(folder + "/arch.yaml", arch);
  return folder + "/arch.yaml";
}

std::int64_t simulated(const std::string& arch, const std::string& schedule, const std::string& folder,
                       const std::string& more) {
  const std::string command = std::string(HEAT_BIN_DIR) + "/simba-sim --arch " + arch + " --schedule " + schedule +
                              " --json " + folder + "/o.json " + more + " > " + folder + "/log.txt 2>&1";
  EXPECT_EQ(std::system(command.c_str()), 0) << base::read_file(folder + "/log.txt");
  return nlohmann::json::parse(base::read_file(folder + "/o.json"))["cycles"].get<std::int64_t>();
}

TEST(DramCost, ReplaysAgreeWithSimulationsWithoutTheCost) {
  // Small runs: which access meets which refresh and row is chance, and moves a verdict by a point or two.
  double largest = 0, off = 0;
  int verdicts = 0;
  for (const int tokens : {21, 48, 96, 160, 256})
    for (const char* clock : {"2.0", "4.0"}) {
      const std::string folder = temporary_folder();
      EncoderOptions o;
      o.tokens = tokens;
      o.heads = 4;
      o.head_size = 64;
      o.intermediate = 1024;
      const std::string arch = machine(folder, clock, "");
      BuiltSchedule built = encoder_layer(spec::ArchSpec::load(arch), o);
      const std::string schedule = write_schedule(built, folder);
      const auto cycles = static_cast<double>(simulated(arch, schedule, folder, "--trace " + folder + " --trace-dram"));
      const traces::Reader reader(folder + "/run.sqlite");
      const traces::RecordedRun run = traces::recorded_run(reader);
      const spec::DramSpec dram = spec::dram_spec_from_json(reader.config().at("dram"), "config.dram");
      const auto replayed = static_cast<double>(traces::replayed_cycles(run, dram));
      EXPECT_NEAR(replayed / cycles, 1, 0.03) << tokens << " tokens, " << clock << " ns";
      for (const auto& cost : spec::kDramCosts) {
        const auto truth = static_cast<double>(simulated(machine(folder, clock, cost.name), schedule, folder, ""));
        const auto told = static_cast<double>(traces::replayed_cycles(run, spec::without(dram, cost.value)));
        EXPECT_NEAR(100 * (1 - told / replayed), 100 * (1 - truth / cycles), 3.5)
            << tokens << " tokens, " << clock << " ns, without " << cost.name;
        largest = std::max(largest, 1 - truth / cycles);
        off += 100 * std::abs(told / replayed - truth / cycles);
        ++verdicts;
      }
      fs::remove_all(folder);
    }
  EXPECT_LT(off / verdicts, 1) << "points on average";
  EXPECT_GT(largest, 0.08) << "no run that its DRAM holds up";
}

}  // namespace
}  // namespace heat
