// Architecture files of storage levels.
#include <gtest/gtest.h>

#include "base/atomic_file.h"
#include "base/errors.h"
#include "machines/storage_levels/architecture.h"
#include "tests/support/error_of.h"

namespace heat::storage_levels {
namespace {

const std::string kFile = std::string(HEAT_SOURCE_DIR) + "/configs/arch/timeloop-simba-like.yaml";

std::string error_with(const std::string& from, const std::string& to) {
  std::string text = base::read_file(kFile);
  const auto at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  text.replace(at, from.size(), to);
  const std::string path = testing::TempDir() + "levels.yaml";
  base::write_file_atomically(path, text);
  return test::error_of<base::ConfigError>([&] { load_architecture(path); });
}

TEST(StorageLevelFile, TheExampleHasItsLevels) {
  EXPECT_TRUE(describes_storage_levels(kFile));
  EXPECT_FALSE(describes_storage_levels(std::string(HEAT_SOURCE_DIR) + "/configs/arch/simba-l.yaml"));
  const Architecture architecture = load_architecture(kFile);
  ASSERT_EQ(architecture.levels.size(), 9u);
  EXPECT_EQ(architecture.macs.mesh.count(), 256);
  EXPECT_EQ(architecture.fan_out(2).count(), 16);
  EXPECT_EQ(architecture.fan_out(4).y, 4);
  EXPECT_FALSE(architecture.levels[2].stores);
  EXPECT_EQ(architecture.levels[6].effective_words(), 128);
  EXPECT_FALSE(architecture.levels[0].effective_words().has_value());
}

TEST(StorageLevelFile, MistakesAreNamedWithTheirLine) {
  EXPECT_NE(error_with("leak: 0.003241", "leek: 0.003241").find("unknown key (did you mean 'leak'?)"),
            std::string::npos);
  EXPECT_NE(error_with("leak: 0.003241", "leek: 0.003241").find("missing key 'leak'"), std::string::npos);
  EXPECT_NE(error_with("words: 65536", "words: 65537").find("no multiple of block_words, 32"), std::string::npos);
  EXPECT_NE(error_with("    energy_pj: {read: 512", "    shared_bandwith: 2\n    energy_pj: {read: 512")
                .find("did you mean 'shared_bandwidth'?"),
            std::string::npos);
  EXPECT_NE(error_with("mesh: [16, 4]", "mesh: [15, 4]").find("does not divide"), std::string::npos);
  EXPECT_NE(error_with("mesh: [16, 4]", "mesh: [16]").find("two numbers"), std::string::npos);
  EXPECT_NE(error_with("name: GlobalBuffer", "name: DRAM").find("two levels have this name"), std::string::npos);
  EXPECT_NE(error_with("cluster: 64", "cluster: 512").find("more than its 256 instances"), std::string::npos);
}

}  // namespace
}  // namespace heat::storage_levels
