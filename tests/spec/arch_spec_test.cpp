#include "spec/arch_spec.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "base/atomic_file.h"
#include "spec/energy_table.h"

namespace heat::spec {
namespace {

const std::string kConfigs = std::string(HEAT_SOURCE_DIR) + "/configs/";

TEST(ArchSpec, ShippedMachinesLoadWithThePublishedSizes) {
  const ArchSpec simba = ArchSpec::load(kConfigs + "arch/simba.yaml");
  EXPECT_EQ(simba.chiplets(), 36);
  EXPECT_EQ(simba.pes(), 16);
  EXPECT_EQ(simba.pe.weight_buffer.capacity, Bytes(32768));
  EXPECT_EQ(simba.global_buffer.capacity, Bytes(65536));
  const ArchSpec simba_l = ArchSpec::load(kConfigs + "arch/simba-l.yaml");
  EXPECT_EQ(simba_l.macs_per_cycle(), 16384);
  for (const ArchSpec& arch : {simba, simba_l}) EXPECT_GT(EnergyTable::load(arch.energy_config).pj(Action::kMac), 0.0);
}

TEST(ArchSpec, ThreeMistakesAreNamedTogether) {
  std::string text = base::read_file(kConfigs + "arch/simba-l.yaml");
  const auto replace = [&](const std::string& from, const std::string& to) {
    const auto at = text.find(from);
    ASSERT_NE(at, std::string::npos) << from;
    text.replace(at, from.size(), to);
  };
  replace("lanes: 16", "lanes: -16");
  replace("setup_cycles: 20", "setup_cycle: 20");
  replace("chiplets: [0, 1, 2, 3]", "chiplets: [0, 9]");
  const std::string path = testing::TempDir() + "three_mistakes.yaml";
  base::write_file_atomically(path, text);
  try {
    ArchSpec::load(path);
    FAIL() << "accepted";
  } catch (const base::ConfigError& e) {
    const std::string message = e.what();
    EXPECT_NE(message.find("pe.lanes: value -16 is out of range"), std::string::npos) << message;
    EXPECT_NE(message.find("dma.setup_cycle: unknown key (did you mean 'setup_cycles'?)"), std::string::npos)
        << message;
    EXPECT_NE(message.find("value 9 is no chiplet of the package (0 to 3)"), std::string::npos) << message;
  }
}

TEST(ArchSpec, EveryLineWithANumberSaysWhereItIsFrom) {
  int numbers = 0;
  for (const auto& folder : {"arch", "energy"})
    for (const auto& entry : std::filesystem::directory_iterator(kConfigs + folder)) {
      std::ifstream in(entry.path());
      std::string line;
      for (int number = 1; std::getline(in, line); ++number) {
        const auto colon = line.find(": ");
        if (line[0] == '#' || colon == std::string::npos || line.find("name:") == 0) continue;
        const std::string value = line.substr(colon, line.find('#') - colon);
        if (value.find(".yaml") != std::string::npos || value.find_first_of("0123456789") == std::string::npos)
          continue;
        ++numbers;
        const auto says = [&](const char* word) { return line.find(word) != std::string::npos; };
        EXPECT_TRUE(says("published") || says("assumed") || says("# fitted, "))
            << entry.path() << ":" << number << ": " << line;
      }
    }
  EXPECT_GT(numbers, 80);
}

}  // namespace
}  // namespace heat::spec
