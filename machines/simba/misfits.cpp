// PE buffers are double-buffered: a tile gets half of each.
#include "machines/simba/misfits.h"

#include "machines/simba/gb_layout.h"

namespace heat::machines::simba {
namespace {

void gemm_misfits(const spec::Node& node, const spec::ArchSpec& arch, std::vector<std::string>& found) {
  const spec::GemmMapping& m = node.gemm->mapping;
  const auto add = [&](const std::string& what, std::int64_t value, std::int64_t limit) {
    if (value > limit)
      found.push_back("node '" + node.name + "': " + what + " is " + std::to_string(value) + ", " + arch.name +
                      " has " + std::to_string(limit));
  };
  const spec::Extents& t = m.pe_tile;
  add("number of PEs", m.spatial.product(), arch.pes());
  add("weight tile of a PE (bytes)", t.b * t.m * t.k, arch.pe.weight_buffer.capacity.value() / 2);
  add("input tile of a PE (bytes)", t.b * t.n * t.k, arch.pe.input_buffer.capacity.value() / 2);
  const std::int64_t entries = arch.pe.accumulation_buffer.capacity.value() * 8 / arch.pe.accumulator_bits / 2;
  add("accumulation tile of a PE (entries)", t.b * t.m * t.n, entries);
}

}  // namespace

std::vector<std::string> misfits(const spec::Schedule& schedule, const spec::ArchSpec& arch) {
  std::vector<std::string> found;
  if (schedule.arch != arch.name)
    found.push_back("the schedule was made for '" + schedule.arch + "', the architecture is '" + arch.name + "'");
  for (const spec::FusedGroup& g : schedule.groups) {
    const std::int64_t bytes = gb_layout(schedule, g, arch).total_bytes;
    if (bytes > arch.global_buffer.capacity.value())
      found.push_back("group '" + g.name + "': needs " + std::to_string(bytes) + " bytes of global buffer, " +
                      arch.name + " has " + std::to_string(arch.global_buffer.capacity.value()));
    for (int n : g.nodes)
      if (schedule.nodes[static_cast<std::size_t>(n)].gemm)
        gemm_misfits(schedule.nodes[static_cast<std::size_t>(n)], arch, found);
  }
  return found;
}

}  // namespace heat::machines::simba
