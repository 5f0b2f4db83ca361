// Stages 3 and 4: level 1 on the teacher's own matrices, and the dense network on the machine.
#include <atomic>
#include <filesystem>

#include "offline/cost_table/build.h"
#include "offline/cost_table/front_json.h"
#include "offline/cost_table/pareto.h"
#include "offline/loop/simulator_process.h"
#include "offline/pipeline/layer_costs.h"
#include "offline/pipeline/pipeline.h"
#include "offline/pipeline/simulation.h"
#include "offline/schedule/planner.h"

namespace heat::offline {
namespace {

using Size = std::pair<std::int64_t, std::int64_t>;

// For each size of matrix the first `count` weights, as doubles.
std::map<Size, std::vector<WeightMatrix>> matrices_by_size(Bert& model, std::int64_t count) {
  std::map<Size, std::vector<WeightMatrix>> sizes;
  for (const auto& [name, linear] : model.encoder_linears()) {
    auto& list = sizes[{(*linear)->out_features(), (*linear)->in_features()}];
    if (static_cast<std::int64_t>(list.size()) == count) continue;
    const auto* dense = dynamic_cast<const DenseLinear*>(linear->get());
    HEAT_CHECK(dense != nullptr, name + " is not dense");
    const at::Tensor w = dense->weight.detach().to(at::kDouble).contiguous();
    list.push_back({w.size(0), w.size(1), {w.data_ptr<double>(), w.data_ptr<double>() + w.numel()}, name});
  }
  return sizes;
}

// s*: of every method's choice within the ratio the one of least error * EDP^0.25.
nlohmann::json choose(const std::vector<CostRow>& rows, const CostRow& size, const PipelineConfig& config) {
  std::optional<std::size_t> best;
  const auto value = [&](std::size_t i) { return rows[i].error * std::pow(rows[i].edp_js, 0.25); };
  for (const std::string& method : config.level1.methods) {
    SelectionLimits limits;
    limits.max_ratio = config.level1.max_ratio;
    const auto s = select_by_edp(rows, size, method, limits);
    if (s && (!best || value(*s) < value(*best))) best = s;
  }
  if (!best)
    throw spec::Error("no candidate for " + std::to_string(size.rows) + "x" + std::to_string(size.cols) +
                      " within the ratio " + std::to_string(config.level1.max_ratio) + " fits the machine");
  nlohmann::json chosen = row_json(rows[*best]);
  chosen["rows"] = size.rows;
  chosen["cols"] = size.cols;
  return chosen;
}

nlohmann::json points_of(const std::vector<CostRow>& rows, const std::vector<std::size_t>& front,
                         const nlohmann::json& chosen) {
  std::vector<bool> on_front(rows.size(), false);
  for (std::size_t i : front) on_front[i] = true;
  nlohmann::json points = nlohmann::json::array();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const CostRow& r = rows[i];
    if (!r.feasible) continue;
    bool is_chosen = false;
    for (const auto& c : chosen) is_chosen = is_chosen || c.at("key") == r.key();
    points.push_back({{"method", r.method},
                      {"error", r.error},
                      {"ratio", r.ratio},
                      {"energy_pj", r.energy_pj},
                      {"latency_ns", r.latency_ns},
                      {"edp_js", r.edp_js},
                      {"params", r.params},
                      {"shape", r.shape},
                      {"rank", r.rank},
                      {"matrix", std::to_string(r.rows) + "x" + std::to_string(r.cols)},
                      {"on_front", static_cast<bool>(on_front[i])},
                      {"chosen", is_chosen}});
  }
  return points;
}

}  // namespace

nlohmann::json stage_cost_table(PipelineContext& context, const std::string& folder, StageProgress& progress) {
  const PipelineConfig& config = context.config();
  BuildOptions options;
  options.methods.clear();
  for (const std::string& m : config.level1.methods) options.methods.push_back(method_from_name(m));
  options.candidates.ratios = config.level1.ratios;
  options.candidates.top_k = static_cast<int>(config.level1.shapes);
  options.candidates.max_axes = static_cast<int>(config.level1.max_axes);
  options.tokens = config.tokens;
  options.seed = config.seed;
  options.threads = config.threads;
  options.paths = static_cast<int>(config.level1.paths);
  std::vector<WeightMatrix> matrices;
  for (auto& [size, list] : matrices_by_size(context.teacher().model, 1)) matrices.push_back(std::move(list.front()));
  CostTable table = CostTable::open(folder + "/cost_table.sqlite");
  const std::atomic<bool> stop{false};
  fill_table(
      table, matrices, context.arch(), context.energy(), {}, options,
      [&](std::size_t done, std::size_t total, const std::string& name) {
        progress.report("shape " + std::to_string(done) + "/" + std::to_string(total) + " (" + name + ")");
      },
      stop);
  const std::vector<CostRow> rows = table.rows();
  const std::vector<std::size_t> front = pareto_front(rows);
  nlohmann::json chosen = nlohmann::json::array();
  for (const WeightMatrix& m : matrices) {
    CostRow size;
    size.rows = m.rows;
    size.cols = m.cols;
    size.tokens = config.tokens;
    chosen.push_back(choose(rows, size, config));
  }
  return {{"candidates", rows.size()},
          {"front", front.size()},
          {"chosen", chosen},
          {"points", points_of(rows, front, chosen)},
          {"file", std::filesystem::relative(folder + "/cost_table.sqlite", context.out()).string()}};
}

nlohmann::json stage_dense(PipelineContext& context, const std::string& folder, StageProgress& progress) {
  LayerCosts costs(context, {});
  progress.report("mapping");
  const LoweredEncoder lowered = costs.schedule({});
  write_schedule(lowered.network.schedule, {}, folder + "/schedule.json");
  progress.report("simulating");
  return simulate_schedule(context, lowered.network.schedule, folder, "dense", {});
}

}  // namespace heat::offline
