// The cost table on disk: what every shape-rank pair costs in parameters, error, energy and latency.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace heat::offline {

// One candidate for one size of matrix at one number of tokens.
struct CostRow {
  std::int64_t rows = 0, cols = 0, tokens = 0;
  std::string method;  // dense, svd, cp, tucker, ttm
  std::string shape;   // "768x12x64", "24x32,24x32"; dense: "768x768"
  std::string rank;    // "280", "150,12,64", "1,16,1"; dense: ""
  std::int64_t params = 0;
  double ratio = 1, error = 0;
  bool feasible = false;
  std::string reason;                                             // why not
  std::string einsum;                                             // of what runs during inference, named indices
  std::string path;                                               // its path, [[i,j],...]
  std::string mapping;                                            // fused groups: nodes, step, bottleneck
  double macs = 0;                                                // online
  double energy_pj = 0, latency_ns = 0, edp_js = 0;               // predicted
  std::optional<double> measured_energy_pj, measured_latency_ns;  // simulated

  // What identifies the row: "768x768 t384 cp 768x12x64 r280".
  std::string key() const;
  // Measured over predicted; 1 where nothing is measured.
  double energy_correction() const;
  double latency_correction() const;
  // Measured values where there are any, else the predicted ones.
  double best_energy_pj() const { return measured_energy_pj.value_or(energy_pj); }
  double best_latency_ns() const { return measured_latency_ns.value_or(latency_ns); }
  double best_edp_js() const { return best_energy_pj() * 1e-12 * best_latency_ns() * 1e-9; }
};

// An SQLite file. Every row is one transaction: after a kill it is there whole or not at all. One writer at a time;
// safe to use from one thread at a time.
class CostTable {
 public:
  // Opens or creates. Throws spec::FileError with the path and SQLite's reason, also for a file that is no cost table.
  static CostTable open(const std::string& path);
  CostTable(CostTable&&) noexcept;
  CostTable& operator=(CostTable&&) noexcept;
  ~CostTable();

  // What the rows depend on beside their key, by name ("architecture", "matrix 768x768", ...), and intermediate results
  // that a resumed run need not find again. Nothing when never stored.
  std::optional<std::string> note(const std::string& name) const;
  void set_note(const std::string& name, const std::string& text);

  bool has(const std::string& key) const;
  // Adds or replaces the row with this key.
  void insert(const CostRow& row);
  // Stores what the simulator measured. Throws spec::ConfigError when no row has the key.
  void set_measured(const std::string& key, double energy_pj, double latency_ns);
  // All rows, by size, method, shape and ratio.
  std::vector<CostRow> rows() const;
  std::optional<CostRow> find(const std::string& key) const;

 private:
  struct State;
  explicit CostTable(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace heat::offline
