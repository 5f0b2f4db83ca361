// What goes into a report: the checks of report_data, the numbers made of a run, the page as text.
#include "traces/report/report.h"

#include <gtest/gtest.h>

#include "base/atomic_file.h"
#include "tests/traces/sample_report.h"
#include "traces/report/dram_section.h"
#include "traces/report/report_data.h"
#include "traces/report/run_section.h"

namespace heat::traces {
namespace {

using Json = nlohmann::ordered_json;
using testing::sample_report_data;
using testing::TemporaryFolder;

std::vector<std::string> problems_of(const Json& data) {
  base::Problems problems;
  check_report_data(data, "d.json", problems);
  return problems.list();
}

TEST(ReportData, CompleteDataHasNoProblems) {
  EXPECT_EQ(problems_of(sample_report_data()), std::vector<std::string>{});
}

TEST(ReportData, EmptyDataHasNoProblems) {
  EXPECT_TRUE(problems_of(Json::object()).empty());
}

// Property: whatever required field is taken away or given another type, exactly that place is named.
TEST(ReportData, EachMissingOrWrongFieldIsNamed) {
  const Json good = sample_report_data();
  const std::pair<const char*, std::vector<const char*>> lists[] = {
      {"/pareto/points", {"method", "error", "ratio", "energy_pj", "latency_ns"}},
      {"/calibration/points",
       {"group", "predicted_cycles_before", "predicted_cycles_after", "measured_cycles", "predicted_energy_pj_before",
        "predicted_energy_pj_after", "measured_energy_pj"}},
      {"/search/generations", {"generation", "best", "mean"}},
      {"/search/baselines", {"name", "objective"}},
      {"/search/predictor/points", {"predicted", "actual"}}};
  for (const auto& [pointer, fields] : lists) {
    for (const char* field : fields) {
      Json missing = good, wrong = good;
      missing[Json::json_pointer(pointer)][0].erase(field);
      wrong[Json::json_pointer(pointer)][0][field] = nullptr;
      for (const Json& bad : {missing, wrong}) {
        const auto problems = problems_of(bad);
        ASSERT_EQ(problems.size(), 1u) << pointer << " " << field;
        EXPECT_NE(problems[0].find(std::string("[0].") + field + ":"), std::string::npos) << problems[0];
      }
    }
  }
}

TEST(ReportData, UnknownSectionsAreProblemsFurtherFieldsOfPointsAreNot) {
  Json data = sample_report_data();
  data["calibraton"] = Json::object();
  data["pareto"]["points"][0]["macs"] = 5;
  const auto problems = problems_of(data);
  ASSERT_EQ(problems.size(), 1u);
  EXPECT_EQ(problems[0], "d.json: calibraton: unknown key (did you mean 'calibration'?)");
}

TEST(ReportData, LayersNeedNumbersPerComponent) {
  Json data;
  data["layers"]["dense"] =
      Json::array({{{"layer", "a"}, {"energy_by_component_pj", {{"pe", "much"}}}, {"latency_ns", 1}}});
  const auto problems = problems_of(data);
  ASSERT_EQ(problems.size(), 1u);
  EXPECT_NE(problems[0].find("layers.dense[0].energy_by_component_pj"), std::string::npos) << problems[0];
}

TEST(RunSection, BusyShareIsTheMeanOverUnitsInEachSliceOfTime) {
  TemporaryFolder folder;
  {
    Writer w(folder.file("r.sqlite"), testing::sample_info(), Json::object());
    const auto pe0 = w.unit(0, "pe0"), pe1 = w.unit(0, "pe1");
    w.interval(pe0, 0, 150, "compute");
    w.interval(pe0, 50, 100, "fill");  // inside the first: counts once
    w.interval(pe1, 200, 400, "compute");
    w.interval(pe1, 0, 100, "stall");
    w.unit(0, "idle_unit");
    w.finish({400});
  }
  const Json use = utilization_over_time(Reader(folder.file("r.sqlite")), 4);
  EXPECT_EQ(use["bin_cycles"], 100.0);
  ASSERT_EQ(use["kinds"].size(), 1u);
  EXPECT_EQ(use["kinds"][0]["units"], 2);
  EXPECT_EQ(use["kinds"][0]["busy"], (Json::array({0.5, 0.25, 0.5, 0.5})));
}

TEST(RunSection, LayersSumToTheRunsEnergyAndTime) {
  TemporaryFolder folder;
  testing::write_encoder_run(folder.file("r.sqlite"), "dense", 1);
  const Reader reader(folder.file("r.sqlite"));
  double energy = 0, time = 0;
  for (const auto& layer : layers_of_run(reader)) {
    time += layer["latency_ns"].get<double>();
    for (const auto& pj : layer["energy_by_component_pj"]) energy += pj.get<double>();
  }
  EXPECT_NEAR(energy, reader.run().energy_pj, 1e-9 * energy);
  EXPECT_NEAR(time, reader.run().latency_ns(), 1e-9 * time);
}

// The sample run: eight requests of 64 bytes, i-th finishing at cycle 10 i + 40; the 4th and 8th write; addresses
// 0..512.
TEST(DramSection, TrafficIsSummedByTimeAndAddress) {
  TemporaryFolder folder;
  testing::write_sample_run(folder.file("r.sqlite"));
  const Json dram = dram_over_time(Reader(folder.file("r.sqlite")), 20, 2);  // slices of 50 cycles, halves of 256 bytes
  EXPECT_EQ(dram["requests"], 8);
  EXPECT_EQ(dram["row_hits"], 6);
  EXPECT_EQ(dram["row_conflicts"], 1);
  EXPECT_EQ(dram["read_bytes"][0], 64);      // request 0 finishes at 40
  EXPECT_EQ(dram["read_bytes"][1], 4 * 64);  // 1, 2, 4, 5
  EXPECT_EQ(dram["write_bytes"][1], 64);     // 3
  EXPECT_EQ(dram["write_bytes"][2], 64);     // 7
  EXPECT_EQ(dram["row_hit_rate"][1], 0.8);   // 5 conflicts
  EXPECT_TRUE(dram["row_hit_rate"][10].is_null());
  EXPECT_EQ(dram["cells"], (Json::array({{0, 0, 64}, {1, 0, 192}, {1, 1, 128}, {2, 1, 128}})));
}

TEST(DramSection, RunWithoutRequestsHasNone) {
  TemporaryFolder folder;
  { Writer(folder.file("r.sqlite"), testing::sample_info(), Json::object()).finish({10}); }
  EXPECT_TRUE(dram_over_time(Reader(folder.file("r.sqlite")), 20, 2).is_null());
}

TEST(Report, LayersOfTheDataTakePrecedenceOverThoseOfTheRuns) {
  TemporaryFolder folder;
  testing::write_sample_run(folder.file("r.sqlite"));
  ReportInputs inputs;
  inputs.runs = {{"mine", folder.file("r.sqlite")}};
  EXPECT_EQ(assemble_report(inputs)["layers"][0]["name"], "mine");
  inputs.data["layers"]["dense"] = Json::array();
  const Json report = assemble_report(inputs);
  ASSERT_EQ(report["layers"].size(), 1u);
  EXPECT_EQ(report["layers"][0]["name"], "dense");
}

TEST(Report, PageHoldsEverythingAndRefersToNothing) {
  ReportInputs inputs;
  inputs.data = sample_report_data();
  const std::string html = render_report(assemble_report(inputs));
  EXPECT_EQ(html.find("@DATA@"), std::string::npos);
  EXPECT_EQ(html.find("@CSS@"), std::string::npos);
  EXPECT_EQ(html.find("</script><b>"), std::string::npos);
  for (const char* reference : {"src=", "<link rel=\"stylesheet", "@import", "url("})
    EXPECT_EQ(html.substr(0, html.find("<script")).find(reference), std::string::npos) << reference;
  const std::string begin = "id=\"report-data\">";
  const auto from = html.find(begin) + begin.size();
  const Json data = Json::parse(html.substr(from, html.find("</script>", from) - from));
  EXPECT_EQ(data["pareto"], inputs.data["pareto"]);
  EXPECT_EQ(data["title"], inputs.data["title"]);
}

}  // namespace
}  // namespace heat::traces
