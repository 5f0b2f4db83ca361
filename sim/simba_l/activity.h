// What flowed how fast over a run: amounts added up in equal bins of time, so that a run of any length leaves a bounded
// number of samples. Plain class.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "base/enum_table.h"
#include "spec/energy_table.h"
#include "spec/ids.h"

namespace heat::simba {

enum class Flow { kDramRead, kDramWrite, kDramOutstanding, kNop, kMac, kNoc, kQueued };

struct FlowInfo {
  Flow value;
  spec::Component component;  // its name is the counter's unit in the run database
  const char* name;
  bool of_package;  // one for the package (no chiplet), else one a chiplet
};
constexpr std::array<FlowInfo, 7> kFlows{{{Flow::kDramRead, spec::Component::kDram, "read_bytes_per_cycle", true},
                                          {Flow::kDramWrite, spec::Component::kDram, "write_bytes_per_cycle", true},
                                          {Flow::kDramOutstanding, spec::Component::kDram, "outstanding_bursts", true},
                                          {Flow::kNop, spec::Component::kNop, "byte_hops_per_cycle", true},
                                          {Flow::kMac, spec::Component::kPe, "macs_per_cycle", false},
                                          {Flow::kNoc, spec::Component::kNoc, "byte_hops_per_cycle", false},
                                          {Flow::kQueued, spec::Component::kController, "queued_commands", false}}};
static_assert(base::in_enum_order(kFlows));
constexpr const FlowInfo& flow_info(Flow flow) {
  return base::entry_of(kFlows, flow);
}

// One call of Activity::add().
struct Flowed {
  spec::ChipletId chiplet;
  Flow flow = Flow::kDramRead;
  int unit = -1;  // the engine of a queue, else -1
  std::int64_t start = 0, end = 0;
  double amount = 0;
};

struct FlowSample {
  spec::ChipletId chiplet;
  Flow flow = Flow::kDramRead;
  std::int64_t cycle = 0;
  double value = 0;  // mean from `cycle` to the next sample of the same flow
};

class Activity {
 public:
  static constexpr std::size_t kBins = 512;

  // enabled false: nothing is kept.
  Activity(bool enabled, int chiplets);
  // `amount` flowed evenly over [start, end); all of it at `start` when the interval is empty. For the flows that count
  // things under way, `amount` is the time that one of them was.
  void add(spec::ChipletId chiplet, Flow flow, std::int64_t start, std::int64_t end, double amount, int unit = -1) {
    if (enabled_ && amount != 0) spread({chiplet, flow, unit, start, end, amount});
  }
  // Everything added from now on is appended to it as well, with `end` after `start`.
  void keep(std::vector<Flowed>& log) { log_ = &log; }
  // Samples up to the run's end, a series after the other; equal neighbours are one.
  std::vector<FlowSample> samples(std::int64_t end) const;
  std::int64_t bin_cycles() const { return bin_cycles_; }

 private:
  void spread(Flowed flowed);
  std::size_t series(spec::ChipletId chiplet, Flow flow) const;
  void halve();

  bool enabled_;
  std::vector<Flowed>* log_ = nullptr;
  std::int64_t bin_cycles_ = 1;
  std::vector<std::vector<double>> bins_;  // per series; all are kBins long once used
};

}  // namespace heat::simba
