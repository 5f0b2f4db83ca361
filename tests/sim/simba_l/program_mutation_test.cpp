// simba-sim on changed files: it ends by itself in bounded time, and either with the outputs of the original or with a
// refusal that names a file.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "base/atomic_file.h"
#include "tests/support/mutations.h"
#include "tests/support/sample_schedules.h"

namespace heat {
namespace {

using namespace test_support;

const std::string kArch = HEAT_SOURCE_DIR "/configs/arch/simba-l.yaml";

void write_plainly(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;  // no fsync: hundreds of files
}

class ProgramMutation : public testing::Test {
 protected:
  void TearDown() override { std::filesystem::remove_all(folder_); }

  // The exit status of a run with data; 124 where it hung.
  int run(const std::string& name) const {
    std::filesystem::remove(folder_ + "/out.bin");
    const std::string command = "timeout 60 " HEAT_BIN_DIR "/simba-sim --arch " + kArch + " --schedule " + folder_ +
                                "/" + name + ".json --data on --max-cycles 3000000 --output " + folder_ +
                                "/out.bin > " + folder_ + "/log.txt 2>&1";
    const int status = std::system(command.c_str());
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
  std::string read(const std::string& name) const { return base::read_file(folder_ + "/" + name); }

  const std::string folder_ = temporary_folder();
};

TEST_F(ProgramMutation, ThreeHundredOfScheduleAndImageThenRefusedOrTheOriginalOutputs) {
  EncoderOptions options;
  options.random_mappings = true;
  BuiltSchedule original = encoder_layer(spec::ArchSpec::load(kArch), options);
  write_schedule(original, folder_, "original");
  ASSERT_EQ(run("original"), 0) << read("log.txt");
  const std::string expected = read("out.bin");
  const nlohmann::ordered_json json = spec::to_json(original.schedule);
  Random random(300);
  int refused = 0, same = 0;
  for (int i = 0; i < 300; ++i) {
    nlohmann::ordered_json changed = json;
    std::vector<std::uint8_t> image = original.image;
    const std::string what = "mutation " + std::to_string(i) + ": " +
                             (random.chance(80) ? mutate_schedule(changed, random) : mutate_image(image, random));
    changed["dram_image"] = "changed.bin";
    write_plainly(folder_ + "/changed.json", changed.dump(1));
    write_plainly(folder_ + "/changed.bin", {image.begin(), image.end()});
    const int status = run("changed");
    if (status == 0) {
      EXPECT_EQ(read("out.bin"), expected) << what;
      ++same;
      continue;
    }
    const std::string log = read("log.txt");
    const bool too_long = status == 1 && log.find("--max-cycles") != std::string::npos;
    EXPECT_TRUE(status == 2 || too_long) << what << ": status " << status << "\n" << log;
    EXPECT_NE(log.find("changed.json"), std::string::npos) << what << "\n" << log;
    ++refused;
  }
  EXPECT_GT(refused, 100);
  EXPECT_GT(same, 40);
}

}  // namespace
}  // namespace heat
