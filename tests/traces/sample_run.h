// A small run, made by code: two nodes of one layer and one of another, on two chiplets, 1000 cycles.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "traces/writer.h"

namespace heat::traces::testing {

inline RunInfo sample_info() {
  RunInfo info;
  info.program = "simba-sim";
  info.version = "0.1.0";
  info.seed = 7;
  info.schedule = "sample.json";
  info.network = "sample";
  info.method = "tucker";
  info.arch = "simba-l";
  info.clock_ghz = 1;
  info.peak_macs_per_cycle = 16384;
  info.dram_peak_bytes_per_cycle = 256;
  return info;
}

inline void write_sample_nodes(Writer& w, double energy_scale) {
  w.group({0, "layer.0", 0, 700, 650, 9000});
  w.group({1, "layer.1", 720, 1000, 300, 4000});
  w.node({0, "layer.0/0", "layer.0", 0, 2000000, 300, 0, 280, 4500, 32768, 0});
  w.node({1, "layer.0/1", "layer.0", 0, 3000000, 400, 0, 370, 4500, 16384, 4096});
  w.node({2, "layer.1/0", "layer.1", 1, 1000000, 280, 0, 300, 4000, 8192, 8192});
  w.tensor({0, "layer.0.weight", 0, 32768});
  w.tensor({1, "hidden", -1, 4096});
  w.energy({"pe", "mac", 0, 2000000, 2000.0 * energy_scale});
  w.energy({"pe", "mac", 1, 3000000, 3000.0});
  w.energy({"pe", "mac", 2, 1000000, 1000.0});
  w.energy({"dram", "dram_byte", 0, 32768, 1500.5});
  w.energy({"dram", "dram_byte", 1, 20480, 900.25});
  w.energy({"dram", "dram_byte", 2, 16384, 700.125});
  w.energy({"global_buffer", "global_buffer_read", 1, 1024, 512.0});
  w.energy({"pe", "static", -1, 1000, 250.0});
  w.floor_term({"macs", 6000000, 16384});
  w.floor_term({"weight_bytes", 32768, 100});
  w.resource({"mac_array", "chiplet0.pe0", 600});
  w.resource({"dram_port", "dram_port", 180});
  w.stall({0, "pe", "input_not_ready", 90});
  w.stall({1, "pe", "weight_not_ready", 60});
  w.stall({2, "dma.load", "dram_busy", 120});
}

inline void write_sample_activity(Writer& w) {
  const auto pe0 = w.unit(0, "pe0");
  const auto pe1 = w.unit(1, "pe0");
  const auto load = w.unit(0, "dma.load");
  const auto channel = w.unit(-1, "dram.channel0");
  w.interval(load, 0, 100, "load", 0);
  w.interval(pe0, 100, 300, "compute", 0);
  w.interval(pe1, 110, 310, "compute", 0);
  w.interval(pe0, 300, 700, "compute", 1);
  w.interval(pe1, 320, 690, "compute", 1);
  w.interval(load, 720, 800, "load", 2);
  w.interval(pe0, 800, 1000, "compute", 2);
  w.interval(pe0, 700, 720, "barrier");
  w.interval(channel, 5, 95, "busy");
  w.counter(load, "queue_commands", 0, 2);
  w.counter(load, "queue_commands", 100, 0);
}

inline void write_sample_transactions(Writer& w) {
  for (int i = 0; i < 8; ++i) {
    DramTransactionRow t;
    t.address = i * 64;
    t.bytes = 64;
    t.is_write = i % 4 == 3;
    t.arrival_cycle = i * 10;
    t.start_cycle = i * 10 + 2;
    t.finish_cycle = i * 10 + 40;
    t.row_result = i == 0 ? RowResult::kMiss : i == 5 ? RowResult::kConflict : RowResult::kHit;
    t.channel = i % 2;
    t.bank_group = 1;
    t.bank = 3;
    t.row = 17;
    t.node = 0;
    t.tensor = i % 4 == 3 ? -1 : 0;
    w.dram_transaction(t);
  }
}

// energy_scale multiplies the MAC energy of node 0, so that two runs differ.
inline void write_sample_run(const std::string& path, double energy_scale = 1.0, std::int64_t cycles = 1000) {
  Writer w(path, sample_info(), nlohmann::ordered_json{{"arch", {{"name", "simba-l"}, {"clock_ghz", 1}}}});
  write_sample_nodes(w, energy_scale);
  write_sample_activity(w);
  write_sample_transactions(w);
  w.finish({cycles});
}

// A fresh folder for one test case, removed with the object.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "heat-traces-XXXXXX").string();
    if (!::mkdtemp(pattern.data())) throw std::runtime_error("mkdtemp failed");
    path_ = pattern;
  }
  ~TemporaryFolder() {
    std::error_code ec;
    std::filesystem::remove_all(path_, ec);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  std::string file(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

}  // namespace heat::traces::testing
