// What flowed how fast over a run: amounts added up in equal bins of time, so that a run of any length leaves a bounded
// number of samples. Plain class.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace heat::simba {

// Of the package (chiplet -1) or of each chiplet.
enum class Flow { kDramRead, kDramWrite, kDramOutstanding, kNop, kMac, kNoc, kQueued };
constexpr int kFlows = 7;
bool is_of_package(Flow flow);
const char* flow_unit(Flow flow);  // "dram", "nop", "pe", "noc", "controller"
const char* flow_name(Flow flow);  // "read_bytes_per_cycle", ..., "outstanding_bursts", "queued_commands"

struct FlowSample {
  int chiplet = -1;
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
  void add(int chiplet, Flow flow, std::int64_t start, std::int64_t end, double amount);
  // Samples up to the run's end, a series after the other; equal neighbours are one.
  std::vector<FlowSample> samples(std::int64_t end) const;
  std::int64_t bin_cycles() const { return bin_cycles_; }

 private:
  std::size_t series(int chiplet, Flow flow) const;
  void halve();

  bool enabled_;
  std::int64_t bin_cycles_ = 1;
  std::vector<std::vector<double>> bins_;  // per series; all are kBins long once used
};

}  // namespace heat::simba
