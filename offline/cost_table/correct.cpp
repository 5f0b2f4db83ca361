// Classes are keys of growing width; a row takes the narrowest that a measured row shares. Measured values are of the
// machine and stay when the model is fitted anew; predictions and corrections follow the model.
#include "offline/cost_table/correct.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/jobs/parallel_for.h"
#include "offline/cost_table/network_cost.h"
#include "offline/cost_table/provenance.h"

namespace heat::offline {
namespace {

// Narrow to wide.
std::array<std::string, 5> classes_of(const CostRow& r) {
  const std::string size = std::to_string(r.rows()) + "x" + std::to_string(r.cols()) + " t" + std::to_string(r.tokens);
  const std::string kind = r.form.is_dense() ? "dense" : "factorised", &method = r.form.method;
  return {"shape " + size + " " + method + " " + shape_text(r.form), "method " + size + " " + method,
          "kind " + size + " " + kind, "method " + method, "kind " + kind};
}

struct LogSum {
  double energy = 0, latency = 0;
  int count = 0;
};

void apply(std::vector<CostRow>& rows) {
  std::map<std::string, LogSum> sums;
  for (const CostRow& r : rows) {
    if (!r.measured() || r.energy_correction() <= 0 || r.latency_correction() <= 0) continue;
    for (const std::string& name : classes_of(r)) {
      LogSum& sum = sums[name];
      sum.energy += std::log(r.energy_correction());
      sum.latency += std::log(r.latency_correction());
      ++sum.count;
    }
  }
  for (CostRow& r : rows) {
    r.class_energy_correction = r.class_latency_correction = std::nullopt;
    if (r.measured()) continue;
    for (const std::string& name : classes_of(r)) {
      const auto sum = sums.find(name);
      if (sum == sums.end()) continue;
      r.class_energy_correction = std::exp(sum->second.energy / sum->second.count);
      r.class_latency_correction = std::exp(sum->second.latency / sum->second.count);
      break;
    }
  }
}

std::int64_t store(std::vector<CostRow>& rows, const Measurements& measured) {
  std::int64_t stored = 0;
  for (CostRow& r : rows)
    if (const auto m = measured.find(r.key()); m != measured.end()) {
      r.measured_energy_pj = m->second.energy_pj;
      r.measured_latency_ns = m->second.latency_ns;
      ++stored;
    }
  apply(rows);
  return stored;
}

}  // namespace

std::int64_t apply_measurements(CostTable& table, const Measurements& measured) {
  std::vector<CostRow> rows = table.rows();
  const bool known = std::any_of(rows.begin(), rows.end(), [](const CostRow& r) { return r.measured(); });
  if (measured.empty() && !known) return 0;
  const std::int64_t stored = store(rows, measured);
  table.replace(rows);
  return stored;
}

std::int64_t correct_table(CostTable& table, const machines::Machine& machine, const Measurements& measured,
                           int threads) {
  check_architecture(table, machine.arch, machine.energy);
  const BuildOptions options = table_options(table);
  std::vector<CostRow> rows = table.rows();
  std::vector<std::unique_ptr<LayerCoster>> costers(static_cast<std::size_t>(base::worker_count(rows.size(), threads)));
  base::parallel_for(rows.size(), threads, [&](std::size_t row, int worker) {
    auto& coster = costers[static_cast<std::size_t>(worker)];
    if (!coster)
      coster = std::make_unique<LayerCoster>(machine.arch, machine.energy, machine.calibration, table_search());
    predict_row(rows[row], *coster, machine.arch.clock_ghz, options);
  });
  const std::int64_t stored = store(rows, measured);
  table.replace(rows, {{"calibration", calibration_note(machine.calibration)}});
  return stored;
}

CorrectionSummary summarize_corrections(const std::vector<CostRow>& rows) {
  CorrectionSummary s;
  double energy = 0, latency = 0;
  for (const CostRow& r : rows) {
    ++s.rows;
    s.corrected += r.class_energy_correction.has_value();
    if (!r.measured()) continue;
    const double e = r.energy_correction(), l = r.latency_correction();
    energy += e;
    latency += l;
    s.energy_min = s.measured ? std::min(s.energy_min, e) : e;
    s.energy_max = s.measured ? std::max(s.energy_max, e) : e;
    s.latency_min = s.measured ? std::min(s.latency_min, l) : l;
    s.latency_max = s.measured ? std::max(s.latency_max, l) : l;
    ++s.measured;
  }
  if (s.measured) {
    s.energy_mean = energy / static_cast<double>(s.measured);
    s.latency_mean = latency / static_cast<double>(s.measured);
  }
  return s;
}

nlohmann::ordered_json to_json(const CorrectionSummary& s) {
  return {{"rows", s.rows},
          {"measured", s.measured},
          {"corrected", s.corrected},
          {"energy_correction", {{"mean", s.energy_mean}, {"min", s.energy_min}, {"max", s.energy_max}}},
          {"latency_correction", {{"mean", s.latency_mean}, {"min", s.latency_min}, {"max", s.latency_max}}}};
}

CorrectionSummary corrections_from_json(const nlohmann::json& j) {
  CorrectionSummary s;
  j.at("rows").get_to(s.rows);
  j.at("measured").get_to(s.measured);
  j.at("corrected").get_to(s.corrected);
  const nlohmann::json &energy = j.at("energy_correction"), &latency = j.at("latency_correction");
  energy.at("mean").get_to(s.energy_mean);
  energy.at("min").get_to(s.energy_min);
  energy.at("max").get_to(s.energy_max);
  latency.at("mean").get_to(s.latency_mean);
  latency.at("min").get_to(s.latency_min);
  latency.at("max").get_to(s.latency_max);
  return s;
}

}  // namespace heat::offline
