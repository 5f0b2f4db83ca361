// When time runs past the last bin, neighbours are joined and bins become twice as wide: the number of bins is bounded
// and nothing about the run's length has to be known.
#include "sim/simba_l/activity.h"

#include <algorithm>

namespace heat::simba {

Activity::Activity(bool enabled, int chiplets) : enabled_(enabled) {
  if (enabled) bins_.resize(kFlows.size() * static_cast<std::size_t>(chiplets + 1));
}

std::size_t Activity::series(spec::ChipletId chiplet, Flow flow) const {
  return static_cast<std::size_t>(chiplet.value + 1) * kFlows.size() + static_cast<std::size_t>(flow);
}

void Activity::halve() {
  bin_cycles_ *= 2;
  for (auto& bins : bins_) {
    if (bins.empty()) continue;
    for (std::size_t i = 0; i < kBins / 2; ++i) bins[i] = bins[2 * i] + bins[2 * i + 1];
    std::fill(bins.begin() + kBins / 2, bins.end(), 0.0);
  }
}

void Activity::spread(Flowed f) {
  if (flow_info(f.flow).of_package) f.chiplet = {};
  f.end = std::max(f.end, f.start + 1);
  if (log_) log_->push_back(f);
  while (f.end > bin_cycles_ * static_cast<std::int64_t>(kBins)) halve();
  auto& bins = bins_[series(f.chiplet, f.flow)];
  if (bins.empty()) bins.resize(kBins, 0.0);
  const double rate = f.amount / static_cast<double>(f.end - f.start);
  for (std::int64_t at = f.start; at < f.end;) {
    const std::int64_t bin = at / bin_cycles_, next = std::min(f.end, (bin + 1) * bin_cycles_);
    bins[static_cast<std::size_t>(bin)] += rate * static_cast<double>(next - at);
    at = next;
  }
}

std::vector<FlowSample> Activity::samples(std::int64_t end) const {
  std::vector<FlowSample> list;
  for (std::size_t s = 0; s < bins_.size(); ++s) {
    const auto& bins = bins_[s];
    FlowSample sample{spec::ChipletId(static_cast<std::int32_t>(s / kFlows.size()) - 1),
                      kFlows[s % kFlows.size()].value, 0, -1};
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
