// heat-offline evaluate --arch: test sentences through the simulated machine with data, on the teacher of the demo.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/atomic_file.h"
#include "spec/dram_image.h"

namespace heat {
namespace {

namespace fs = std::filesystem;

class MachineAccuracy : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = (fs::path(::testing::TempDir()) / ("heat_machine_accuracy_" + std::to_string(::getpid()))).string();
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  int evaluate(const std::string& options) const {
    const std::string line = HEAT_BIN_DIR "/heat-offline evaluate --task wordnet --checkpoint " HEAT_SOURCE_DIR
                                          "/examples/wordnet-bert --split test --json " +
                             folder_ + "/out.json " + options + " > " + folder_ + "/log 2>&1";
    return WEXITSTATUS(std::system(line.c_str()));
  }
  std::string log() const { return base::read_file(folder_ + "/log"); }
  std::string file(int sentence, const std::string& what) const {
    return base::read_file(folder_ + "/runs/sentence" + std::to_string(sentence) + what);
  }

  std::string folder_;
};

TEST_F(MachineAccuracy, PaddedTestSentencesThenTheIntegersBitForBitAndTheAccuracyOfFloat) {
  constexpr int kSentences = 24, kTokens = 24, kFeatures = 256;
  ASSERT_EQ(evaluate("--examples 24 --max-length 24 --out " + folder_ +
                     "/runs --arch " HEAT_SOURCE_DIR "/configs/arch/simba-l.yaml"),
            0)
      << log();
  const auto json = nlohmann::json::parse(base::read_file(folder_ + "/out.json"));
  const auto& machine = json.at("machine");
  EXPECT_EQ(machine.at("examples"), kSentences);
  EXPECT_EQ(machine.at("tokens"), kTokens);
  EXPECT_TRUE(machine.at("bit_exact").get<bool>());
  EXPECT_EQ(machine.at("float_accuracy"), json.at("accuracy"));
  // One sentence of 24 is 4 points: at most one may be answered otherwise.
  EXPECT_NEAR(machine.at("accuracy").get<double>(), json.at("accuracy").get<double>(), 1.01 / kSentences);
  EXPECT_GE(machine.at("agreement").get<double>(), 1 - 1.01 / kSentences);
  EXPECT_GE(machine.at("accuracy").get<double>(), 0.7);  // of 26 classes

  // The masks are those of sentences of several lengths; outputs differ from one to the next.
  int padded = 0;
  for (int i = 0; i < kSentences; ++i) {
    const std::string mask = file(i, ".mask.bin"), input = file(i, ".input.bin");
    const auto count = static_cast<std::size_t>(std::count(mask.begin(), mask.end(), '\1'));
    EXPECT_EQ(mask, std::string(count, '\1') + std::string(kTokens - count, '\0'));
    EXPECT_EQ(input.substr(count * kFeatures), std::string((kTokens - count) * kFeatures, '\0'));
    padded += count < kTokens;
    if (i > 0) {
      EXPECT_NE(file(i, ".output.bin"), file(i - 1, ".output.bin"));
    }
  }
  EXPECT_EQ(machine.at("padded"), padded);
  EXPECT_GE(padded, kSentences / 2);
  const spec::Schedule schedule = spec::Schedule::load(folder_ + "/runs/schedule.json");
  EXPECT_EQ(schedule.workload.tokens, kTokens);
}

// What lies behind a sentence changes none of its own values, and without the mask it would.
TEST_F(MachineAccuracy, OtherPaddingThenTheSameTokens) {
  constexpr std::size_t kFeatures = 256;
  ASSERT_EQ(evaluate("--examples 1 --max-length 32 --out " + folder_ +
                     "/runs --arch " HEAT_SOURCE_DIR "/configs/arch/simba-l.yaml"),
            0)
      << log();
  std::string input = file(0, ".input.bin");
  const std::string mask = file(0, ".mask.bin");
  const auto own = static_cast<std::size_t>(std::count(mask.begin(), mask.end(), '\1')) * kFeatures;
  ASSERT_LT(own, input.size()) << "the sentence fills the schedule";
  for (std::size_t i = own; i < input.size(); ++i) input[i] = static_cast<char>(i * 37 % 251);
  base::write_file_atomically(folder_ + "/other.bin", input);
  base::write_file_atomically(folder_ + "/whole.bin", std::string(32, '\1'));
  const spec::Schedule schedule = spec::Schedule::load(folder_ + "/runs/schedule.json");
  std::string name;
  for (const spec::Tensor& t : schedule.workload.tensors)
    if (t.kind == spec::TensorKind::kInput && t.name != "padding_mask") name = t.name;
  const auto tokens_under = [&](const std::string& mask_file) {
    const std::string line = HEAT_BIN_DIR "/simba-sim --arch " HEAT_SOURCE_DIR
                                          "/configs/arch/simba-l.yaml --schedule " +
                             folder_ + "/runs/schedule.json --data on --input '" + name + "'=" + folder_ +
                             "/other.bin --input padding_mask=" + mask_file + " --output " + folder_ + "/other.out > " +
                             folder_ + "/log 2>&1";
    EXPECT_EQ(std::system(line.c_str()), 0) << log();
    return base::read_file(folder_ + "/other.out").substr(0, own);
  };
  EXPECT_EQ(tokens_under(folder_ + "/runs/sentence0.mask.bin"), file(0, ".output.bin").substr(0, own));
  EXPECT_NE(tokens_under(folder_ + "/whole.bin"), file(0, ".output.bin").substr(0, own));
}

TEST_F(MachineAccuracy, FaultyUseThenStatus2AndTheReason) {
  const std::string arch = " --arch " HEAT_SOURCE_DIR "/configs/arch/simba-l.yaml";
  EXPECT_EQ(evaluate("--examples 2" + arch), 2);
  EXPECT_NE(log().find("--arch and --out go together"), std::string::npos) << log();
  EXPECT_EQ(evaluate("--examples -1"), 2);
  EXPECT_NE(log().find("--examples -1"), std::string::npos) << log();
  EXPECT_EQ(evaluate("--examples 2 --jobs many --out " + folder_ + "/runs" + arch), 2);
  EXPECT_NE(log().find("--jobs"), std::string::npos) << log();
}

}  // namespace
}  // namespace heat
