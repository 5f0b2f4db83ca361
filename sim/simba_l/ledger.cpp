// An entry begins where the unit's last one ended: what is handed in twice counts once, and nothing falls between two.
#include "sim/simba_l/ledger.h"

#include <numeric>
#include <stdexcept>
#include <string>

namespace heat::simba {

const char* work_kind_name(WorkKind kind) {
  switch (kind) {
    case WorkKind::kRead:
      return "read";
    case WorkKind::kReadMulticast:
      return "read.multicast";
    case WorkKind::kFill:
      return "fill";
    case WorkKind::kFillMulticast:
      return "fill.multicast";
    case WorkKind::kCompute:
      return "compute";
    case WorkKind::kDrain:
      return "drain";
    case WorkKind::kDrainActivation:
      return "drain.activation";
    case WorkKind::kSoftmax:
      return "softmax";
    case WorkKind::kLayerNorm:
      return "layer_norm";
    case WorkKind::kReduce:
      return "reduce";
    case WorkKind::kWrite:
      return "write";
    case WorkKind::kSignal:
      return "signal";
    case WorkKind::kIssue:
      return "issue";
    case WorkKind::kStall:
      return "stall";
  }
  throw std::logic_error("unknown kind of work");
}

Ledger::Ledger(std::size_t nodes, int chiplets)
    : units_(static_cast<std::size_t>(chiplets) * kUnits), nodes_(nodes + 1) {}

std::int64_t Ledger::add(const UnitId& unit, int node, Wait wait, std::int64_t until) {
  Account& account = units_[slot(unit)];
  if (until <= account.until) return until;
  const std::int64_t since = account.until, cycles = until - since;
  account.until = until;
  account.cycles[column(wait)] += cycles;
  nodes_[node_slot(node)][static_cast<std::size_t>(unit.unit)][column(wait)] += cycles;
  return since;
}

void Ledger::check(std::int64_t cycles) const {
  std::array<std::int64_t, kUnits> of_units{}, of_nodes{};
  for (std::size_t i = 0; i < units_.size(); ++i) {
    const UnitId unit{spec::ChipletId(static_cast<std::int32_t>(i / kUnits)), static_cast<int>(i % kUnits)};
    const std::int64_t sum = std::accumulate(units_[i].cycles.begin(), units_[i].cycles.end(), std::int64_t{0});
    of_units[i % kUnits] += sum;
    if (sum != cycles)
      throw std::logic_error("the ledger of " + std::string(unit_name(unit.unit)) + " of chiplet " +
                             std::to_string(unit.chiplet.value) + " has " + std::to_string(sum) + " cycles, the run " +
                             std::to_string(cycles));
  }
  for (const auto& node : nodes_)
    for (std::size_t u = 0; u < node.size(); ++u)
      of_nodes[u] = std::accumulate(node[u].begin(), node[u].end(), of_nodes[u]);
  if (of_nodes != of_units) throw std::logic_error("the ledgers of the nodes are not those of the chiplets");
}

NodeClock::NodeClock(const std::vector<std::vector<int>>& groups) {
  std::size_t nodes = 0;
  for (const std::vector<int>& g : groups) nodes += g.size();
  place_.resize(nodes);
  for (const std::vector<int>& g : groups) {
    for (std::size_t p = 0; p < g.size(); ++p) place_[static_cast<std::size_t>(g[p])] = {groups_.size(), p};
    groups_.push_back({g, {}});
  }
}

NodeClock::Account NodeClock::account() const {
  Account account;
  account.node_cycles.assign(place_.size(), 0);
  std::int64_t before = 0;
  for (const Group& g : groups_) {
    for (std::size_t i = 0; i < g.last.size(); ++i) {
      const std::int64_t after = std::max(before, g.last[i]);
      account.node_cycles[static_cast<std::size_t>(g.nodes[i % g.nodes.size()])] += after - before;
      before = after;
    }
    account.group_end.push_back(before);
  }
  return account;
}

}  // namespace heat::simba
