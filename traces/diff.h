// What changed between two runs, by node, layer and component, largest change first.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "traces/summary.h"

namespace heat::traces {

// One name in both runs; absent in one of them: zero there.
struct DiffLine {
  std::string name;
  bool in_a = false, in_b = false;
  double cycles_a = 0, cycles_b = 0;
  double energy_a_pj = 0, energy_b_pj = 0;
  bool changed() const { return in_a != in_b || cycles_a != cycles_b || energy_a_pj != energy_b_pj; }
};

enum class DiffOrder { kCycles, kEnergy };

// Only lines that changed.
struct Diff {
  std::string file_a, file_b;
  DiffLine total;                    // always there
  std::vector<DiffLine> components;  // energy only
  std::vector<DiffLine> layers;
  std::vector<DiffLine> nodes;
  bool identical() const { return !total.changed() && components.empty() && layers.empty() && nodes.empty(); }
};

Diff diff(const Summary& a, const Summary& b, DiffOrder order);

nlohmann::ordered_json to_json(const Diff& diff);
// At most `max_lines` lines a table (0: all).
std::string to_text(const Diff& diff, int max_lines);

}  // namespace heat::traces
