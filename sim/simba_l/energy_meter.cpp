// Counts are integers; pJ appear only when the run is over, so that the sum of the parts is the total by construction.
#include "sim/simba_l/energy_meter.h"

namespace heat::simba {
namespace {

std::int64_t instances(const spec::ArchSpec& arch, spec::StaticPart part) {
  const std::int64_t pes = static_cast<std::int64_t>(arch.chiplets()) * arch.pes();
  switch (part) {
    case spec::StaticPart::kPe:
    case spec::StaticPart::kNocRouter:
      return pes;
    case spec::StaticPart::kGlobalBuffer:
    case spec::StaticPart::kVectorUnit:
    case spec::StaticPart::kNopRouter:
    case spec::StaticPart::kController:
      return arch.chiplets();
  }
  throw std::logic_error("unknown static part");
}

// Component a static part's energy is shown under.
const char* component_of_static(spec::StaticPart part) {
  switch (part) {
    case spec::StaticPart::kPe:
      return "pe";
    case spec::StaticPart::kGlobalBuffer:
      return "global_buffer";
    case spec::StaticPart::kVectorUnit:
      return "vector_unit";
    case spec::StaticPart::kNocRouter:
      return "noc";
    case spec::StaticPart::kNopRouter:
      return "nop";
    case spec::StaticPart::kController:
      return "controller";
  }
  throw std::logic_error("unknown static part");
}

}  // namespace

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
    const int node = n + 1 == counts_.size() ? -1 : static_cast<int>(n);
    for (int a = 0; a < spec::kActionCount; ++a) {
      const auto action = static_cast<spec::Action>(a);
      const std::int64_t count = counts_[n][static_cast<std::size_t>(a)];
      if (count == 0) continue;
      parts.push_back({spec::component_of(action), spec::action_name(action), node, count,
                       static_cast<double>(count) * table.pj(action)});
    }
    for (int p = 0; p < spec::kStaticPartCount && node_cycles[n] > 0; ++p) {
      const auto part = static_cast<spec::StaticPart>(p);
      const double ns = static_cast<double>(node_cycles[n]) / arch.clock_ghz;
      parts.push_back({component_of_static(part), "static", node, node_cycles[n],
                       table.static_mw(part) * static_cast<double>(instances(arch, part)) * ns});
    }
    const std::int64_t own = counts_[n][static_cast<std::size_t>(spec::Action::kDramByte)];
    if (own > 0)
      parts.push_back(
          {"dram", "dram_access", node, own, dram.access_pj * static_cast<double>(own) / static_cast<double>(bytes)});
    if (node_cycles[n] > 0)
      parts.push_back({"dram", "dram_background", node, node_cycles[n],
                       dram.background_pj * static_cast<double>(node_cycles[n]) / static_cast<double>(cycles)});
  }
  return parts;
}

}  // namespace heat::simba
