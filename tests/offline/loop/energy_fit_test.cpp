// The fit of an energy table on results of known counts: the truth is found again, bounds bind, mistakes are named.
#include "offline/loop/energy_fit.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <random>

#include "base/atomic_file.h"
#include "offline/loop/energy_fit_report.h"
#include "tests/support/error_of.h"

namespace heat::offline {
namespace {

const std::string kConfigs = std::string(HEAT_SOURCE_DIR) + "/configs";

// A folder with results of simba-l whose counts are drawn at random, under the 5 nm table.
class EnergyFitTest : public testing::Test {
 protected:
  EnergyFitTest()
      : folder_(testing::TempDir() + "energy_fit_" + testing::UnitTest::GetInstance()->current_test_info()->name()),
        table_(spec::EnergyTable::load(kConfigs + "/energy/5nm.yaml")) {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }

  void write_run(const std::string& name, int seed, const std::string& arch = "simba-l") {
    std::mt19937 random(static_cast<unsigned>(seed));
    std::uniform_real_distribution<double> order(4, 7);
    nlohmann::json run;
    run["arch"] = spec::to_json(spec::ArchSpec::load(kConfigs + "/arch/" + arch + ".yaml"));
    run["energy_table"] = spec::to_json(table_);
    run["latency_ns"] = 1e4 * (1 + seed);
    double pj = 0;
    const EnergyEntries own = entries_of(table_);
    for (const spec::ActionInfo& a : spec::kActions) {
      const double count = std::floor(std::pow(10, order(random)));
      run["counts"][a.name] = count;
      pj += count * own[static_cast<std::size_t>(a.value)];
    }
    for (const spec::StaticPartInfo& p : spec::kStaticParts) {
      run["static_instances"][p.name] = 4;
      pj += table_.static_mw(p.value) * 4 * run["latency_ns"].get<double>();
    }
    run["energy_by_component_pj"]["dram"] = kDramPj;
    run["energy_pj"] = pj + kDramPj;
    base::write_file_atomically(file(name), run.dump());
  }

  std::string write_config(const std::string& text) {
    base::write_file_atomically(file("fit.yaml"), text);
    return file("fit.yaml");
  }

  std::string file(const std::string& name) const { return folder_ + "/" + name; }
  static std::string head() {
    return "name: fitted\nstart: " + kConfigs + "/energy/5nm.yaml\narch: " + kConfigs + "/arch/simba-l.yaml\n";
  }

  static constexpr double kDramPj = 2e6;
  std::string folder_;
  spec::EnergyTable table_;
};

std::size_t entry(const std::string& name) {
  const auto names = energy_entry_names();
  return static_cast<std::size_t>(std::find(names.begin(), names.end(), name) - names.begin());
}

const char* const kFree =
    "free:\n"
    "  - {entry: action_pj.mac, lower: 0.05, upper: 0.5, source: a}\n"
    "  - {entry: action_pj.nop_byte_hop, lower: 5, upper: 15, source: b}\n"
    "  - {scale: gb, entries: [action_pj.global_buffer_read, action_pj.global_buffer_write], lower: 0.2, upper: 3, "
    "source: c}\n"
    "  - {entry: static_mw.pe, lower: 0, upper: 9, source: d}\n";

TEST_F(EnergyFitTest, FindsTheTruthFromAsManyRows) {
  EnergyEntries truth = entries_of(table_);
  truth[entry("action_pj.mac")] = 0.31;
  truth[entry("action_pj.nop_byte_hop")] = 7.25;
  truth[entry("action_pj.global_buffer_read")] *= 1.4;
  truth[entry("action_pj.global_buffer_write")] *= 1.4;
  truth[entry("static_mw.pe")] = 3.5;
  std::string rows = "rows:\n";
  for (int i = 0; i < 6; ++i) {
    const std::string name = "r" + std::to_string(i) + ".json";
    write_run(name, i);
    const EnergyRun run = read_energy_run(file(name));
    const double pj = run.energy_pj(truth);
    char target[64];  // EDP and energy in turn
    std::snprintf(target, sizeof target, i % 2 ? "target_energy_pj: %.17g" : "target_edp_js: %.17g",
                  i % 2 ? pj : pj * run.latency_ns * 1e-21);
    rows += "  - {name: r" + std::to_string(i) + ", run: " + name + ", " + target + "}\n";
  }
  const auto problem = EnergyFitProblem::load(write_config(head() + "pull: 1e-12\n" + kFree + rows));
  const EnergyFit fit = fit_energy(problem);
  for (std::size_t e = 0; e < kEnergyEntries; ++e)
    EXPECT_NEAR(fit.entries[e], truth[e], 2e-5 * (1 + truth[e])) << energy_entry_name(e);
  EXPECT_EQ(fit.identifiability.rank, 4u);
  for (double r : fit.identifiability.resolution) EXPECT_NEAR(r, 1, 1e-9);
  for (BoundHit hit : fit.hits) EXPECT_EQ(hit, BoundHit::kNone);

  // The table as text says the same, and what was not free is as it was.
  base::write_file_atomically(file("fitted.yaml"), fitted_table_yaml(problem, fit));
  const spec::EnergyTable fitted = spec::EnergyTable::load(file("fitted.yaml"));
  EXPECT_EQ(entries_of(fitted), fit.entries);
  EXPECT_EQ(fitted.name(), "fitted");
  EXPECT_EQ(fitted.dram_all_in_pj_per_byte(), table_.dram_all_in_pj_per_byte());
  const std::string text = base::read_file(file("fitted.yaml"));
  EXPECT_NE(text.find("mac: 0.31 "), std::string::npos) << text;
  EXPECT_NE(text.find("# fitted, 0.11 in 5nm.yaml; within 0.05 to 0.5: a\n"), std::string::npos) << text;
  EXPECT_NE(text.find("scaled by 1.4 with 'gb'"), std::string::npos) << text;
  EXPECT_NE(text.find("# assumed: twenty instructions of a small core at 3 pJ\n"), std::string::npos) << text;
}

// The equations are the derivative of what the rows predict, so that the solver solves the stated problem.
TEST_F(EnergyFitTest, EquationsAreTheRowsPredictions) {
  for (int i = 0; i < 3; ++i) write_run("r" + std::to_string(i) + ".json", i);
  const auto problem =
      EnergyFitProblem::load(write_config(head() + kFree +
                                          "rows:\n  - {name: a, run: r0.json, target_edp_js: 1.5e-11, weight: 4}\n"
                                          "  - {name: b, run: r1.json, target_energy_pj: 3e8}\n"
                                          "  - {name: c, run: r2.json, target_edp_js: 2e-12, weight: 0.25}\n"));
  const BoundedLeastSquares q = row_equations(problem);
  std::mt19937 random(5);
  std::uniform_real_distribution<double> uniform(0, 1);
  for (int round = 0; round < 20; ++round) {
    Eigen::VectorXd x(4);
    std::vector<double> values;
    for (Eigen::Index j = 0; j < 4; ++j) {
      x[j] = uniform(random);
      const FreeValue& f = problem.free[static_cast<std::size_t>(j)];
      values.push_back(f.lower + x[j] * (f.upper - f.lower));
    }
    const EnergyEntries entries = entries_with(problem, values);
    const Eigen::VectorXd residual = q.a * x - q.b;
    for (std::size_t i = 0; i < 3; ++i) {
      const TargetRow& row = problem.rows[i];
      const double expected = std::sqrt(row.weight) * (row.predicted(entries) / row.target - 1);
      EXPECT_NEAR(residual[static_cast<Eigen::Index>(i)], expected, 1e-9 * (1 + std::abs(expected)));
    }
  }
}

// The stated objective cannot be lowered within the bounds: its derivative, taken here from the rows' predictions.
TEST_F(EnergyFitTest, FulfilsTheOptimalityConditionsOfTheStatedObjective) {
  int held = 0, free = 0;
  for (int i = 0; i < 4; ++i) write_run("r" + std::to_string(i) + ".json", i);
  for (int round = 0; round < 20; ++round) {
    std::string rows = "pull: 1e-3\nrows:\n";
    for (int i = 0; i < 4; ++i) {
      const std::string name = "r" + std::to_string(i);
      const double pj = read_energy_run(file(name + ".json")).energy_pj(entries_of(table_));
      rows += "  - {name: " + name + ", run: " + name + ".json, weight: " + std::to_string(1 + i) +
              ", target_energy_pj: " + std::to_string(pj * (0.7 + 0.1 * ((round + 3 * i) % 7))) + "}\n";
    }
    const auto problem = EnergyFitProblem::load(write_config(head() + kFree + rows));
    const EnergyFit fit = fit_energy(problem);
    const auto objective = [&](const std::vector<double>& values) {
      double sum = 0;
      for (const TargetRow& row : problem.rows)
        sum += row.weight * std::pow(row.predicted(entries_with(problem, values)) / row.target - 1, 2);
      for (std::size_t j = 0; j < values.size(); ++j)
        sum += problem.pull *
               std::pow((values[j] - problem.free[j].start) / (problem.free[j].upper - problem.free[j].lower), 2);
      return sum;
    };
    for (std::size_t j = 0; j < problem.free.size(); ++j) {
      const FreeValue& f = problem.free[j];
      const double step = 1e-4 * (f.upper - f.lower);
      std::vector<double> up = fit.values, down = fit.values;
      up[j] += step, down[j] -= step;
      const double slope = (objective(up) - objective(down)) / 2e-4;  // over the width of the bounds
      EXPECT_GE(fit.values[j], f.lower);
      EXPECT_LE(fit.values[j], f.upper);
      if (fit.hits[j] == BoundHit::kNone) {
        EXPECT_NEAR(slope, 0, 2e-4) << round << " " << f.name;
      }
      if (fit.hits[j] == BoundHit::kLower) {
        EXPECT_GT(slope, -2e-4) << round << " " << f.name;
      }
      if (fit.hits[j] == BoundHit::kUpper) {
        EXPECT_LT(slope, 2e-4) << round << " " << f.name;
      }
      ++(fit.hits[j] == BoundHit::kNone ? free : held);
    }
  }
  EXPECT_GT(held, 5);
  EXPECT_GT(free, 5);
}

TEST_F(EnergyFitTest, TargetsOutOfReachLeaveEveryValueAtItsBound) {
  write_run("r.json", 1);
  for (const auto& [target, bound] : {std::pair("1", BoundHit::kLower), std::pair("1e10", BoundHit::kUpper)}) {
    const auto problem = EnergyFitProblem::load(write_config(
        head() + "pull: 1e-9\n" + kFree + "rows: [{name: r, run: r.json, target_energy_pj: " + target + "}]\n"));
    const EnergyFit fit = fit_energy(problem);
    for (BoundHit hit : fit.hits) EXPECT_EQ(hit, bound);
    const EnergyEntries expected = problem.at_bounds(bound);
    for (std::size_t e = 0; e < kEnergyEntries; ++e) EXPECT_DOUBLE_EQ(fit.entries[e], expected[e]);
    const auto json = to_json(problem, fit);
    const auto& row = json.at("rows")[0];
    EXPECT_DOUBLE_EQ(row.at(bound == BoundHit::kLower ? "least_energy_pj" : "most_energy_pj").get<double>(),
                     row.at("fitted_energy_pj").get<double>());
    EXPECT_LT(row.at("least_energy_pj").get<double>(), row.at("most_energy_pj").get<double>());
    EXPECT_EQ(json.at("free")[0].at("bound_hit"), bound == BoundHit::kLower ? "lower" : "upper");
    EXPECT_NE(fitted_table_yaml(problem, fit)
                  .find(bound == BoundHit::kLower ? "at its lower bound, 0.05 to 0.5: a"
                                                  : "at its upper bound, 0.05 to 0.5: a"),
              std::string::npos);
  }
}

// One row for four values: met exactly, and of all tables that meet it the nearest to the start.
TEST_F(EnergyFitTest, WhatRowsDoNotTellStaysNearTheStart) {
  write_run("r.json", 1);
  const EnergyRun run = read_energy_run(file("r.json"));
  char target[64];
  std::snprintf(target, sizeof target, "%.17g", run.energy_pj(entries_of(table_)) * 1.5);
  const auto problem = EnergyFitProblem::load(
      write_config(head() + kFree + "rows: [{name: r, run: r.json, target_energy_pj: " + target + "}]\n"));
  const EnergyFit fit = fit_energy(problem);
  EXPECT_NEAR(problem.rows[0].predicted(fit.entries) / problem.rows[0].target, 1, 1e-4);
  EXPECT_EQ(fit.identifiability.rank, 1u);
  double resolution = 0;
  for (double r : fit.identifiability.resolution) resolution += r;
  EXPECT_NEAR(resolution, 1, 1e-9);
  // Every way from the start is as long as the row asks of it: in proportion to how much it moves the row.
  const BoundedLeastSquares q = row_equations(problem);
  const auto way = [&](std::size_t j) {
    const FreeValue& f = problem.free[j];
    return (fit.values[j] - f.start) / (f.upper - f.lower) / q.a(0, static_cast<Eigen::Index>(j));
  };
  for (std::size_t j = 1; j < 4; ++j) EXPECT_NEAR(way(j) / way(0), 1, 1e-2) << problem.free[j].name;
  // With one row nothing is told apart.
  ASSERT_EQ(fit.identifiability.groups.size(), 1u);
  EXPECT_EQ(fit.identifiability.groups[0].size(), 4u);
}

TEST_F(EnergyFitTest, SaysWhatNoRowSees) {
  write_run("r.json", 1);
  auto run = nlohmann::json::parse(base::read_file(file("r.json")));
  run["energy_pj"] = run["energy_pj"].get<double>() -
                     run["counts"]["nop_byte_hop"].get<double>() * table_.pj(spec::Action::kNopByteHop);
  run["counts"]["nop_byte_hop"] = 0;
  base::write_file_atomically(file("r.json"), run.dump());
  const auto problem =
      EnergyFitProblem::load(write_config(head() + kFree + "rows: [{name: r, run: r.json, target_energy_pj: 3e8}]\n"));
  const EnergyFit fit = fit_energy(problem);
  ASSERT_EQ(fit.identifiability.unseen.size(), 1u);
  EXPECT_EQ(problem.free[fit.identifiability.unseen[0]].name, "action_pj.nop_byte_hop");
  EXPECT_EQ(fit.values[1], 10.4) << "stays at the start";
  EXPECT_NE(to_text(problem, fit).find(" mJ, 0.002 of them the DRAM devices', which no entry changes\n"),
            std::string::npos);
  EXPECT_NE(to_text(problem, fit).find("seen by no row: action_pj.nop_byte_hop\n"), std::string::npos);
  EXPECT_EQ(to_json(problem, fit).at("identifiability").at("seen_by_no_row")[0], "action_pj.nop_byte_hop");
}

TEST_F(EnergyFitTest, NamesAllMistakesAtOnce) {
  write_run("r.json", 1);
  write_run("other.json", 1, "simba");
  base::write_file_atomically(file("text.json"), "no run");
  auto run = nlohmann::json::parse(base::read_file(file("r.json")));
  run["counts"]["mac"] = run["counts"]["mac"].get<double>() * 2;
  base::write_file_atomically(file("wrong.json"), run.dump());
  run.erase("static_instances");
  base::write_file_atomically(file("old.json"), run.dump());
  const std::string config =
      write_config(head() +
                   "pulll: 1\n"
                   "free:\n"
                   "  - {entry: action_pj.mack, lower: 0, upper: 1, source: a}\n"
                   "  - {entry: action_pj.nop_byte_hop, lower: 2, upper: 1, source: a}\n"
                   "  - {scale: gb, entries: [action_pj.nop_byte_hop], lower: -1, upper: 1, source: a}\n"
                   "  - {entry: analytical_dram.background_mw, lower: 0, upper: 1, source: ''}\n"
                   "rows:\n"
                   "  - {name: a, run: other.json, target_edp_js: 1}\n"
                   "  - {name: b, run: text.json, target_edp_js: -1}\n"
                   "  - {name: b, run: none.json, target_energy_pj: 1, target_edp_js: 1}\n"
                   "  - {name: c, target_energy_pj: 1, weight: 0}\n"
                   "  - {name: d, run: wrong.json, target_energy_pj: 0}\n"
                   "  - {name: e, run: old.json}\n");
  const std::string error = test::error_of<base::ConfigError>([&] {
    EnergyFitProblem::load(config, {{"f", file("r.json")}});
  });
  for (const char* part : {"fit.yaml:4: pulll: unknown key",
                           "(did you mean 'pull'?)",
                           "fit.yaml:6: free[0].entry: 'action_pj.mack': no entry that runs are charged by (did you "
                           "mean 'action_pj.mac'?)",
                           "fit.yaml:7: free[1].upper: is 1, expected more than lower, 2",
                           "free[2].entries: 'action_pj.nop_byte_hop': is free twice",
                           "free[2].lower: ",
                           "free[3].entry: 'analytical_dram.background_mw': no entry that runs are charged by",
                           "free[3].source: is empty",
                           "rows[0].run: ",
                           "other.json: was made by another machine: ",
                           ", expected ",
                           "text.json: neither a run database nor JSON",
                           "rows[1].target_edp_js: is -1, expected more than 0",
                           "rows[2].name: 'b': two rows have this name",
                           "none.json: no such file",
                           "has target_edp_js and target_energy_pj, expected one of them",
                           "rows[3].run: is absent; give it here or as --run c=FILE",
                           "rows[3].weight: is 0, expected more than 0",
                           "wrong.json: energy_pj: is ",
                           "rows[4].target_energy_pj: is 0",
                           "old.json: is no run of this simba-sim: ",
                           "static_instances",
                           "expected target_edp_js or target_energy_pj",
                           "--run f: no such row"})
    EXPECT_NE(error.find(part), std::string::npos) << "'" << part << "' in\n" << error;

  const std::string empty =
      test::error_of<base::ConfigError>([&] { EnergyFitProblem::load(write_config(head() + "free: []\nrows: []\n")); });
  EXPECT_NE(empty.find("free: expected at least one entry or scale"), std::string::npos) << empty;
  EXPECT_NE(empty.find("rows: expected at least one row"), std::string::npos) << empty;
  const std::string absent = test::error_of<base::ConfigError>([&] {
    EnergyFitProblem::load(write_config("name: n\nstart: none.yaml\narch: " + kConfigs + "/arch/none.yaml\n"));
  });
  for (const char* part : {"none.yaml", "/arch/none.yaml", "free", "rows"})
    EXPECT_NE(absent.find(part), std::string::npos) << absent;
}

}  // namespace
}  // namespace heat::offline
