// From heat-offline schedule to simba-sim's output file: every method's integers equal an independent reference bit for
// bit, and a single bit of an operand shows.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "base/atomic_file.h"
#include "spec/dram_image.h"
#include "spec/schedule.h"
#include "tests/support/integer_reference.h"
#include "tests/support/schedule_builder.h"

namespace heat {
namespace {

namespace fs = std::filesystem;

const std::string kArch = HEAT_SOURCE_DIR "/configs/arch/simba-l.yaml";
const std::vector<std::string> kMethods{"dense", "cp", "tucker", "ttm", "tr", "svd"};

struct Model {
  int hidden, heads, intermediate, layers, tokens;
};

class ScheduleData : public ::testing::Test {
 protected:
  void SetUp() override { folder_ = test_support::temporary_folder(); }
  void TearDown() override { fs::remove_all(folder_); }

  // Runs the command; its status, and what it printed when that is not 0.
  void run(const std::string& command) {
    const std::string log = folder_ + "/log.txt";
    const int status = std::system((command + " > " + log + " 2>&1").c_str());
    ASSERT_EQ(WEXITSTATUS(status), 0) << command << "\n" << base::read_file(log);
  }

  // Writes schedule and image of a model with random weights; `more`: further options of heat-offline schedule.
  void schedule(const std::string& method, const Model& m, const std::string& more = "") {
    const nlohmann::json config{{"vocab_size", 100},
                                {"hidden_size", m.hidden},
                                {"num_hidden_layers", m.layers},
                                {"num_attention_heads", m.heads},
                                {"intermediate_size", m.intermediate},
                                {"hidden_act", "gelu"},
                                {"max_position_embeddings", 128},
                                {"type_vocab_size", 2},
                                {"layer_norm_eps", 1e-12}};
    base::write_file_atomically(folder_ + "/config.json", config.dump());
    run(HEAT_BIN_DIR "/heat-offline schedule --model-config " + folder_ + "/config.json --arch " + arch_ +
        " --seq-len " + std::to_string(m.tokens) + " --method " + method + " --ratio 0.5 --random-weights 7 --out " +
        folder_ + "/s.json --json " + folder_ + "/summary.json " + more);
  }

  std::vector<std::int8_t> simulate() {
    run(HEAT_BIN_DIR "/simba-sim --arch " + arch_ + " --schedule " + folder_ + "/s.json --data on --output " + folder_ +
        "/out.bin");
    const std::string bytes = base::read_file(folder_ + "/out.bin");
    return {bytes.begin(), bytes.end()};
  }

  std::vector<std::uint8_t> image() {
    const std::string bytes = base::read_file(folder_ + "/s.bin");
    return {bytes.begin(), bytes.end()};
  }

  // The output tensors one after another by name.
  static std::vector<std::int8_t> reference(const spec::Schedule& s, const std::vector<std::uint8_t>& image) {
    const test_support::TensorData tensors = test_support::run_reference(s, image);
    std::map<std::string, std::vector<std::int8_t>> outputs;
    for (const auto& t : s.workload.tensors)
      if (t.kind == spec::TensorKind::kOutput) outputs[t.name] = tensors.at(t.name);
    std::vector<std::int8_t> bytes;
    for (const auto& [name, values] : outputs) bytes.insert(bytes.end(), values.begin(), values.end());
    return bytes;
  }

  // Simba-L with something else in its file.
  void change_arch(const std::vector<std::pair<std::string, std::string>>& changes) {
    std::string text = base::read_file(kArch);
    for (const auto& [from, to] : changes) {
      const std::size_t at = text.find(from);
      ASSERT_NE(at, std::string::npos) << from;
      text.replace(at, from.size(), to);
    }
    arch_ = folder_ + "/arch.yaml";
    base::write_file_atomically(arch_, text);
  }

  std::string folder_;
  std::string arch_ = kArch;
};

// More than a handful of values, so that agreement is no accident of everything being clamped.
int distinct(const std::vector<std::int8_t>& values) {
  return static_cast<int>(std::set<std::int8_t>(values.begin(), values.end()).size());
}

TEST_F(ScheduleData, EncoderOfEveryMethodEqualsTheIntegerReferenceAtEvenAndOddSizes) {
  for (const Model& m : {Model{64, 4, 128, 2, 16}, Model{45, 5, 77, 1, 11}, Model{48, 3, 100, 1, 29}})
    for (const std::string& method : kMethods) {
      SCOPED_TRACE(method + " hidden " + std::to_string(m.hidden));
      schedule(method, m);
      if (HasFatalFailure()) return;
      const std::vector<std::int8_t> simulated = simulate();
      if (HasFatalFailure()) return;
      EXPECT_EQ(simulated.size(), static_cast<std::size_t>(m.tokens * m.hidden));
      EXPECT_EQ(simulated, reference(spec::Schedule::load(folder_ + "/s.json"), image()));
      EXPECT_GT(distinct(simulated), 50);
    }
}

// Six heads on four chiplets: the last one has no part in attention and comes to the next group's joint loads early. It
// must not wait there with its queue full while the others wait for its signal.
TEST_F(ScheduleData, AChipletWithoutAShareAndShallowQueuesThenNobodyHangs) {
  for (const char* depth : {"1", "2", "5"}) {
    change_arch({{"queue_depth: 16", std::string("queue_depth: ") + depth},
                 {"bytes: 1048576", "bytes: 262144"},
                 {"../dram", HEAT_SOURCE_DIR "/configs/dram"},
                 {"../energy", HEAT_SOURCE_DIR "/configs/energy"}});
    schedule("cp", {192, 6, 384, 2, 96});
    if (HasFatalFailure()) return;
    EXPECT_GT(distinct(simulate()), 50) << depth;
  }
}

// The factorised methods have more nodes than the dense one: it is their own contractions that run.
TEST_F(ScheduleData, OneBitOfAnyOperandFlippedThenTheComparisonFails) {
  for (const std::string& method : kMethods) {
    SCOPED_TRACE(method);
    schedule(method, {64, 4, 128, 1, 13}, "--layer encoder.layer.0.intermediate.dense");
    if (HasFatalFailure()) return;
    spec::Schedule s = spec::Schedule::load(folder_ + "/s.json");
    EXPECT_EQ(s.workload.nodes.size() > 1, method != "dense");
    const std::vector<std::uint8_t> original = image();
    const std::vector<std::int8_t> expected = reference(s, original);
    EXPECT_EQ(simulate(), expected);
    int flipped = 0;
    for (spec::TensorId id : s.workload.tensors.ids()) {
      const spec::Tensor& t = s.workload.tensors[id];
      if (t.kind != spec::TensorKind::kWeight && t.kind != spec::TensorKind::kInput) continue;
      std::vector<std::uint8_t> changed = original;
      changed[static_cast<std::size_t>(s.plan.dram_addresses[id] + t.bytes() / 2)] ^= 0x40;
      base::write_file_atomically(folder_ + "/s.bin", std::string(changed.begin(), changed.end()));
      s.data_crc32 = spec::data_crc32(s, changed);
      spec::save(s, s.file);
      const std::vector<std::int8_t> simulated = simulate();
      if (HasFatalFailure()) return;
      EXPECT_NE(simulated, expected) << "tensor " << t.name;
      EXPECT_EQ(simulated, reference(s, changed)) << "tensor " << t.name;
      ++flipped;
    }
    EXPECT_GE(flipped, method == "dense" ? 2 : 3);
  }
}

}  // namespace
}  // namespace heat
