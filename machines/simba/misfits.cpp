// Two limits: what the group keeps in a chiplet's global buffer, and what a tile takes of a PE's buffers.
#include "machines/simba/misfits.h"

#include "machines/simba/gb_layout.h"
#include "machines/simba/pe_tile_limits.h"

namespace heat::machines::simba {
namespace {

void gemm_misfits(const spec::Node& node, const spec::GemmMapping& m, const spec::ArchSpec& arch,
                  std::vector<std::string>& found) {
  const auto add = [&](const std::string& what, std::int64_t value, std::int64_t limit) {
    if (value > limit)
      found.push_back("node '" + node.name + "': " + what + " is " + std::to_string(value) + ", " + arch.name +
                      " has " + std::to_string(limit));
  };
  const spec::Extents& t = m.pe_tile;
  add("number of PEs", m.spatial.product(), arch.pes());
  const PeTileLimits limits(arch.pe);
  add("weight tile of a PE (bytes)", t.b * t.m * t.k, limits.weight_bytes);
  add("input tile of a PE (bytes)", t.b * t.n * t.k, limits.input_bytes);
  add("accumulation tile of a PE (entries)", t.b * t.m * t.n, limits.sums);
}

}  // namespace

std::vector<std::string> group_misfits(const spec::Workload& workload, const spec::FusedGroup& group,
                                       const spec::ArchSpec& arch) {
  std::vector<std::string> found;
  const std::int64_t bytes = gb_layout(workload, group, arch).total_bytes;
  if (bytes > arch.global_buffer.capacity.value())
    found.push_back("group '" + group.name + "': needs " + std::to_string(bytes) + " bytes of global buffer, " +
                    arch.name + " has " + std::to_string(arch.global_buffer.capacity.value()));
  if (group.chiplets > arch.chiplets())
    found.push_back("group '" + group.name + "': takes " + std::to_string(group.chiplets) + " chiplets, " + arch.name +
                    " has " + std::to_string(arch.chiplets()));
  for (const spec::PlannedNode& n : group.nodes) {
    const spec::Node& node = workload.nodes[n.node];
    if (node.gemm) gemm_misfits(node, n.mapping, arch, found);
  }
  return found;
}

std::vector<std::string> misfits(const spec::Schedule& schedule, const spec::ArchSpec& arch) {
  std::vector<std::string> found;
  if (schedule.plan.arch != arch.name)
    found.push_back("the schedule was made for '" + schedule.plan.arch + "', the architecture is '" + arch.name + "'");
  for (const spec::FusedGroup& g : schedule.plan.groups)
    for (std::string& misfit : group_misfits(schedule.workload, g, arch)) found.push_back(std::move(misfit));
  return found;
}

}  // namespace heat::machines::simba
