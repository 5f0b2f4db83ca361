// Flattened inputs of Timeloop: measured statistics, the round trip, and mistakes.
#include "offline/mapper/timeloop_input.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "base/atomic_file.h"
#include "base/errors.h"
#include "machines/storage_levels/cost.h"
#include "offline/mapper/level_search.h"
#include "offline/mapper/timeloop_export.h"
#include "tests/support/error_of.h"
#include "tests/support/random.h"

namespace heat::offline::mapper {
namespace {

using storage_levels::Architecture;
using storage_levels::MappingCost;

const std::string kArch = std::string(HEAT_SOURCE_DIR) + "/configs/arch/timeloop-simba-like.yaml";
const std::string kGolden = std::string(HEAT_SOURCE_DIR) + "/tests/golden/timeloop/";

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

std::string write(const std::string& text) {
  const std::string path = testing::TempDir() + "timeloop.yaml";
  base::write_file_atomically(path, text);
  return path;
}

TimeloopInput load(const std::string& path, bool with_arch = true) {
  static const Architecture architecture = storage_levels::load_architecture(kArch);
  TimeloopOptions options;
  options.given = with_arch ? &architecture : nullptr;
  options.given_path = kArch;
  return load_timeloop_input(path, options);
}

std::string case_text(const std::string& name) {
  if (name != "bw_test") return base::read_file(kGolden + name + ".yaml");
  return replaced(base::read_file(kGolden + "gemm_M16_K48_N128.yaml"), "type: \"LPDDR4\"",
                  "type: \"LPDDR4\"\n                shared_bandwidth: 2");
}

TEST(TimeloopInput, AccessesCyclesAndEnergyAreThoseThatTimeloopPrinted) {
  const auto golden = nlohmann::json::parse(base::read_file(kGolden + "statistics.json"));
  ASSERT_EQ(golden.size(), 4u);
  int compared = 0;
  for (const auto& [name, expected] : golden.items()) {
    SCOPED_TRACE(name);
    const TimeloopInput input = load(write(case_text(name)));
    const MappingCost cost = evaluate(input.problem, input.architecture, *input.mapping);
    EXPECT_EQ(cost.cycles, expected.at("cycles").get<std::int64_t>());
    EXPECT_NEAR(100 * cost.utilization, expected.at("utilization_percent").get<double>(), 0.0051);
    EXPECT_NEAR(cost.energy_pj * 1e-6, expected.at("energy_uj").get<double>(), 0.0051);
    for (const auto& [level, tensors] : expected.at("accesses").items()) {
      const auto& of_level = cost.levels[input.architecture.level_of(level)];
      const double pj = (of_level.access_pj + of_level.leak_pj) / static_cast<double>(cost.macs);
      EXPECT_NEAR(pj, expected.at("pj_per_mac").at(level).get<double>(), 1e-5) << level;
      for (const auto& [tensor, counts] : tensors.items()) {
        const auto& a = of_level.accesses[input.problem.tensor_of(tensor)];
        EXPECT_EQ(a.tile_words, counts.at("tile_words").get<std::int64_t>()) << level << tensor;
        EXPECT_EQ(a.instances, counts.at("instances").get<std::int64_t>()) << level << tensor;
        EXPECT_EQ(a.reads, counts.at("reads").get<std::int64_t>()) << level << tensor;
        EXPECT_EQ(a.fills, counts.at("fills").get<std::int64_t>()) << level << tensor;
        EXPECT_EQ(a.updates, counts.at("updates").get<std::int64_t>()) << level << tensor;
        ++compared;
      }
    }
  }
  EXPECT_EQ(compared, 4 * 9);
}

TEST(TimeloopInput, WhatIsExportedReadsBackAsTheSameWithoutAnotherFile) {
  Architecture architecture = storage_levels::load_architecture(kArch);
  architecture.levels[1].bandwidth = {7.25, std::nullopt, 3.5};
  architecture.levels[1].multiple_buffering = 1.5;
  for (const auto& [m, k, n, batch] : {std::array<std::int64_t, 4>{280, 768, 384, 1}, {7, 13, 12, 5}}) {
    const auto problem = storage_levels::gemm(m, k, n, batch);
    const auto found = search_levels(problem, architecture, Objective::kEdp);
    const std::string text = timeloop_text(problem, architecture, found.mapping);
    const TimeloopInput back = load(write(text), false);
    const MappingCost cost = evaluate(back.problem, back.architecture, *back.mapping);
    EXPECT_EQ(cost.cycles, found.cost.cycles);
    EXPECT_EQ(cost.energy_pj, found.cost.energy_pj);
    EXPECT_EQ(cost.edp_js(back.architecture), found.cost.edp_js(architecture));
    EXPECT_EQ(timeloop_text(back.problem, back.architecture, *back.mapping), text);
  }
}

TEST(TimeloopInput, AMeasuredInputExportsAsItWasRead) {
  for (const char* name : {"gemm_M16_K48_N128", "bw_test", "gemm_M280_K768_N384", "gemm_M768_K768_N384"}) {
    const TimeloopInput input = load(write(case_text(name)));
    const TimeloopInput back = load(write(timeloop_text(input.problem, input.architecture, *input.mapping)), false);
    EXPECT_EQ(evaluate(back.problem, back.architecture, *back.mapping).energy_pj,
              evaluate(input.problem, input.architecture, *input.mapping).energy_pj)
        << name;
  }
}

TEST(TimeloopInput, FactorsAndPermutationsMayBeListsAndMayBeAbsent) {
  const std::string text = base::read_file(kGolden + "gemm_M16_K48_N128.yaml");
  std::string other = replaced(text, "factors: C1 M4 R1 S1 N1 P1 Q1\n    permutation: MCRSNPQ",
                               "factors: [M=4]\n    permutation: [M, C]");
  other = replaced(other, "factors: C2 M2 R1 S1 N1 P1 Q1\n    permutation: MCRSNPQ",
                   "factors: C=2,M=2\n    permutation: M C");
  other = replaced(
      other,
      "  - target: PEWeightBuffer\n    type: temporal\n    factors: C1 M1 R1 S1 N1 P1 Q1\n    permutation: CMRSNPQ\n",
      "");
  const TimeloopInput a = load(write(text)), b = load(write(other));
  EXPECT_EQ(timeloop_text(a.problem, a.architecture, *a.mapping), timeloop_text(b.problem, b.architecture, *b.mapping));
}

TEST(TimeloopInput, ResidualsShortenTheFinalPassAndReadBack) {
  const std::string whole = base::read_file(kGolden + "gemm_M16_K48_N128.yaml");
  // C is 2 x 8 x 3 from the inside; its last index, 45, is 1, 6 and 2 in these digits.
  const std::string text = replaced(replaced(whole, "factors: C8 M2", "factors: C8,7 M2"), "C: 48", "C: 46");
  const TimeloopInput input = load(write(text)), perfect = load(write(whole));
  const MappingCost cost = evaluate(input.problem, input.architecture, *input.mapping);
  const MappingCost more = evaluate(perfect.problem, perfect.architecture, *perfect.mapping);
  EXPECT_EQ(cost.macs, 16 * 46 * 128);
  EXPECT_EQ(cost.cycles, more.cycles);
  const std::size_t dram = 0, weights = 0, inputs = 1, outputs = 2;
  EXPECT_EQ(cost.levels[dram].accesses[weights].reads, 2 * 16 * 46);
  EXPECT_EQ(cost.levels[dram].accesses[inputs].reads, 46 * 128);
  EXPECT_EQ(cost.levels[dram].accesses[outputs].updates, 16 * 128);
  EXPECT_LT(cost.energy_pj, more.energy_pj);
  const TimeloopInput back = load(write(timeloop_text(input.problem, input.architecture, *input.mapping)), false);
  EXPECT_EQ(evaluate(back.problem, back.architecture, *back.mapping).energy_pj, cost.energy_pj);
}

TEST(TimeloopInput, NamesOfSeveralLettersAndDigitsReadBack) {
  const Architecture architecture = storage_levels::load_architecture(kArch);
  storage_levels::Problem problem = storage_levels::gemm(12, 16, 30);
  problem.dimensions[1].name = "M2";
  problem.dimensions[2].name = "tokens";
  Architecture renamed = architecture;
  for (auto& level : renamed.levels)
    if (level.spatial_dims)
      std::replace(level.spatial_dims->begin(), level.spatial_dims->end(), std::string("M"), std::string("M2"));
  const auto found = search_levels(problem, renamed, Objective::kEdp);
  const std::string text = timeloop_text(problem, renamed, found.mapping);
  EXPECT_NE(text.find(" M2=4"), std::string::npos);
  const TimeloopInput back = load(write(text), false);
  EXPECT_EQ(timeloop_text(back.problem, back.architecture, *back.mapping), text);
}

// A line lost or doubled, a character changed: what reads is costed, what does not says why.
TEST(TimeloopInput, DamagedFilesAreReadOrRefused) {
  const std::string whole = base::read_file(kGolden + "gemm_M16_K48_N128.yaml");
  int refused = 0;
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    test_support::Random random(seed);
    std::string text = whole;
    const auto last = static_cast<std::int64_t>(text.size()) - 1;
    for (std::int64_t changes = random.between(1, 3); changes > 0; --changes) {
      const auto at = static_cast<std::size_t>(random.between(0, last - 200));
      const auto begin = text.rfind('\n', at) + 1, end = text.find('\n', at);
      if (random.chance(30))
        text.erase(begin, end + 1 - begin);
      else if (random.chance(30))
        text.insert(begin, text.substr(begin, end + 1 - begin));
      else
        text[at] = static_cast<char>(random.between(32, 126));
    }
    const std::string error = test::error_of<base::ConfigError>([&] {
      const TimeloopInput input = load(write(text));
      EXPECT_GT(evaluate(input.problem, input.architecture, *input.mapping).energy_pj, 0);
    });
    refused += !error.empty();
  }
  EXPECT_GT(refused, 30);
}

struct Mistake {
  const char *from, *to, *message;
};

TEST(TimeloopInput, MistakesAreNamedWithTheirPlaceAndAGuess) {
  const std::string text = base::read_file(kGolden + "gemm_M16_K48_N128.yaml");
  const Mistake mistakes[] = {
      {"type: \"LPDDR4\"", "shared_bandwith: 2", "shared_bandwith: unknown key (did you mean 'shared_bandwidth'?)"},
      {"GlobalBuffer[1..1]", "GlobalBufer[1..1]",
       "component 'GlobalBufer' has no energies in " /* the file of --arch */},
      {"name: mac[1..256]", "name: macs[1..256]", "component 'macs' has no energy"},
      {"target: GlobalBuffer", "target: GlobalBuffr", "'GlobalBuffr' is no level (did you mean 'GlobalBuffer'?)"},
      {"factors: C3 M1", "factors: C4 M1", "the factors of C multiply to 64, expected its size, 48"},
      {"factors: C3 M1", "factors: K3 M1", "'K3': expected a dimension and a factor"},
      {"factors: C3 M1", "factors: C3,2 M1", "the factors of C multiply to 32, expected its size, 48"},
      {"factors: C3 M1", "factors: C3,4 M1", "a loop over C of 3 iterations has more in its final pass, 4"},
      {"factors: C3 M1", "factors: 3 M1", "'3': expected a dimension and a factor"},
      {"permutation: PCMRSNQ", "permutation: PCMRSNX", "'X' is no dimension"},
      {"permutation: PCMRSNQ", "permutation: PCMRSNP", "dimension 'P' is named twice"},
      {"type: datatype", "type: datatyp", "(did you mean 'datatype'?)"},
      {"      - Weights\n", "      - Weight\n", "'Weight' is no data space (did you mean 'Weights'?)"},
      {"split: 2", "split: two", "split: expected an integer"},
      {"split: 0", "split: 9", "spatial loops over 4 columns (X) of the next level, which has 1 an instance"},
      {"depth: 128", "depth: 7", "PEAccuBuffer: tiles of 8 words do not fit its 7"},
      {"meshX: 16", "meshX: 8", "meshX x meshY is 8, expected the 16 instances of the name"},
      {"width: 256", "width: 250", "no multiple of datawidth x cluster_size, 8"},
      {"has_power_gating: false", "has_power_gating: true", "power gating is not modelled"},
      {"allow_overbooking: false", "allow_overbooking: true", "overbooking is not modelled"},
      {"enabled: true", "enabled: false", "not enabled"},
      {"densities: {}", "densities: {Weights: 0.5}", "sparse tensors are not modelled"},
      {"        R: 1\n", "        R: 3\n", "sliding windows are not modelled"},
      {"Wstride: 1", "Wstride: 2", "strides are not modelled"},
      {"        C: 48\n", "", "missing key 'C'"},
      {"              -   -   - C\n", "              -   -   - K\n", "term 'K': expected a dimension"},
      {"read_write: true", "read_write: false", "0 tensors are read and written"},
      {"TIMELOOP_HIDE_INCONSEQUENTIAL_STATS: 1", "TIMELOOP_ENABLE_FIRST_READ_ELISION: 0", "may change what is counted"},
      {"problem:\n", "problme:\n", "problme: unknown key (did you mean 'problem'?)"},
      {"mapping:\n  - target: PEWeightRegs", "mapping:\n  - traget: PEWeightRegs", "(did you mean 'target'?)"},
  };
  for (const Mistake& mistake : mistakes) {
    const std::string path = write(replaced(text, mistake.from, mistake.to));
    const std::string error = test::error_of<base::ConfigError>([&] { load(path); });
    EXPECT_NE(error.find(mistake.message), std::string::npos) << mistake.to << ":\n" << error;
    EXPECT_NE(error.find("timeloop.yaml"), std::string::npos);
  }
}

TEST(TimeloopInput, AllMistakesOfAFileComeTogether) {
  std::string text =
      replaced(base::read_file(kGolden + "gemm_M16_K48_N128.yaml"), "type: \"LPDDR4\"", "shared_bandwith: 2");
  text = replaced(text, "target: GlobalBuffer", "target: GlobalBuffr");
  text = replaced(text, "n_banks: 4", "n_bankss: 4");
  const std::string error = test::error_of<base::ConfigError>([&] { load(write(text)); });
  EXPECT_EQ(error.rfind("3 problems:", 0), 0u) << error;
  EXPECT_NE(test::error_of<base::ConfigError>([&] { load(write("problem: [1\n")); }).find("timeloop.yaml:"),
            std::string::npos);
  EXPECT_NE(test::error_of<base::ConfigError>([&] { load(write("")); }).find("missing section 'problem'"),
            std::string::npos);
}

TEST(TimeloopInput, MistakesOfTheEnergyTableAreNamed) {
  const TimeloopInput input = load(kGolden + "gemm_M16_K48_N128.yaml");
  const std::string text = timeloop_text(input.problem, input.architecture, *input.mapping);
  const Mistake mistakes[] = {
      {"System_top_level.GlobalBuffer[1..1]", "System_top_level.GlobalBufer[1..1]",
       "'GlobalBufer' is no component (did you mean 'GlobalBuffer'?)"},
      {"System_top_level.GlobalBuffer[1..1]", "System_top_level.GlobalBufer[1..1]",
       "no table for component 'GlobalBuffer'"},
      {"name: leak", "name: leek", "'DRAM' has no energy for 'leak' (did you mean 'leek'?)"},
      {"energy: 512", "enregy: 512", "(did you mean 'energy'?)"},
  };
  for (const Mistake& mistake : mistakes) {
    const std::string path = write(replaced(text, mistake.from, mistake.to));
    const std::string error = test::error_of<base::ConfigError>([&] { load(path, false); });
    EXPECT_NE(error.find(mistake.message), std::string::npos) << mistake.to << ":\n" << error;
  }
  const std::string none = replaced(text, "ERT:", "mapper:");
  EXPECT_NE(test::error_of<base::ConfigError>([&] { load(write(none), false); }).find("no energies"),
            std::string::npos);
}

}  // namespace
}  // namespace heat::offline::mapper
