// Every number of an architecture file moves time or energy, or a worse one is refused: each key in its turn is made worse
// and a run of simba-sim compared. The keys are those of the file, so that a new one fails until it has its line here.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <yaml-cpp/yaml.h>

#include <cstdlib>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>

#include "base/atomic_file.h"
#include "tests/support/sample_schedules.h"

namespace heat {
namespace {

namespace fs = std::filesystem;
using namespace test_support;

const std::string kConfigs = HEAT_SOURCE_DIR "/configs";
const std::string kArch = kConfigs + "/arch/simba-l.yaml";

const std::string kSlowDram = "slow_dram.yaml";  // beside the architecture: hbm2.yaml with a late column command

enum class Then {
  kSlower,        // more nanoseconds for one of the workloads
  kMoreEnergy,    // more of it for one of them
  kMisfit,        // the schedule does not fit
  kWrongWithData  // a run with data ends with an error
};

struct Worse {
  std::string value;
  Then then;
  std::string says;  // the refusal
};

// Of simba-l.yaml's own values.
const std::map<std::string, Worse> kWorse{
    {"name", {"other", Then::kMisfit, "made for 'simba-l'"}},
    {"clock_ghz", {"0.5", Then::kSlower, ""}},
    {"nop.width", {"1", Then::kMisfit, "is no chiplet of the package (0 to 1)"}},
    {"nop.height", {"1", Then::kMisfit, "is no chiplet of the package (0 to 1)"}},
    {"nop.link_bytes_per_cycle", {"4", Then::kSlower, ""}},
    {"nop.hop_cycles", {"400", Then::kSlower, ""}},
    {"nop.base_cycles", {"400", Then::kSlower, ""}},
    {"noc.width", {"1", Then::kMisfit, "number of PEs"}},
    {"noc.height", {"1", Then::kMisfit, "number of PEs"}},
    {"noc.link_bytes_per_cycle", {"4", Then::kSlower, ""}},
    {"noc.hop_cycles", {"400", Then::kSlower, ""}},
    {"noc.base_cycles", {"400", Then::kSlower, ""}},
    {"pe.lanes", {"2", Then::kSlower, ""}},
    {"pe.width", {"2", Then::kSlower, ""}},
    {"pe.weight_buffer.bytes", {"128", Then::kMisfit, "weight tile of a PE"}},
    {"pe.weight_buffer.read_bytes_per_cycle", {"4", Then::kSlower, ""}},
    {"pe.weight_buffer.write_bytes_per_cycle", {"1", Then::kSlower, ""}},
    {"pe.input_buffer.bytes", {"128", Then::kMisfit, "input tile of a PE"}},
    {"pe.input_buffer.read_bytes_per_cycle", {"2", Then::kSlower, ""}},
    {"pe.input_buffer.write_bytes_per_cycle", {"1", Then::kSlower, ""}},
    {"pe.accumulation_buffer.bytes", {"128", Then::kMisfit, "accumulation tile of a PE"}},
    {"pe.accumulation_buffer.read_bytes_per_cycle", {"8", Then::kSlower, ""}},
    {"pe.accumulation_buffer.write_bytes_per_cycle", {"8", Then::kSlower, ""}},
    {"pe.accumulator_bits", {"16", Then::kWrongWithData, "an accumulator holds 16 bits"}},
    {"pe.weight_registers", {"1", Then::kSlower, ""}},
    {"pe.compute_overhead_cycles", {"80", Then::kSlower, ""}},
    {"pe.ppu_elements_per_cycle", {"1", Then::kSlower, ""}},
    {"global_buffer.bytes", {"8192", Then::kMisfit, "bytes of global buffer"}},
    {"global_buffer.word_bytes", {"8", Then::kMoreEnergy, ""}},
    {"global_buffer.banks", {"1", Then::kSlower, ""}},
    {"global_buffer.read_bytes_per_cycle", {"8", Then::kSlower, ""}},
    {"global_buffer.write_bytes_per_cycle", {"8", Then::kSlower, ""}},
    {"vector_unit.elements_per_cycle", {"4", Then::kSlower, ""}},
    {"vector_unit.row_overhead_cycles", {"80", Then::kSlower, ""}},
    {"controller.command_cycles", {"400", Then::kSlower, ""}},
    {"controller.queue_depth", {"1", Then::kSlower, ""}},
    {"dma.burst_bytes", {"64", Then::kSlower, ""}},
    {"dma.outstanding_bursts", {"1", Then::kSlower, ""}},
    {"dma.setup_cycles", {"400", Then::kSlower, ""}},
    {"signal_cycles", {"4000", Then::kSlower, ""}},
    {"dram.config", {kSlowDram, Then::kSlower, ""}},
    {"dram.chiplets", {"[0, 3]", Then::kSlower, ""}},
    {"dram.interleave_bytes", {"4096", Then::kMisfit, "need bit 13 of the address among"}},
    {"dram.port_bytes_per_cycle", {"10", Then::kSlower, ""}},
    {"energy", {kConfigs + "/energy/16nm.yaml", Then::kMoreEnergy, ""}},
};

// Calls visit("pe.lanes", node) for every value.
template <class Visit>
void for_each_value(const YAML::Node& node, const std::string& path, const Visit& visit) {
  if (!node.IsMap()) {
    visit(path, node);
    return;
  }
  for (const auto& entry : node)
    for_each_value(entry.second, (path.empty() ? "" : path + ".") + entry.first.as<std::string>(), visit);
}

std::map<std::string, std::string> values_of(const std::string& file) {
  std::map<std::string, std::string> values;
  for_each_value(YAML::LoadFile(file), "",
                 [&](const std::string& path, const YAML::Node& v) { values[path] = YAML::Dump(v); });
  return values;
}

struct Ran {
  int status = -1;
  std::string text;
  double ns = 0, pj = 0;
};

class ArchKeys : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = temporary_folder();
    const spec::ArchSpec arch = spec::ArchSpec::load(kArch);
    YAML::Node dram = YAML::LoadFile(kConfigs + "/dram/hbm2.yaml");
    dram["standard"] = kConfigs + "/dram/" + dram["standard"].as<std::string>();
    dram["timings"]["tRCD"] = 140;
    dram["timings"]["tRAS"] = 160;
    dram["timings"]["tRC"] = 174;
    base::write_file_atomically(folder_ + "/" + kSlowDram, YAML::Dump(dram));
    EncoderOptions encoder;
    encoder.tokens = 21;
    encoder.head_size = 32;
    encoder.intermediate = 300;
    OneGemmOptions one_chiplet;  // of 2 x 2: the others have no token
    std::vector<BuiltSchedule> built{encoder_layer(arch, encoder), one_gemm(arch, 1, 300, 200, 256),
                                     one_gemm(arch, 1, 256, 1, 256, one_chiplet)};
    for (std::size_t i = 0; i < built.size(); ++i)
      schedules_.push_back(write_schedule(built[i], folder_, "s" + std::to_string(i)));
    for (const std::string& s : schedules_) as_it_is_.push_back(run(write_arch("", ""), s, false));
  }
  void TearDown() override { fs::remove_all(folder_); }

  // simba-l.yaml with another value of `key`.
  std::string write_arch(const std::string& key, const std::string& value) {
    YAML::Node arch = YAML::LoadFile(kArch);
    arch["dram"]["config"] = kConfigs + "/arch/" + arch["dram"]["config"].as<std::string>();
    arch["energy"] = kConfigs + "/arch/" + arch["energy"].as<std::string>();
    for_each_value(arch, "", [&](const std::string& path, YAML::Node v) {
      if (path == key) v = YAML::Load(value);
    });
    const std::string file = folder_ + "/arch.yaml";
    base::write_file_atomically(file, YAML::Dump(arch));
    return file;
  }

  Ran run(const std::string& arch, const std::string& schedule, bool data) {
    const std::string out = folder_ + "/run.json", log = folder_ + "/log.txt";
    fs::remove(out);
    const std::string command = HEAT_BIN_DIR "/simba-sim --arch " + arch + " --schedule " + schedule + " --json " +
                                out + (data ? " --data on > " : " > ") + log + " 2>&1";
    Ran ran;
    ran.status = WEXITSTATUS(std::system(command.c_str()));
    ran.text = base::read_file(log);
    if (ran.status != 0) return ran;
    const nlohmann::json json = nlohmann::json::parse(base::read_file(out));
    ran.ns = json["latency_ns"].get<double>();
    ran.pj = json["energy_pj"].get<double>();
    return ran;
  }

  // How much more the workload that suffers most takes: nanoseconds or picojoules, as a factor.
  double factor(const std::string& arch, double Ran::*figure) {
    double most = 0;
    for (std::size_t i = 0; i < schedules_.size(); ++i) {
      const Ran worse = run(arch, schedules_[i], false);
      EXPECT_EQ(worse.status, 0) << worse.text;
      most = std::max(most, worse.*figure / (as_it_is_[i].*figure));
    }
    return most;
  }

  void expect_refusal(const std::string& arch, bool data, const std::string& says) {
    const Ran ran = run(arch, schedules_[0], data);
    EXPECT_EQ(ran.status, 2) << ran.text;
    EXPECT_NE(ran.text.find(says), std::string::npos) << ran.text;
  }

  std::string folder_;
  std::vector<std::string> schedules_;
  std::vector<Ran> as_it_is_;
};

TEST_F(ArchKeys, MadeWorseThenItCostsTimeOrEnergyOrIsRefused) {
  for (const Ran& r : as_it_is_) ASSERT_EQ(r.status, 0) << r.text;
  for (const auto& [key, value] : values_of(kArch)) {
    SCOPED_TRACE(key + ": " + value);
    ASSERT_TRUE(kWorse.count(key)) << "what is worse than " << value << ", and what suffers from it?";
    const Worse& worse = kWorse.at(key);
    const std::string arch = write_arch(key, worse.value);
    switch (worse.then) {
      case Then::kSlower:
        EXPECT_GT(factor(arch, &Ran::ns), 1.001);
        break;
      case Then::kMoreEnergy:
        EXPECT_GT(factor(arch, &Ran::pj), 1.001);
        break;
      case Then::kMisfit:
        expect_refusal(arch, false, worse.says);
        break;
      case Then::kWrongWithData:
        expect_refusal(arch, true, worse.says);
        break;
    }
  }
}

TEST(ArchFiles, HaveTheSameKeys) {
  std::map<std::string, std::string> simba = values_of(kConfigs + "/arch/simba.yaml"), simba_l = values_of(kArch);
  for (const auto& [key, worse] : kWorse) EXPECT_TRUE(simba_l.count(key)) << key << " is no key any more";
  for (auto* file : {&simba, &simba_l})
    for (auto& [key, value] : *file) value.clear();
  simba["dram.interleave_bytes"];  // of several ports; it has one
  EXPECT_EQ(simba, simba_l);
}

}  // namespace
}  // namespace heat
