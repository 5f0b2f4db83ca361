// When time runs past the last bin, neighbours are joined and bins become twice as wide: the number of bins is bounded
// and nothing about the run's length has to be known.
#include "sim/simba_l/activity.h"

#include <algorithm>
#include <stdexcept>

namespace heat::simba {

bool is_of_package(Flow flow) {
  return flow == Flow::kDramRead || flow == Flow::kDramWrite || flow == Flow::kDramOutstanding || flow == Flow::kNop;
}

const char* flow_unit(Flow flow) {
  switch (flow) {
    case Flow::kDramRead:
    case Flow::kDramWrite:
    case Flow::kDramOutstanding:
      return "dram";
    case Flow::kNop:
      return "nop";
    case Flow::kMac:
      return "pe";
    case Flow::kNoc:
      return "noc";
    case Flow::kQueued:
      return "controller";
  }
  throw std::logic_error("unknown flow");
}

const char* flow_name(Flow flow) {
  switch (flow) {
    case Flow::kDramRead:
      return "read_bytes_per_cycle";
    case Flow::kDramWrite:
      return "write_bytes_per_cycle";
    case Flow::kDramOutstanding:
      return "outstanding_bursts";
    case Flow::kNop:
    case Flow::kNoc:
      return "byte_hops_per_cycle";
    case Flow::kMac:
      return "macs_per_cycle";
    case Flow::kQueued:
      return "queued_commands";
  }
  throw std::logic_error("unknown flow");
}

Activity::Activity(bool enabled, int chiplets) : enabled_(enabled) {
  if (enabled) bins_.resize(static_cast<std::size_t>(kFlows) * static_cast<std::size_t>(chiplets + 1));
}

std::size_t Activity::series(int chiplet, Flow flow) const {
  return static_cast<std::size_t>(chiplet + 1) * kFlows + static_cast<std::size_t>(flow);
}

void Activity::halve() {
  bin_cycles_ *= 2;
  for (auto& bins : bins_) {
    if (bins.empty()) continue;
    for (std::size_t i = 0; i < kBins / 2; ++i) bins[i] = bins[2 * i] + bins[2 * i + 1];
    std::fill(bins.begin() + kBins / 2, bins.end(), 0.0);
  }
}

void Activity::add(int chiplet, Flow flow, std::int64_t start, std::int64_t end, double amount) {
  if (!enabled_ || amount == 0) return;
  if (is_of_package(flow)) chiplet = -1;
  end = std::max(end, start + 1);
  while (end > bin_cycles_ * static_cast<std::int64_t>(kBins)) halve();
  auto& bins = bins_[series(chiplet, flow)];
  if (bins.empty()) bins.resize(kBins, 0.0);
  const double rate = amount / static_cast<double>(end - start);
  for (std::int64_t at = start; at < end;) {
    const std::int64_t bin = at / bin_cycles_, next = std::min(end, (bin + 1) * bin_cycles_);
    bins[static_cast<std::size_t>(bin)] += rate * static_cast<double>(next - at);
    at = next;
  }
}

std::vector<FlowSample> Activity::samples(std::int64_t end) const {
  std::vector<FlowSample> list;
  for (std::size_t s = 0; s < bins_.size(); ++s) {
    const auto& bins = bins_[s];
    FlowSample sample{static_cast<int>(s / kFlows) - 1, static_cast<Flow>(s % kFlows), 0, -1};
    for (std::size_t b = 0; b < bins.size() && static_cast<std::int64_t>(b) * bin_cycles_ < end; ++b) {
      const std::int64_t from = static_cast<std::int64_t>(b) * bin_cycles_;
      const double value = bins[b] / static_cast<double>(std::min(bin_cycles_, end - from));
      if (value == sample.value) continue;
      sample.cycle = from;
      sample.value = value;
      list.push_back(sample);
    }
    if (sample.value > 0) list.push_back({sample.chiplet, sample.flow, end, 0});
  }
  return list;
}

}  // namespace heat::simba
