// Joint loads follow private ones; ports, links and engines work side by side.
#include "offline/certificate/transfers.h"

#include <algorithm>

namespace heat::offline::certificate {
namespace {

double at(const std::vector<double>& list, int count) {
  return list[static_cast<std::size_t>(count)];
}

}  // namespace

Transfers::Transfers(const ChipBound::Work& full, const ChipBound::Work& rest, const OperandFacts& weight,
                     const OperandFacts& input, const Sharing& sharing, const MachineFacts& facts)
    : sharing_(sharing), facts_(facts) {
  load(full, rest, weight, input, true);
  load(full, rest, weight, input, false);
  hop(false, full.store, rest.store);
  stored_ = sharing.full * full.store;
  storing_ = full.store * at(facts.ways.busiest, sharing.full);
  dram_ = loaded_ + stored_ + rest.store;
}

// The farther chiplet has less.
void Transfers::hop(bool shared, double of_full, double of_rest) {
  const std::vector<double>& links = shared ? facts_.ways.tree : facts_.ways.hops;
  byte_hops_ += of_full * at(links, sharing_.full) + of_rest * (at(links, sharing_.all) - at(links, sharing_.full));
}

void Transfers::load(const ChipBound::Work& full, const ChipBound::Work& rest, const OperandFacts& weight,
                     const OperandFacts& input, bool shared) {
  const spec::ArchSpec& arch = facts_.machine.arch;
  const machines::Calibration& cal = facts_.machine.calibration;
  const double packets = shared ? 1 : at(facts_.ways.busiest, sharing_.full);
  double bytes = 0, over_link = 0, requests = 0, commands = 0;
  const auto add = [&](const OperandFacts& o, double of_full, double of_rest, double loads) {
    if (o.pinned || o.shared != shared) return;
    hop(shared, of_full, of_rest);
    bytes += shared ? of_full : sharing_.full * of_full + of_rest;
    over_link += of_full * packets;
    requests += std::max(facts_.requests(of_full), loads);
    commands += loads;
    least_packets_ = std::min(least_packets_, packets / (shared ? 1 : sharing_.all));
  };
  add(weight, full.weight, rest.weight, full.weight_loads);
  add(input, full.input, rest.input, full.input_loads);
  loaded_ += bytes;
  loading_ += over_link;
  load_cycles_ +=
      std::max({facts_.port_cycles(bytes),
                over_link / arch.nop.link_bytes_per_cycle + facts_.requests(over_link) * cal.dram_request_cycles,
                requests * facts_.load_latency(sharing_.all) / arch.dma.outstanding_bursts +
                    commands * (arch.dma.setup_cycles + cal.load_overhead_cycles)});
}

double Transfers::cycles() const {
  const double link = facts_.machine.arch.nop.link_bytes_per_cycle;
  return std::max({facts_.port_cycles(dram_), loading_ / link, storing_ / link, load_cycles_});
}

double Transfers::first(double bytes, bool only) const {
  if (loaded_ == 0) return 0;
  const double link = facts_.machine.arch.nop.link_bytes_per_cycle, latency = facts_.load_latency(sharing_.all);
  if (only) return std::max(std::max(facts_.port_cycles(loaded_), loading_ / link) + latency, load_cycles_);
  return std::max(facts_.port_cycles(bytes), bytes * least_packets_ / link) + latency;
}

double Transfers::last(double stores) const {
  const double link = facts_.machine.arch.nop.link_bytes_per_cycle;
  return std::max(facts_.port_cycles(stored_), storing_ / link) / stores + facts_.store_latency(sharing_.all);
}

}  // namespace heat::offline::certificate
