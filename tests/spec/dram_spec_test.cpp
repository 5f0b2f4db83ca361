// DRAM descriptions: every shipped file is good, and every kind of mistake is named with its place.
#include "spec/dram_spec.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/atomic_file.h"
#include "spec/dram_formula.h"

namespace heat::spec {
namespace {

std::string path_of(const std::string& name) {
  return std::string(HEAT_SOURCE_DIR) + "/configs/dram/" + name;
}

std::string problems_of(const std::string& file, const std::vector<std::pair<std::string, std::string>>& changes) {
  std::string text = base::read_file(path_of(file));
  for (const auto& [from, to] : changes) {
    const std::size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    if (at != std::string::npos) text.replace(at, from.size(), to);
  }
  try {
    parse_dram_spec(text, path_of(file));
  } catch (const base::ConfigError& e) {
    return e.what();
  }
  return "";
}

TEST(DramSpec, ShippedFilesAreGood) {
  for (const char* file : {"ddr4-3200.yaml", "lpddr4-3200.yaml", "lpddr5-6400.yaml", "hbm2.yaml",
                           "reference/ddr4-m1.yaml", "reference/ddr4-m2.yaml", "reference/lpddr4-m1.yaml",
                           "reference/lpddr4-m2.yaml", "reference/hbm2-m1.yaml", "reference/hbm2-m2.yaml"}) {
    const DramSpec spec = load_dram_spec(path_of(file));
    EXPECT_EQ(spec.organization.access_bytes(), 64) << file;
    EXPECT_GT(spec.constraints.size(), 20u) << file;
  }
  EXPECT_DOUBLE_EQ(load_dram_spec(path_of("hbm2.yaml")).peak_gb_per_s(), 256.0);
  EXPECT_DOUBLE_EQ(load_dram_spec(path_of("ddr4-3200.yaml")).peak_gb_per_s(), 25.6);
}

TEST(DramSpec, JsonLeadsBack) {
  for (const char* file : {"ddr4-3200.yaml", "lpddr5-6400.yaml", "hbm2.yaml"})
    for (const auto& cost : kDramCosts) {
      const nlohmann::ordered_json json = to_json(without(load_dram_spec(path_of(file)), cost.value));
      EXPECT_EQ(to_json(dram_spec_from_json(json, "run")), json) << file;
    }
  EXPECT_THROW(dram_spec_from_json({{"file", "x"}}, "run"), base::ConfigError);
  const nlohmann::ordered_json right = to_json(load_dram_spec(path_of("hbm2.yaml")));
  for (const auto& [key, value] :
       std::vector<std::pair<std::string, nlohmann::ordered_json>>{{"/constraints/0/1", 99},
                                                                   {"/constraints/0/2", 99},
                                                                   {"/constraints/0/1", -1},
                                                                   {"/controller/page_policy", "x"},
                                                                   {"/controller/refresh", "x"}}) {
    nlohmann::ordered_json wrong = right;
    wrong[nlohmann::ordered_json::json_pointer(key)] = value;
    EXPECT_THROW(dram_spec_from_json(wrong, "run"), base::ConfigError) << key << " " << value;
  }
}

TEST(DramSpec, WaysToRefreshAndCostsToLeaveOutAreChecked) {
  EXPECT_NE(problems_of("lpddr5-6400.yaml", {{"banks: 2", "banks: 3"}}).find("refresh.banks: value 3"),
            std::string::npos);
  EXPECT_NE(problems_of("hbm2.yaml", {{"mode: all_bank", "mode: all_bank, banks: 2"}}).find("refresh.banks: value 2"),
            std::string::npos);
  // Eight refreshes of two banks each must fit into tREFI.
  EXPECT_NE(problems_of("lpddr5-6400.yaml", {{"tREFIpb: 390", "tREFIpb: 391"}}).find("tREFIpb (391) x 8"),
            std::string::npos);
  EXPECT_NE(problems_of("hbm2.yaml", {{"clock_ns: 1.0", "clock_ns: 1.0\nwithout: [rows, heat]"}}).find("'heat'"),
            std::string::npos);
  EXPECT_EQ(problems_of("hbm2.yaml", {{"clock_ns: 1.0", "clock_ns: 1.0\nwithout: [rows, refresh]"}}), "");
}

TEST(DramSpec, ConstraintTableGivesTheComparisonsDerivedTimings) {
  const DramSpec spec = load_dram_spec(path_of("reference/ddr4-m1.yaml"));
  std::map<std::string, std::int64_t> latency;
  for (const DramConstraint& c : spec.constraints) latency[c.text()] = c.latency;
  EXPECT_EQ(latency["RD -> WR, rank, CL + BL + 2 - CWL"], 12);
  EXPECT_EQ(latency["WR -> RD, bank_group, CWL + BL + tWTR_L"], 32);
  EXPECT_EQ(latency["WR -> RD, rank, CWL + BL + tWTR_S"], 24);
  EXPECT_EQ(latency["WR -> PRE, bank, CWL + BL + tWR"], 44);
}

struct Mistake {
  std::vector<std::pair<std::string, std::string>> changes;
  std::vector<std::string> expected;
};

TEST(DramSpec, MistakesAreNamedWithTheirPlace) {
  const std::string file = "reference/ddr4-m1.yaml";
  const Mistake mistakes[] = {
      {{{"tRC: 74", "tRC: 70"}},
       {"contradictory timings", "tRAS (52) + tRP (22)", "exceeds tRC (70)", "ddr4-m1.yaml:"}},
      {{{"tCCD_L: 8", "tCCD_L: 3"}}, {"tCCD_S (4) must not exceed tCCD_L (3)"}},
      {{{"tRCD: 22", "tRCDD: 22"}}, {"missing timing 'tRCD'", "tRCDD"}},
      {{{"tRCD: 22", "tRCD: -1"}}, {"tRCD", "out of range"}},
      {{{"bank: [15..16]", "bank: [14..15]"}}, {"overlaps", "address bit 14", "bit 16 is missed"}},
      {{{"row: [17..32]", "row: [17..31]"}}, {"gives 15 bits for row", "needs 16"}},
      {{{"row: [17..32]", "row: [17..x]"}}, {"'17..x' is not a bit"}},
      {{{"row_hit_cap: 0", "row_hit_cpa: 0"}}, {"row_hit_cpa", "did you mean 'row_hit_cap'"}},
      {{{"page_policy: open", "page_policy: ajar"}}, {"'ajar' is not one of: open, closed, adaptive"}},
      {{{"write_low_watermark: 6", "write_low_watermark: 30"}}, {"write_low_watermark", "must be below"}},
      {{{"rows: 65536", "rows: 65000"}}, {"no power of two"}},
      {{{"clock_ns: 0.625", "clock_ns: 0.6255555"}}, {"picoseconds"}},
      {{{"tREFI: 12480", "tREFI: 500"}}, {"leaves no time between refreshes"}},
      {{{"tCCD_S: 4", "tCCD_S: 3"}}, {"bursts would overlap"}},
      {{{"../standards/ddr4.yaml", "../standards/absent.yaml"}}, {"absent.yaml", "cannot be read"}},
      {{{"tRC: 74", "tRC: 70"}, {"tFAW: 34", "tFAW: 2"}, {"row_hit_cap: 0", "row_hit_cap: many"}},
       {"row_hit_cap", "integer"}}};
  for (const Mistake& m : mistakes) {
    const std::string text = problems_of(file, m.changes);
    for (const std::string& part : m.expected) EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
    EXPECT_NE(text.find(".yaml:"), std::string::npos) << text;
  }
}

TEST(DramSpec, ThreeMistakesAreOneError) {
  const std::string text = problems_of(
      "reference/ddr4-m1.yaml",
      {{"channels: 1", "channels: 0"}, {"row_hit_cap: 0", "row_hit_cpa: 0"}, {"mode: all_bank", "mode: some"}});
  EXPECT_EQ(text.rfind("3 problems:", 0), 0u) << text;
}

TEST(ConfigReader, AskingForAPlaceChangesNothing) {
  base::Problems problems;
  base::ConfigReader r = base::ConfigReader::parse("a: {x: 1}\nb: 2\n", "f", problems);
  EXPECT_EQ(r.place("a"), "f:1: a");
  EXPECT_EQ(r.place("b"), "f:2: b");
  EXPECT_EQ(r.integer("b"), 2);
  EXPECT_EQ(r.section("a").integer("x"), 1);
  r.finish();
  EXPECT_TRUE(problems.empty());
}

TEST(DramFormula, ValuesAndErrors) {
  const std::map<std::string, std::int64_t> v{{"CL", 22}, {"CWL", 16}, {"BL", 4}};
  EXPECT_EQ(evaluate_formula("CL + BL + 2 - CWL", v).value, 12);
  EXPECT_EQ(evaluate_formula("2 * (CL - 2) - max(1, CWL, 3)", v).value, 24);
  EXPECT_EQ(evaluate_formula("-CL + 22", v).value, 0);
  EXPECT_EQ(evaluate_formula("tX + tY", v).missing_names, (std::vector<std::string>{"tX", "tY"}));
  for (const char* bad : {"", "CL +", "CL CL", "(CL", "max(CL", "CL / 2", "99999999999999", "*"})
    EXPECT_FALSE(evaluate_formula(bad, v).error.empty()) << bad;
  EXPECT_FALSE(evaluate_formula(std::string(1000, '('), v).error.empty());
}

}  // namespace
}  // namespace heat::spec
