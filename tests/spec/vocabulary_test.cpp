// Round trips of the small vocabulary: names of enumerations, ids, units, and the resolved architecture and energy
// JSON.
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>

#include "base/atomic_file.h"
#include "spec/arch_spec.h"
#include "spec/energy_table.h"
#include "spec/ids.h"
#include "spec/mapping.h"
#include "spec/units.h"
#include "tests/support/schedule_builder.h"

namespace heat::spec {
namespace {

const std::string kConfigs = std::string(HEAT_SOURCE_DIR) + "/configs/";

std::vector<std::string> yaml_files(const std::string& folder) {
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(kConfigs + folder)) {
    if (entry.path().extension() == ".yaml") files.push_back(entry.path().string());
  }
  return files;
}

// The message of loading `yaml` as an energy table.
std::string energy_error(const std::string& yaml) {
  static const std::string path = test_support::temporary_folder() + "/energy.yaml";
  base::write_file_atomically(path, yaml);
  try {
    EnergyTable::load(path);
  } catch (const base::ConfigError& error) {
    return error.what();
  }
  return "";
}

TEST(Vocabulary, ResolvedArchitecturesReadBackEqual) {
  const std::string folder = test_support::temporary_folder();
  std::size_t read = 0;
  for (const auto& file : yaml_files("arch")) {
    if (base::read_file(file).find("\nstorage_levels:") != std::string::npos) continue;  // another machine's
    ++read;
    const auto json = to_json(ArchSpec::load(file));
    base::write_file_atomically(folder + "/arch.json", json.dump(2));
    EXPECT_EQ(to_json(ArchSpec::load(folder + "/arch.json")), json) << file;
  }
  EXPECT_GE(read, 2u);
}

TEST(Vocabulary, ResolvedEnergyTablesReadBackEqual) {
  const std::string folder = test_support::temporary_folder();
  ASSERT_GE(yaml_files("energy").size(), 2u);
  for (const auto& file : yaml_files("energy")) {
    const auto json = to_json(EnergyTable::load(file));
    base::write_file_atomically(folder + "/energy.json", json.dump(2));
    EXPECT_EQ(to_json(EnergyTable::load(folder + "/energy.json")), json) << file;
  }
}

TEST(Vocabulary, EnergyTableNamesEveryMistakeAtOnce) {
  const std::string text = base::read_file(kConfigs + "energy/5nm.yaml");
  ASSERT_EQ(energy_error(text), "");
  auto json = to_json(EnergyTable::load(kConfigs + "energy/5nm.yaml"));
  json["action_pj"]["mac"] = -1;
  json["action_pj"].erase("noc_byte_hop");
  json["action_pj"]["noc_byte_hopp"] = 1;
  json["static_mw"]["pe"] = "much";
  json["analytical_dram"]["background_mw"] = ".nan";
  const std::string error = energy_error(json.dump(1));
  EXPECT_NE(error.find("5 problems"), std::string::npos) << error;
  EXPECT_NE(error.find("action_pj.mac: value -1 is out of range"), std::string::npos) << error;
  EXPECT_NE(error.find("missing key 'noc_byte_hop'"), std::string::npos) << error;
  EXPECT_NE(error.find("action_pj.noc_byte_hopp: unknown key (did you mean 'noc_byte_hop'?)"), std::string::npos)
      << error;
  EXPECT_NE(error.find("static_mw.pe: expected a number"), std::string::npos) << error;
  EXPECT_NE(error.find("analytical_dram.background_mw: value .nan is out of range"), std::string::npos) << error;
}

TEST(Vocabulary, EveryArchitectureKeyIsRequiredAndItsAbsenceNamed) {
  const auto original = to_json(ArchSpec::load(kConfigs + "arch/simba-l.yaml"));
  const std::string path = test_support::temporary_folder() + "/arch.json";
  int keys = 0;
  const auto flat = original.flatten();  // items() keeps no temporary alive
  for (const auto& item : flat.items()) {
    nlohmann::ordered_json::json_pointer at(item.key());
    std::string key = at.back();
    at.pop_back();
    if (original[at].is_array()) {
      key = at.back();
      at.pop_back();
    }
    auto changed = original;
    changed[at].erase(key);
    base::write_file_atomically(path, changed.dump(1));
    try {
      ArchSpec::load(path);
      ADD_FAILURE() << "accepted without " << item.key();
    } catch (const base::ConfigError& error) {
      EXPECT_NE(std::string(error.what()).find("missing key '" + key + "'"), std::string::npos) << error.what();
    }
    ++keys;
  }
  EXPECT_GT(keys, 35);
}

TEST(Vocabulary, NamesOfActionsPartsAndComponentsAreUniqueAndEveryComponentIsCharged) {
  std::set<std::string> names, parts, components;
  std::set<Component> charged;
  for (const ActionInfo& a : kActions) {
    names.insert(a.name);
    charged.insert(component_of(a.value));
  }
  for (const StaticPartInfo& p : kStaticParts) {
    parts.insert(p.name);
    EXPECT_EQ(charged.count(component_of(p.value)), 1u) << p.name;
  }
  for (const ComponentInfo& c : kComponents) components.insert(c.name);
  EXPECT_EQ(names.size(), static_cast<std::size_t>(kActionCount));
  EXPECT_EQ(parts.size(), static_cast<std::size_t>(kStaticPartCount));
  EXPECT_EQ(components.size(), static_cast<std::size_t>(kComponentCount));
  EXPECT_EQ(charged.size(), components.size());
  EXPECT_STREQ(component_name(component_of(Action::kMac)), "pe");
  EXPECT_STREQ(component_name(component_of(Action::kDramByte)), "dram");
  EXPECT_STREQ(component_name(component_of(StaticPart::kNopRouter)), "nop");
}

TEST(Vocabulary, LoopDimsNameTheirExtent) {
  Extents e{2, 3, 5, 7};
  EXPECT_EQ(e.product(), 210);
  std::string names;
  for (LoopDim d : {LoopDim::kB, LoopDim::kM, LoopDim::kN, LoopDim::kK}) {
    names += loop_dim_name(d);
    e[d] += 1;
  }
  EXPECT_EQ(names, "bmnk");
  EXPECT_EQ(e, (Extents{3, 4, 6, 8}));
}

TEST(Vocabulary, QuantitiesAddScaleAndCompareWithinTheirUnit) {
  EXPECT_EQ(Cycles(3) + Cycles(4) - Cycles(2), Cycles(5));
  EXPECT_EQ(2 * Bytes(8), Bytes(16));
  EXPECT_LT(Cycles(1), Cycles(2));
  EXPECT_DOUBLE_EQ(Picojoules(6) / Picojoules(4), 1.5);
  EXPECT_DOUBLE_EQ(edp_js(Picojoules(1e12), Nanoseconds(1e9)), 1.0);  // 1 J for 1 s
  ArchSpec arch = test_support::small_arch();
  arch.clock_ghz = 2.0;
  EXPECT_DOUBLE_EQ(arch.nanoseconds(Cycles(10)).value(), 5.0);
  EXPECT_EQ(arch.macs_per_cycle(), 4 * 4 * 4 * 4);
}

TEST(Vocabulary, IdsAreInvalidUntilGivenAndOrdered) {
  EXPECT_FALSE(static_cast<bool>(ChipletId()));
  EXPECT_TRUE(static_cast<bool>(ChipletId(0)));
  EXPECT_LT(PeId(1), PeId(2));
  static_assert(!std::is_convertible_v<PeId, ChipletId>);
  static_assert(!std::is_convertible_v<Cycles, Bytes>);
}

}  // namespace
}  // namespace heat::spec
