// Counts are integers; pJ appear only when the run is over, so that the sum of the parts is the total by construction.
#include "sim/simba_l/energy_meter.h"

#include "machines/simba/units.h"

namespace heat::simba {

std::int64_t EnergyMeter::total(spec::Action action) const {
  std::int64_t sum = 0;
  for (const auto& c : counts_) sum += c[static_cast<std::size_t>(action)];
  return sum;
}

std::vector<EnergyPart> EnergyMeter::parts(const spec::ArchSpec& arch, const spec::EnergyTable& table,
                                           const std::vector<std::int64_t>& node_cycles, const DramEnergy& dram) const {
  std::vector<EnergyPart> parts;
  std::int64_t cycles = 0, bytes = total(spec::Action::kDramByte);
  for (std::int64_t c : node_cycles) cycles += c;
  for (std::size_t n = 0; n < counts_.size(); ++n) {
    const int node = static_cast<int>(n);
    for (const spec::ActionInfo& a : spec::kActions) {
      const std::int64_t count = counts_[n][static_cast<std::size_t>(a.value)];
      if (count == 0) continue;
      parts.push_back({a.component, a.name, node, count, static_cast<double>(count) * table.pj(a.value)});
    }
    const double ns = static_cast<double>(node_cycles[n]) / arch.clock_ghz;
    for (const spec::StaticPartInfo& p : spec::kStaticParts) {
      if (node_cycles[n] == 0) break;
      const auto copies = static_cast<double>(machines::simba::instances(arch, p.value));
      parts.push_back({p.component, "static", node, node_cycles[n], table.static_mw(p.value) * copies * ns});
    }
    const std::int64_t own = counts_[n][static_cast<std::size_t>(spec::Action::kDramByte)];
    if (own > 0)
      parts.push_back({spec::Component::kDram, "dram_access", node, own,
                       dram.access_pj * static_cast<double>(own) / static_cast<double>(bytes)});
    if (node_cycles[n] > 0)
      parts.push_back({spec::Component::kDram, "dram_background", node, node_cycles[n],
                       dram.background_pj * static_cast<double>(node_cycles[n]) / static_cast<double>(cycles)});
  }
  return parts;
}

}  // namespace heat::simba
