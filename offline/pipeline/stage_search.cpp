// Stages 7 and 8: the search on the cost table, and the loop through the simulator that corrects the table.
#include <algorithm>
#include <filesystem>

#include "machines/make_machine.h"
#include "offline/cost_table/correct.h"
#include "offline/cost_table/parts.h"
#include "offline/pipeline/choice_costs.h"
#include "offline/pipeline/fit.h"
#include "offline/pipeline/layer_costs.h"
#include "offline/pipeline/pipeline.h"
#include "offline/pipeline/rank_search.h"
#include "offline/pipeline/shape_choice.h"
#include "offline/pipeline/simulation.h"
#include "offline/schedule/planner.h"

namespace heat::offline {
namespace {

// What is left of a whole when its linear layers are taken away.
ChoiceCost rest_of(double energy_pj, double latency_ns, const ChoiceCost& layers) {
  return {std::max(0.0, energy_pj - layers.energy_pj), std::max(0.0, latency_ns - layers.latency_ns), 0};
}

// Measured: what no rank choice changes.
ChoiceCost fixed_of(const ScheduledRun& scheduled, const SimulatedSchedule& run) {
  ChoiceCost layers;
  for (const LayerFigures& l : run.layers)
    for (const spec::LayerForm& stated : scheduled.schedule.workload.layers)
      if (l.layer == stated.layer) {
        layers.energy_pj += l.energy_pj;
        layers.latency_ns += l.latency_ns;
      }
  return rest_of(run.simulated.energy_pj, run.simulated.latency_ns, layers);
}

int changed_layers(const SubNet& a, const SubNet& b) {
  int changed = 0;
  for (std::size_t i = 0; i < a.size(); ++i) changed += a[i] != b[i];
  return changed;
}

// The choice and its runners-up, as many as are simulated a round.
std::vector<SubNet> candidates_of(const SubNet& choice, const std::vector<SubNet>& runners_up, std::int64_t count) {
  std::vector<SubNet> candidates{choice};
  for (const SubNet& s : runners_up)
    if (static_cast<std::int64_t>(candidates.size()) < count) candidates.push_back(s);
  return candidates;
}

// Mapped with `calibration` and written, ready to be simulated; the choice comes first.
std::vector<ScheduledRun> map_candidates(PipelineContext& context, const machines::Calibration& calibration,
                                         const std::vector<RankLadder>& ladders, const std::vector<SubNet>& candidates,
                                         const std::string& folder, const std::string& name) {
  LayerCosts costs(context, calibration);
  std::vector<ScheduledRun> runs;
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    const std::string own = i == 0 ? folder : folder + "/candidate" + std::to_string(i + 1);
    std::filesystem::create_directories(own);
    spec::Schedule schedule = costs.schedule(forms_of(ladders, candidates[i]));
    write_schedule(schedule, {}, own + "/schedule.json");
    runs.push_back(
        {std::move(schedule), own, i == 0 ? name : name + ", candidate " + std::to_string(i + 1), {false, false, ""}});
  }
  return runs;
}

// The table's own words after the last round: its corrections, and the shapes that level 1 would choose by them now.
TableCorrections describe_table(const std::vector<CostRow>& rows, const PipelineConfig& config,
                                const std::vector<ChosenShape>& chosen) {
  TableCorrections corrections{summarize_corrections(rows), 0};
  const std::vector<ChosenShape> now = choose_shapes(rows, config);
  for (std::size_t i = 0; i < now.size(); ++i)
    corrections.shapes_chosen_otherwise +=
        now[i].form.method != chosen[i].form.method || now[i].form.shape != chosen[i].form.shape;
  return corrections;
}

LoopRound describe_round(std::int64_t number, const SubNet& subnet, const spec::Prediction& predicted,
                         const SubNetCost& by_table, const Figures& simulated) {
  LoopRound round;
  round.round = number;
  round.subnet = subnet;
  round.predicted_cycles = predicted.cycles;
  round.predicted_energy_pj = predicted.energy_pj;
  round.simulated_cycles = simulated.cycles;
  round.simulated_energy_pj = simulated.energy_pj;
  round.edp_error = relative_error(predicted.energy_pj * predicted.cycles, simulated.energy_pj * simulated.cycles);
  round.table_edp_js = by_table.edp_js();
  round.table_edp_error = relative_error(by_table.edp_js(), simulated.edp_js);
  return round;
}

// The loop's state from round to round: the table it corrects, what it has learnt, the choice.
class CorrectionLoop {
 public:
  explicit CorrectionLoop(const StageRun& run)
      : run_(run),
        config_(run.context.config()),
        ladders_(run.results.get<SupernetResult>().ladders),
        predictor_(make_predictor(config_, run.results.get<PredictorResult>().samples)),
        dense_(run.results.get<DenseResult>()),
        table_(copy_of(run.results.get<SearchResult>().table, run)),
        fit_(run.context) {
    const SearchResult& search = run.results.get<SearchResult>();
    costs_ = choice_costs(table_, ladders_, config_.tokens);
    costs_.fixed = {search.fixed_energy_pj, search.fixed_latency_ns, 0};
    fit_.add(spec::Schedule::load(run.context.absolute(dense_.schedule)), dense_);
    subnet_ = search.subnet;
    runners_up_ = search.runners_up;
    last_search_ = search.report;
  }

  // Until prediction and simulation agree, or the rounds are used up.
  LoopResult result() {
    LoopResult result;
    do result.rounds.push_back(round(static_cast<std::int64_t>(result.rounds.size()) + 1));
    while (result.rounds.back().layers_changed);
    const std::string file = run_.folder + "/calibration.json";
    fit_.calibration().save(file);
    const std::vector<ChosenShape>& chosen = run_.results.get<CostTableResult>().chosen;
    const std::vector<CostRow> rows = table_.rows();
    result.subnet = subnet_;
    result.calibration_file = run_.context.relative(file);
    result.table = run_.context.relative(table_file(run_.folder));
    result.cost_table = describe_table(rows, config_, chosen);
    result.pareto = table_points(rows, chosen);
    result.forms = forms_of(ladders_, subnet_);
    result.search = last_search_;
    result.calibration = fit_.state();
    result.errors = fit_.errors();
    result.points = fit_.points();
    return result;
  }

 private:
  static CostTable copy_of(const std::string& table, const StageRun& run) {
    CostTable::open(run.context.absolute(table)).write_copy(table_file(run.folder));
    return CostTable::open(table_file(run.folder));
  }

  // Simulates the choice and its runners-up, corrects the table by them, and searches again unless it was the last.
  LoopRound round(std::int64_t number) {
    const std::string name = "round " + std::to_string(number);
    run_.progress.report(name + ": mapping");
    const auto scheduled = map_candidates(run_.context, fit_.calibration(), ladders_,
                                          candidates_of(subnet_, runners_up_, config_.candidates),
                                          run_.folder + "/round" + std::to_string(number), name);
    run_.progress.report(name + ": simulating");
    const std::vector<SimulatedSchedule> runs = simulate_schedules(run_.context, scheduled);
    LoopRound round = describe_round(number, subnet_, fit_.corrected(scheduled.front().schedule.plan.prediction),
                                     subnet_cost(costs_, subnet_), runs.front().simulated);
    for (std::size_t i = runs.size(); i-- > 0;) fit_.add(scheduled[i].schedule, runs[i]);  // the choice last
    run_.progress.report(name + ": correcting the cost table");
    fit_.update();
    const PipelineContext& context = run_.context;
    round.rows_measured =
        correct_table(table_, *machines::make_machine(context.arch(), context.energy(), fit_.calibration()),
                      fit_.measured(), config_.threads);
    costs_ = choice_costs(table_, ladders_, config_.tokens);
    costs_.fixed = fixed_of(scheduled.front(), runs.front());
    // The search runs at least once on corrected costs.
    const bool agree = number > 1 && round.edp_error <= config_.tolerance;
    if (!agree && number < config_.max_rounds) round.layers_changed = search_again();
    return round;
  }

  // The number of layers whose choice changes.
  std::int64_t search_again() {
    const SearchRound again = search_ranks(config_, ladders_, costs_, predictor_, dense_.simulated.edp_js, {subnet_});
    const std::int64_t changed = changed_layers(subnet_, again.subnet);
    last_search_ = again.report;
    subnet_ = again.subnet;
    runners_up_ = again.runners_up;
    return changed;
  }

  const StageRun& run_;
  const PipelineConfig& config_;
  const std::vector<RankLadder>& ladders_;
  const AccuracyPredictor predictor_;
  const DenseResult& dense_;
  CostTable table_;
  ChoiceTable costs_;
  LoopFit fit_;
  SubNet subnet_;
  std::vector<SubNet> runners_up_;
  SearchReport last_search_;
};

}  // namespace

SearchResult stage_search(const StageRun& run) {
  PipelineContext& context = run.context;
  const PipelineConfig& config = context.config();
  const std::vector<RankLadder>& ladders = run.results.get<SupernetResult>().ladders;
  const AccuracyPredictor predictor = make_predictor(config, run.results.get<PredictorResult>().samples);
  const std::string file = table_file(run.folder);
  CostTable::open(context.absolute(run.results.get<CostTableResult>().file)).write_copy(file);
  CostTable table = CostTable::open(file);
  run.progress.report("costing rank choices");
  add_choice_rows(table, ladders, model_matrices(context.teacher().model, config.level1.matrices), config.tokens,
                  context.arch(), context.energy());
  ChoiceTable costs = choice_costs(table, ladders, config.tokens);
  const Figures& dense = run.results.get<DenseResult>().predicted;
  costs.fixed = rest_of(dense.energy_pj, dense.latency_ns, dense_cost(table, ladders, config.tokens));
  run.progress.report("evolving");
  const SearchRound round = search_ranks(config, ladders, costs, predictor, dense.edp_js, {});
  SearchResult result;
  result.subnet = round.subnet;
  result.accuracy = round.accuracy;
  result.runners_up = round.runners_up;
  result.table = context.relative(file);
  result.fixed_energy_pj = costs.fixed.energy_pj;
  result.fixed_latency_ns = costs.fixed.latency_ns;
  result.report = round.report;
  return result;
}

LoopResult stage_loop(const StageRun& run) {
  return CorrectionLoop(run).result();
}

}  // namespace heat::offline
