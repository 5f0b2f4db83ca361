// Where time and energy of a run went: by component, layer and node; stalls; how busy the units were.
#pragma once

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "traces/reader.h"

namespace heat::traces {

// Cost of a node or, summed over its nodes, of a layer.
struct CostLine {
  std::string name;
  std::int64_t macs = 0;
  std::int64_t cycles = 0;
  double energy_pj = 0;
  double predicted_cycles = 0;
  double predicted_energy_pj = 0;
  std::int64_t dram_bytes = 0;
  std::map<std::string, double> energy_by_component_pj;
};

// Stalls of one engine for one reason, over all nodes.
struct StallLine {
  std::string engine;
  std::string reason;
  std::int64_t cycles = 0;
  std::string worst_node;  // the node with most of them; empty: none
  std::int64_t worst_node_cycles = 0;
};

// What the time of all units of an engine's kind went to: "work" first, then what they waited for, most cycles first, and
// "unaccounted" where that leaves time over.
struct LedgerLine {
  std::string engine;
  std::string spent;
  std::int64_t cycles = 0;
  double share = 0;  // of the run's cycles times the units
};

// Units of one kind ("pe" for pe0, pe1, ... of all chiplets).
struct UnitLine {
  std::string kind;
  int units = 0;
  double mean_busy = 0;  // fraction of the run's cycles in which a unit had work, mean and largest over the units
  double max_busy = 0;
  std::string busiest;           // "chiplet 0 pe3"
  std::int64_t busy_cycles = 0;  // of all of them
};

struct Summary {
  std::string file;
  RunRow run;
  std::map<std::string, double> energy_by_component_pj;
  std::vector<EnergyRow> energy_by_action;  // over all nodes, ordered by component, action
  std::vector<CostLine> layers;             // in the order of the schedule
  std::vector<CostLine> nodes;              // in the order of the schedule
  CostLine elsewhere;                       // energy on account of no node (static and package-wide)
  std::vector<StallLine> stalls;            // most cycles first
  std::vector<LedgerLine> ledger;           // of the engines that have stalls, ordered by engine
  std::vector<UnitLine> units;              // ordered by kind
  std::int64_t dram_bytes = 0;
  spec::RunFloor floor;
};

Summary summarize(const Reader& reader);

nlohmann::ordered_json to_json(const Summary& summary);

// The text of `heat-trace summary`; at most `max_nodes` nodes (the costliest in cycles; 0: all).
std::string to_text(const Summary& summary, int max_nodes);

}  // namespace heat::traces
