// Counts of every action the machine took, by node, and what they cost. Plain class.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "spec/arch_spec.h"
#include "spec/energy_table.h"

namespace heat::simba {

// One line of the account: `count` actions of a component on account of a node.
struct EnergyPart {
  spec::Component component = spec::Component::kPe;
  std::string action;  // spec::action_name, "static", "dram_access" or "dram_background"
  int node = 0;
  std::int64_t count = 0;
  double energy_pj = 0;
};

// Energy of the DRAM devices over a run.
struct DramEnergy {
  double access_pj = 0;      // activations, reads and writes
  double background_pj = 0;  // standby, power-down and refresh: what time costs
};

class EnergyMeter {
 public:
  explicit EnergyMeter(std::size_t nodes) : counts_(nodes), read_bytes_(nodes), write_bytes_(nodes) {}

  void add(int node, spec::Action action, std::int64_t count) {
    counts_[slot(node)][static_cast<std::size_t>(action)] += count;
  }
  void add_dram(int node, bool write, std::int64_t bytes) {
    (write ? write_bytes_ : read_bytes_)[slot(node)] += bytes;
    add(node, spec::Action::kDramByte, bytes);
  }
  std::int64_t count(int node, spec::Action action) const {
    return counts_[slot(node)][static_cast<std::size_t>(action)];
  }
  std::int64_t total(spec::Action action) const;
  std::int64_t dram_read_bytes(int node) const { return read_bytes_[slot(node)]; }
  std::int64_t dram_write_bytes(int node) const { return write_bytes_[slot(node)]; }

  // The whole account. Static power is charged over `node_cycles`, so is the DRAM's background energy; its access
  // energy is shared out by DRAM bytes.
  std::vector<EnergyPart> parts(const spec::ArchSpec& arch, const spec::EnergyTable& table,
                                const std::vector<std::int64_t>& node_cycles, const DramEnergy& dram) const;

 private:
  static std::size_t slot(int node) { return static_cast<std::size_t>(node); }
  std::vector<std::array<std::int64_t, spec::kActionCount>> counts_;
  std::vector<std::int64_t> read_bytes_, write_bytes_;
};

}  // namespace heat::simba
