// The cost table on disk: what every shape-rank pair costs in parameters, error, energy and latency.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "offline/decompose/form_text.h"
#include "spec/units.h"

namespace heat::offline {

// What identifies a row: "768x768 t384 METHOD 768x12x64 r280".
std::string row_key(const Form& form, std::int64_t tokens);

// One form of a matrix at one number of tokens.
struct CostRow {
  Form form;
  std::int64_t tokens = 0;
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
  // Measured over predicted of the closest measured rows (correct.h), where this one is not measured.
  std::optional<double> class_energy_correction, class_latency_correction;

  std::string key() const { return row_key(form, tokens); }
  std::int64_t rows() const { return form.shape.rows(); }
  std::int64_t cols() const { return form.shape.cols(); }
  bool measured() const { return measured_energy_pj && measured_latency_ns; }
  // Measured over predicted; the closest measured rows' where this one is not measured; 1 where there are none.
  double energy_correction() const;
  double latency_correction() const;
  // What decisions are made from: the measured values where there are any, else the predicted ones times the
  // correction.
  double best_energy_pj() const { return measured_energy_pj.value_or(energy_pj * energy_correction()); }
  double best_latency_ns() const { return measured_latency_ns.value_or(latency_ns * latency_correction()); }
  double best_edp_js() const {
    return spec::edp_js(spec::Picojoules(best_energy_pj()), spec::Nanoseconds(best_latency_ns()));
  }
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

  std::map<std::string, std::string> notes() const;

  bool has(const std::string& key) const;
  // Adds or replaces the row with this key.
  void insert(const CostRow& row);
  // Adds or replaces all of them and the notes in one transaction: after a kill all are there or none.
  void replace(const std::vector<CostRow>& rows, const std::map<std::string, std::string>& notes = {});
  // All rows, by size, method, shape and ratio.
  std::vector<CostRow> rows() const;
  std::optional<CostRow> find(const std::string& key) const;

  // Writes notes and rows, sorted, to a new table at `path`, whole or not at all; what was there is replaced. The bytes
  // depend on the contents alone.
  void write_copy(const std::string& path) const;
  // Replaces the table at `path`, which nobody has open, by such a copy of itself.
  static void rewrite_sorted(const std::string& path);

 private:
  struct State;
  explicit CostTable(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace heat::offline
