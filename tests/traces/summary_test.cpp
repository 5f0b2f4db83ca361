// Summary and diff on the sample run, whose figures are worked out by hand here; the text against a golden.
#include "traces/summary.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/atomic_file.h"
#include "tests/traces/sample_run.h"
#include "traces/diff.h"
#include "traces/text_table.h"

namespace heat::traces {
namespace {

using testing::TemporaryFolder;
using testing::write_sample_run;

Summary sample_summary(const TemporaryFolder& folder, double energy_scale = 1.0) {
  write_sample_run(folder.file("run.sqlite"), energy_scale);
  return summarize(Reader(folder.file("run.sqlite")));
}

TEST(Summary, ComponentsLayersAndNodesSumToTheRun) {
  TemporaryFolder folder;
  const Summary s = sample_summary(folder);
  double components = 0, layers = s.elsewhere.energy_pj, nodes = s.elsewhere.energy_pj, actions = 0;
  for (const auto& [name, pj] : s.energy_by_component_pj) components += pj;
  for (const auto& l : s.layers) layers += l.energy_pj;
  for (const auto& n : s.nodes) nodes += n.energy_pj;
  for (const auto& a : s.energy_by_action) actions += a.energy_pj;
  EXPECT_DOUBLE_EQ(s.run.energy_pj, 6000 + 1500.5 + 900.25 + 700.125 + 512 + 250);
  EXPECT_DOUBLE_EQ(components, s.run.energy_pj);
  EXPECT_DOUBLE_EQ(layers, s.run.energy_pj);
  EXPECT_DOUBLE_EQ(nodes, s.run.energy_pj);
  EXPECT_DOUBLE_EQ(actions, s.run.energy_pj);
}

TEST(Summary, LayersKeepTheOrderOfTheScheduleAndSumTheirNodes) {
  TemporaryFolder folder;
  const Summary s = sample_summary(folder);
  ASSERT_EQ(s.layers.size(), 2u);
  EXPECT_EQ(s.layers[0].name, "layer.0");
  EXPECT_EQ(s.layers[0].cycles, 700);
  EXPECT_EQ(s.layers[0].macs, 5000000);
  EXPECT_EQ(s.layers[0].dram_bytes, 32768 + 16384 + 4096);
  EXPECT_DOUBLE_EQ(s.layers[0].energy_by_component_pj.at("pe"), 5000);
  EXPECT_DOUBLE_EQ(s.layers[0].predicted_cycles, 650);
}

TEST(Summary, StallsComeWithMostCyclesFirstAndTheirWorstNode) {
  TemporaryFolder folder;
  const Summary s = sample_summary(folder);
  ASSERT_EQ(s.stalls.size(), 3u);
  EXPECT_EQ(s.stalls[0].engine, "dma.load");
  EXPECT_EQ(s.stalls[0].cycles, 120);
  EXPECT_EQ(s.stalls[0].worst_node, "layer.1/0");
}

TEST(Summary, BusyTimeIsTheUnionOfIntervalsWithoutWaiting) {
  TemporaryFolder folder;
  {
    Writer w(folder.file("u.sqlite"), testing::sample_info(), nlohmann::ordered_json::object());
    const auto pe0 = w.unit(0, "pe0"), pe1 = w.unit(0, "pe1");
    w.interval(pe0, 0, 40, "compute");
    w.interval(pe0, 10, 30, "fill");     // inside the first
    w.interval(pe0, 30, 60, "compute");  // overlaps it: the union is [0, 60)
    w.interval(pe0, 60, 90, "stall");
    w.interval(pe1, 0, 20, "compute");
    w.counter(w.unit(0, "noc"), "byte_hops_per_cycle", 0, 3);  // no interval: not a unit that could be busy
    w.finish({100});
  }
  const Summary s = summarize(Reader(folder.file("u.sqlite")));
  ASSERT_EQ(s.units.size(), 1u);
  EXPECT_EQ(s.units[0].kind, "pe");
  EXPECT_EQ(s.units[0].units, 2);
  EXPECT_DOUBLE_EQ(s.units[0].max_busy, 0.6);
  EXPECT_DOUBLE_EQ(s.units[0].mean_busy, 0.4);
  EXPECT_EQ(s.units[0].busiest, "chiplet 0 pe0");
}

TEST(Summary, TextEqualsTheGolden) {
  TemporaryFolder folder;
  Summary s = sample_summary(folder);
  s.file = "run.sqlite";
  const std::string golden = std::string(HEAT_SOURCE_DIR) + "/tests/golden/traces/sample_summary.txt";
  if (std::getenv("HEAT_REGENERATE_GOLDEN")) base::write_file_atomically(golden, to_text(s, 2));
  EXPECT_EQ(to_text(s, 2), base::read_file(golden));
}

TEST(Summary, JsonHoldsWhatTheTextShows) {
  TemporaryFolder folder;
  const auto json = to_json(sample_summary(folder));
  EXPECT_EQ(json["cycles"], 1000);
  EXPECT_DOUBLE_EQ(json["edp_js"], 9862.875e-12 * 1000e-9);
  EXPECT_EQ(json["floor"]["bound"], "macs");
  EXPECT_DOUBLE_EQ(json["floor"]["distance"], 1000 / (6000000 / 16384.0));
  EXPECT_EQ(json["resources"][1]["kind"], "dram_port");
  EXPECT_DOUBLE_EQ(json["resources"][1]["share"], 0.18);
  EXPECT_EQ(json["nodes"].size(), 3u);
  EXPECT_EQ(json["stalls"][0]["reason"], "dram_busy");
  EXPECT_DOUBLE_EQ(json["energy_of_no_node_pj"], 250);
  EXPECT_DOUBLE_EQ(json["energy_of_no_node_by_component_pj"]["pe"], 250);
  EXPECT_DOUBLE_EQ(json["nodes"][1]["energy_by_component_pj"]["global_buffer"], 512);
}

TEST(Diff, RunAgainstItselfIsEmpty) {
  TemporaryFolder folder;
  const Summary s = sample_summary(folder);
  const Diff d = diff(s, s, DiffOrder::kEnergy);
  EXPECT_TRUE(d.identical());
  EXPECT_NE(to_text(d, 0).find("No differences"), std::string::npos);
  EXPECT_TRUE(to_json(d)["nodes"].empty());
}

TEST(Diff, OneChangedNodeShowsInItsNodeLayerAndComponentOnly) {
  TemporaryFolder folder;
  const Summary a = sample_summary(folder), b = sample_summary(folder, 1.5);
  const Diff d = diff(a, b, DiffOrder::kEnergy);
  ASSERT_EQ(d.nodes.size(), 1u);
  EXPECT_EQ(d.nodes[0].name, "layer.0/0");
  EXPECT_DOUBLE_EQ(d.nodes[0].energy_b_pj - d.nodes[0].energy_a_pj, 1000);
  ASSERT_EQ(d.layers.size(), 1u);
  EXPECT_EQ(d.layers[0].name, "layer.0");
  ASSERT_EQ(d.components.size(), 1u);
  EXPECT_EQ(d.components[0].name, "pe");
}

TEST(Diff, LinesComeWithTheLargestChangeFirstInTheOrderAskedFor) {
  Summary a, b;
  const auto line = [](const char* name, std::int64_t cycles, double energy_pj) {
    CostLine l;
    l.name = name;
    l.cycles = cycles;
    l.energy_pj = energy_pj;
    return l;
  };
  a.nodes = {line("x", 100, 5), line("y", 100, 5), line("gone", 1, 1)};
  b.nodes = {line("x", 110, 50), line("y", 50, 6)};
  const auto by_energy = diff(a, b, DiffOrder::kEnergy).nodes;
  ASSERT_EQ(by_energy.size(), 3u);
  EXPECT_EQ(by_energy[0].name, "x");
  const auto by_cycles = diff(a, b, DiffOrder::kCycles).nodes;
  EXPECT_EQ(by_cycles[0].name, "y");
  EXPECT_EQ(by_cycles[2].name, "gone");
  EXPECT_TRUE(by_cycles[2].in_a);
  EXPECT_FALSE(by_cycles[2].in_b);
}

TEST(TextTable, NumbersAlignRightWordsLeftWithoutTrailingSpaces) {
  TextTable table({{"name", TextTable::Align::kLeft}, {"n"}, {"note", TextTable::Align::kLeft}});
  table.add({"a", "1,000", ""});
  table.add({"longer", "7", "x"});
  EXPECT_EQ(table.render(1), " name        n  note\n a       1,000\n longer      7  x\n");
}

TEST(TextTable, NumbersAreWrittenForPeople) {
  EXPECT_EQ(with_separators(-1234567), "-1,234,567");
  EXPECT_EQ(with_separators(999), "999");
  EXPECT_EQ(with_prefix(1.2344e-6, "J"), "1.234 uJ");
  EXPECT_EQ(with_prefix(0, "J"), "0 J");
  EXPECT_EQ(change(100, 112.34), "+12.3%");
  EXPECT_EQ(change(0, 5), "-");
}

}  // namespace
}  // namespace heat::traces
