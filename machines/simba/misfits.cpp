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

// Homes beyond the buffer, between its words or over each other while both hold something.
std::vector<std::string> home_misfits(const spec::Schedule& schedule, const spec::ArchSpec& arch) {
  std::vector<std::string> found;
  const spec::Workload& w = schedule.workload;
  const auto lives = spec::lifetimes(w, schedule.plan);
  const auto about = [&](const spec::Home& h) { return "tensor '" + w.tensors[h.tensor].name + "': its home "; };
  const auto text = [](const GbRange& r) {
    return "at bytes " + std::to_string(r.offset) + " to " + std::to_string(r.offset + r.bytes);
  };
  const std::vector<spec::Home>& homes = schedule.plan.homes;
  for (std::size_t i = 0; i < homes.size(); ++i) {
    const spec::Home& h = homes[i];
    if (h.chiplets > arch.chiplets()) {
      found.push_back(about(h) + "takes " + std::to_string(h.chiplets) + " chiplets, " + arch.name + " has " +
                      std::to_string(arch.chiplets()));
      continue;
    }
    const GbRange range = home_range(w, h, arch);
    if (range.offset % arch.global_buffer.word_bytes != 0)
      found.push_back(about(h) + text(range) + " does not begin at a multiple of " +
                      std::to_string(arch.global_buffer.word_bytes) + ", the bytes of an access");
    if (range.offset + range.bytes > arch.global_buffer.capacity.value())
      found.push_back(about(h) + text(range) + " reaches beyond the global buffer of " +
                      std::to_string(arch.global_buffer.capacity.value()));
    for (std::size_t j = 0; j < i; ++j) {
      const GbRange other = home_range(w, homes[j], arch);
      if (range.offset < other.offset + other.bytes && other.offset < range.offset + range.bytes &&
          lives[h.tensor].meets(lives[homes[j].tensor]))
        found.push_back(about(h) + text(range) + " overlaps that of tensor '" + w.tensors[homes[j].tensor].name + "' " +
                        text(other) + ", while both hold something");
    }
  }
  return found;
}

}  // namespace

std::vector<std::string> group_misfits(const spec::Workload& workload, const spec::FusedGroup& group,
                                       const spec::ArchSpec& arch) {
  std::vector<std::string> found;
  const GbLayout layout = gb_layout(workload, group, arch);
  const std::int64_t capacity = arch.global_buffer.capacity.value();
  if (!layout.fits())
    found.push_back("group '" + group.name + "': needs " + std::to_string(layout.total_bytes) +
                    " bytes of global buffer, " + arch.name + " has " + std::to_string(capacity) +
                    (group.homes.empty() ? ""
                                         : ", of them " + std::to_string(layout.room.bytes) +
                                               " in the largest room between tensors at home there"));
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
  for (std::string& misfit : home_misfits(schedule, arch)) found.push_back(std::move(misfit));
  for (const spec::FusedGroup& g : schedule.plan.groups)
    for (std::string& misfit : group_misfits(schedule.workload, g, arch)) found.push_back(std::move(misfit));
  return found;
}

}  // namespace heat::machines::simba
