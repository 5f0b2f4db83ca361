// Runs and report_data of the size of a small BERT, made by code, so that every picture of a report has something to
// show.
#pragma once

#include <cmath>
#include <nlohmann/json.hpp>
#include <random>
#include <string>

#include "tests/traces/sample_run.h"

namespace heat::traces::testing {

// A run of `blocks` blocks of four layers on two chiplets of four PEs; `speed` divides times and energies.
inline void write_encoder_run(const std::string& path, const std::string& method, double speed, int blocks = 4) {
  RunInfo info = sample_info();
  info.method = method;
  info.network = "bert-small";
  Writer w(path, info, nlohmann::ordered_json::object());
  const char* const kLayers[] = {"attention.self.query", "attention.output.dense", "intermediate.dense",
                                 "output.dense"};
  std::int64_t now = 0;
  int id = 0;
  for (int block = 0; block < blocks; ++block) {
    for (int l = 0; l < 4; ++l, ++id) {
      const double size = (l < 2 ? 1.0 : 3.5) / speed;
      const auto cycles = static_cast<std::int64_t>(20000 * size);
      const std::string layer = "encoder.layer." + std::to_string(block) + "." + kLayers[l];
      const auto end = now + cycles;
      w.group({id, layer, now, end, static_cast<double>(cycles) * 0.9, 1e6});
      w.node({id, layer + "/0", layer, id, static_cast<std::int64_t>(cycles * 9000), cycles, 0,
              static_cast<double>(cycles) * 0.9, 9e6 * size, static_cast<std::int64_t>(6e5 * size * (1 + l)), 40000});
      w.energy({"pe", "mac", id, cycles * 9000, 4.1e7 * size});
      w.energy({"pe", "weight_buffer_read", id, cycles * 50, 1.3e7 * size});
      w.energy({"global_buffer", "global_buffer_read", id, cycles, 0.9e7 * size});
      w.energy({"noc", "noc_byte_hop", id, cycles, 0.6e7 * size});
      w.energy({"dram", "dram_byte", id, cycles, 2.2e7 * size * (1 + l % 2)});
      w.stall({id, "pe", l % 2 ? "weight_not_ready" : "input_not_ready", cycles / 6});
      w.stall({id, "dma.load", "dram_busy", cycles / (3 + l)});
      w.stall({id, "ppu", "gb_bank", cycles / 30});
      for (int chiplet = 0; chiplet < 2; ++chiplet) {
        w.interval(w.unit(chiplet, "dma.load"), now, now + cycles * (2 + l) / 8, "load", id);
        w.interval(w.unit(chiplet, "ppu"), end - cycles / 5, end, "drain", id);
        for (int pe = 0; pe < 4; ++pe) {
          const auto unit = w.unit(chiplet, "pe" + std::to_string(pe));
          w.interval(unit, now, now + cycles / 10, "stall", id);
          w.interval(unit, now + cycles / 10 + pe * 100, end - cycles / (4 + pe), "compute", id);
        }
      }
      for (int i = 0; i < 200; ++i) {
        DramTransactionRow t;
        t.address = (id * 300 + i) * 4096;
        t.bytes = 4096;
        t.is_write = i % 5 == 4;
        t.arrival_cycle = t.start_cycle = now + cycles * i / 500;
        t.finish_cycle = t.start_cycle + 40;
        t.row_result = i % 8 == 0 ? RowResult::kConflict : i % 50 == 1 ? RowResult::kMiss : RowResult::kHit;
        t.node = id;
        w.dram_transaction(t);
      }
      now = end;
    }
  }
  w.energy({"pe", "static", -1, now, 2e6 * static_cast<double>(blocks) / speed});
  w.finish({now});
}

inline nlohmann::ordered_json sample_pareto(std::mt19937& random, int count) {
  using Json = nlohmann::ordered_json;
  const auto uniform = [&] { return static_cast<double>(random()) / static_cast<double>(std::mt19937::max()); };
  Json points = Json::array();
  const char* const kMethods[] = {"cp", "tucker", "ttm"};
  for (int i = 0; i < count; ++i) {
    const double ratio = 0.05 + 0.9 * uniform(), quality = uniform();
    const double energy = 2e7 * (0.3 + ratio) * (1 + 2 * quality), latency = 4e4 * (0.25 + ratio) * (1 + 2 * uniform());
    const double error = std::max(0.02, 0.9 - 0.8 * std::pow(ratio, 0.6) + 0.15 * quality);
    points.push_back({{"method", kMethods[i % 3]},
                      {"shape", "24x32,48x64"},
                      {"rank", Json::array({1, 16 + i % 48, 1})},
                      {"ratio", ratio},
                      {"error", error},
                      {"energy_pj", energy},
                      {"latency_ns", latency},
                      {"edp_js", energy * latency * 1e-21},
                      {"params", static_cast<int>(589824 * ratio)},
                      {"on_front", quality < 0.06},
                      {"chosen", i == count / 2}});
    if (i == count / 2) points.back()["on_front"] = true;
  }
  return {{"points", points}};
}

inline nlohmann::ordered_json sample_report_data() {
  using Json = nlohmann::ordered_json;
  std::mt19937 random(11);
  const auto uniform = [&] { return static_cast<double>(random()) / static_cast<double>(std::mt19937::max()); };
  Json data{{"title", "HEAT report: bert-small </script><b>"}};  // text that must not become markup
  data["summary"] = {{"accuracy", {{"teacher", 0.934}, {"student", 0.921}}},
                     {"dense_edp_js", 3.4e-5},
                     {"student_edp_js", 6.1e-6},
                     {"rounds", 3}};
  data["pareto"] = sample_pareto(random, 600);
  Json calibration = Json::array(), generations = Json::array(), predictions = Json::array();
  for (int i = 0; i < 24; ++i) {
    const double cycles = 3000 * std::pow(1.4, i % 12), energy = cycles * 900;
    calibration.push_back({{"group", "group " + std::to_string(i)},
                           {"predicted_cycles_before", cycles * (0.6 + 0.3 * uniform())},
                           {"predicted_cycles_after", cycles * (0.96 + 0.08 * uniform())},
                           {"measured_cycles", cycles},
                           {"predicted_energy_pj_before", energy * (0.8 + 0.5 * uniform())},
                           {"predicted_energy_pj_after", energy * (0.97 + 0.06 * uniform())},
                           {"measured_energy_pj", energy}});
  }
  for (int g = 0; g < 30; ++g)
    generations.push_back({{"generation", g},
                           {"best", 0.0062 * (0.6 + 0.4 * std::exp(-g / 6.0))},
                           {"mean", 0.0070 * (0.62 + 0.38 * std::exp(-g / 9.0)) + 0.0002 * uniform()}});
  for (int i = 0; i < 120; ++i) {
    const double actual = 0.78 + 0.15 * uniform();
    predictions.push_back({{"predicted", actual + 0.02 * (uniform() - 0.5)}, {"actual", actual}});
  }
  data["calibration"] = {{"points", calibration}};
  data["search"] = {{"generations", generations},
                    {"baselines", Json::array({{{"name", "uniform ranks"}, {"objective", 0.0052}}})},
                    {"predictor", {{"points", predictions}, {"spearman", 0.972}}}};
  return data;
}

}  // namespace heat::traces::testing
