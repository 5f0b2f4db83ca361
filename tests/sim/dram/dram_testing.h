// What the DRAM tests share: configurations with changes, traffic, and replays whose commands are checked.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "base/atomic_file.h"
#include "sim/dram/checker.h"
#include "sim/dram/replay.h"
#include "spec/dram_spec.h"

namespace heat::dram::testing {

inline std::string config_path(const std::string& name) {
  return std::string(HEAT_SOURCE_DIR) + "/configs/dram/" + name;
}

// The text of configs/dram/<name> with each first occurrence of `from` replaced; a `from` that is absent fails the
// test.
inline std::string config_text(const std::string& name,
                               const std::vector<std::pair<std::string, std::string>>& changes) {
  std::string text = base::read_file(config_path(name));
  for (const auto& [from, to] : changes) {
    const std::size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    if (at != std::string::npos) text.replace(at, from.size(), to);
  }
  return text;
}

inline spec::DramSpec spec_of(const std::string& name,
                              const std::vector<std::pair<std::string, std::string>>& changes = {}) {
  return spec::parse_dram_spec(config_text(name, changes), config_path(name));
}

// A shipped configuration of one channel with two ranks in which every command of its standard can be issued, with
// per-bank or all-bank refresh.
inline spec::DramSpec everything(const std::string& name, bool per_bank) {
  const bool lpddr = name.rfind("lpddr", 0) == 0;
  const std::string rank_bit = name == "lpddr4-3200.yaml" ? "31" : name == "lpddr5-6400.yaml" ? "32" : "33";
  std::vector<std::pair<std::string, std::string>> changes = {
      {lpddr ? "mode: per_bank" : "mode: all_bank", per_bank ? "mode: per_bank" : "mode: all_bank"},
      {"page_policy: open", "page_policy: closed"},
      {"ranks: 1", "ranks: 2"},
      {"row: [", "rank: [" + rank_bit + "]\n  row: ["}};
  if (name == "lpddr5-6400.yaml" && !per_bank) changes.push_back({"banks: 2, ", ""});
  if (name == "hbm2.yaml") {
    changes.push_back({"tCMDCKE: 1", "tRTRS: 2, tCMDCKE: 1"});
    changes.push_back({"{after_idle_cycles: 0, self_refresh_after_idle_cycles: 0}",
                       "{after_idle_cycles: 100, self_refresh_after_idle_cycles: 10000}"});
  }
  return spec_of(name, changes);
}

// The fixed generator of all traffic below (Knuth's MMIX constants).
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  std::uint64_t below(std::uint64_t n) {
    state_ = state_ * 6364136223846793005ull + 1442695040888963407ull;
    return (state_ >> 33) % n;
  }

 private:
  std::uint64_t state_;
};

class Recorder : public CommandSink {
 public:
  explicit Recorder(int channel = 0) : channel_(channel) {}
  void on_command(Cycle t, spec::DramCommand command, const Place& place) override {
    records.push_back({t, channel_, command, place});
  }
  std::vector<CommandRecord> records;

 private:
  int channel_;
};

struct CheckedReplay {
  ReplayResult result;
  std::vector<CommandRecord> commands;
  CheckReport check;
};

// Replays a trace given as text on a one-channel configuration and checks its commands.
inline CheckedReplay replay(const spec::DramSpec& spec, const std::string& trace, const ReplayOptions& options = {}) {
  CheckedReplay r;
  TraceReader reader(memory_byte_source(trace.data(), trace.size()), "trace");
  Replay engine(spec);
  Recorder recorder;
  engine.set_command_sink(0, &recorder);
  r.result = engine.run(reader, options);
  CommandChecker checker(spec);
  std::int64_t line = 0;
  for (const CommandRecord& c : recorder.records) checker.add(c, ++line);
  r.check = checker.report();
  r.commands = std::move(recorder.records);
  return r;
}

inline std::string first_violation(const CheckReport& report) {
  return report.violations.empty() ? "" : report.violations.front().text();
}

inline std::string sequential(int requests, int write_every) {
  std::string text;
  char line[40];
  for (int i = 0; i < requests; ++i) {
    std::snprintf(line, sizeof line, "%c 0x%x\n", write_every > 0 && i % write_every == write_every - 1 ? 'W' : 'R',
                  i * 64);
    text += line;
  }
  return text;
}

}  // namespace heat::dram::testing
