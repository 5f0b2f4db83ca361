// What every stage hands to later ones. stage_json.h reads and writes them; JSON is their form on disk alone.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "base/errors.h"
#include "machines/calibration.h"
#include "offline/cost_table/correct.h"
#include "offline/model/factorize.h"
#include "offline/search/evolution.h"
#include "offline/train/supernet.h"

namespace heat::offline {

// Files are named relative to the run's folder throughout.

struct BaselineResult {
  double accuracy = 0, dev_accuracy = 0;
  std::int64_t features = 0, train_examples = 0, test_examples = 0;
};

// A network on the test split.
struct NetworkScore {
  double accuracy = 0;
  std::int64_t examples = 0, params = 0, encoder_params = 0;
};
struct TeacherResult : NetworkScore {};
struct EvaluateResult : NetworkScore {};  // of the student

// s* of one size of matrix.
struct ChosenShape {
  std::string key;  // of its row
  Form form;
};
struct CostTableResult {
  std::int64_t candidates = 0, front = 0;  // rows
  std::vector<ChosenShape> chosen;
  std::string file;
};

struct Figures {
  double cycles = 0, latency_ns = 0, energy_pj = 0, edp_js = 0;
};
struct DetailedFigures : Figures {
  std::map<std::string, double> energy_by_component_pj;
};
// Of one linear layer or other named part of the network. Predictions are sums over nodes; measurements hold the layer's
// share of barriers.
struct LayerFigures {
  std::string layer;
  double predicted_cycles = 0, predicted_energy_pj = 0;
  double cycles = 0, latency_ns = 0, energy_pj = 0;
  std::map<std::string, double> energy_by_component_pj;
};
struct GroupFigures {
  std::string group;
  double predicted_cycles = 0, predicted_energy_pj = 0, cycles = 0, energy_pj = 0;
};
// A schedule with its prediction and its simulation.
struct SimulatedSchedule {
  std::string name, schedule, simulation, trace;  // files; trace empty: none
  DetailedFigures predicted, simulated;
  std::int64_t macs = 0;
  double utilization = 0;
  std::vector<LayerFigures> layers;  // in the schedule's order
  std::vector<GroupFigures> groups;
};
struct DenseResult : SimulatedSchedule {};

struct SupernetResult {
  std::string file;  // its parameters
  std::vector<RankLadder> ladders;
};

struct ScoredSubNet {
  SubNet subnet;
  double accuracy = 0;
};
struct PredictedScore {
  double predicted = 0, actual = 0;
};
struct PredictorResult {
  std::vector<ScoredSubNet> samples;
  double spearman = 0;                 // on held-out samples; NaN where all are equal
  std::vector<PredictedScore> points;  // of the held-out samples
};

struct AssessedSubNet {
  SubNet choices;
  double accuracy = 0, energy_pj = 0, latency_ns = 0, edp_js = 0;
  std::int64_t params = 0;
  double score = 0;
  bool feasible = false;
};
struct AssessedBaseline {
  std::string name;
  AssessedSubNet subnet;
};
// Of a generation with a feasible SubNet.
struct SearchGeneration {
  std::int64_t generation = 0;
  double best = 0, mean = 0;  // scores
  std::int64_t evaluations = 0;
};
struct SearchReport {
  std::vector<SearchGeneration> generations;
  std::vector<AssessedBaseline> baselines;
  AssessedSubNet best;
  bool feasible = false;
  double limit_edp_js = 0;
};
struct SearchResult {
  SubNet subnet;
  double accuracy = 0;                               // predicted
  std::vector<SubNet> runners_up;                    // the next best on the same Pareto front
  std::string table;                                 // the cost table with a row for every rank choice
  double fixed_energy_pj = 0, fixed_latency_ns = 0;  // what no rank choice changes
  SearchReport report;
};

struct LoopRound {
  std::int64_t round = 0;
  SubNet subnet;
  double predicted_cycles = 0, predicted_energy_pj = 0, simulated_cycles = 0, simulated_energy_pj = 0;
  double edp_error = 0;                          // of the model's prediction
  double table_edp_js = 0, table_edp_error = 0;  // of the cost table's
  std::int64_t rows_measured = 0;
  std::optional<std::int64_t> layers_changed;  // by the search on corrected costs; nothing after the last round
};
struct TableCorrections {
  CorrectionSummary summary;
  std::int64_t shapes_chosen_otherwise = 0;  // sizes for which level 1 would choose another shape now
};
// A row of the cost table with its best known costs, to be drawn.
struct TablePoint {
  std::string method, shape, rank, matrix;  // as people write them
  double error = 0, ratio = 0, energy_pj = 0, latency_ns = 0, edp_js = 0;
  std::int64_t params = 0;
  bool on_front = false, chosen = false, measured = false;
};
// Everything the loop learnt, to predict with.
struct LoopFitState {
  machines::Calibration parameters;
  double cycles_factor = 1, energy_factor = 1;  // what the last prediction was off by
};
// Mean relative errors over the groups of all runs.
struct LoopErrors {
  std::int64_t groups = 0;
  double latency_error_before = 0, latency_error_after = 0, energy_error_before = 0, energy_error_after = 0;
};
struct LoopPoint {
  std::string group;
  double predicted_cycles_before = 0, predicted_cycles_after = 0, measured_cycles = 0;
  double predicted_energy_pj_before = 0, predicted_energy_pj_after = 0, measured_energy_pj = 0;
};
struct LoopResult {
  SubNet subnet;
  std::string calibration_file, table;
  TableCorrections cost_table;
  std::vector<TablePoint> pareto;
  std::vector<LayerForm> forms;
  std::vector<LoopRound> rounds;
  SearchReport search;
  LoopFitState calibration;
  LoopErrors errors;
  std::vector<LoopPoint> points;  // a group of the last run each
};

struct DistillScore {
  std::string stage;  // projected, stage_one, stage_two
  std::int64_t step = 0;
  double accuracy_dev = 0;
};
struct StudentResult {
  std::string file;  // its parameters
  std::vector<LayerForm> forms;
  double mean_projection_error = 0;
  // Accuracies on dev_examples of dev: of the stages' last looks, where there were any, and of what was kept.
  std::optional<double> projected_accuracy_dev, stage_one_accuracy_dev, stage_two_accuracy_dev;
  double accuracy_dev = 0, teacher_accuracy_dev = 0;
  std::int64_t dev_examples = 0, kept_step = 0;
  std::string kept_stage;
  std::vector<DistillScore> scores;
};

struct Int8Score {
  std::int64_t examples = 0;
  double accuracy = 0, float_accuracy = 0, agreement = 0;
};
// Of sentences on the simulated machine, padded under its mask.
struct MachineScore {
  std::int64_t examples = 0, padded = 0;
  double accuracy = 0, float_accuracy = 0;
  bool bit_exact = false;
};
struct ScheduleResult : SimulatedSchedule {
  bool bit_exact = false;
  Int8Score int8;
  MachineScore machine;
  Figures corrected, dense_corrected;  // the calibrated model's predictions of student and dense network
};

// A network on the machine: simulated, and as the calibrated model predicts it.
struct HardwareSummary {
  double energy_pj = 0, latency_ns = 0, edp_js = 0;
  double predicted_energy_pj = 0, predicted_latency_ns = 0, predicted_edp_js = 0;
  std::int64_t macs = 0;
  double utilization = 0;
};
// The figures of all stages: summary.json.
struct Summary {
  std::uint64_t seed = 0;
  std::string task, arch;
  std::int64_t tokens = 0;
  double baseline_accuracy = 0;
  NetworkScore teacher, student;  // without examples
  double teacher_accuracy_dev = 0;
  HardwareSummary dense_hardware, student_hardware;
  StudentResult distilled;  // its accuracies alone
  Int8Score int8;           // without agreement
  MachineScore machine;
  bool bit_exact = false;
  double accuracy_lost_points = 0, edp_ratio = 0;
  LoopErrors errors;  // without groups
  std::int64_t rounds = 0;
  double edp_error = 0;  // of the last round
  TableCorrections cost_table;
  std::int64_t candidates = 0;
  double spearman = 0;
  std::vector<ChosenShape> shapes;  // without keys and ranks
};

// What the stages have left so far, by type.
class StageResults {
 public:
  // Throws std::logic_error when the stage has not come yet.
  template <class Result>
  const Result& get() const {
    const auto& slot = std::get<std::optional<Result>>(slots_);
    HEAT_CHECK(slot.has_value(), "the result of a stage that has not come yet");
    return *slot;
  }
  template <class Result>
  bool has() const {
    return std::get<std::optional<Result>>(slots_).has_value();
  }
  template <class Result>
  void set(Result result) {
    std::get<std::optional<Result>>(slots_) = std::move(result);
  }

 private:
  std::tuple<std::optional<BaselineResult>, std::optional<TeacherResult>, std::optional<CostTableResult>,
             std::optional<DenseResult>, std::optional<SupernetResult>, std::optional<PredictorResult>,
             std::optional<SearchResult>, std::optional<LoopResult>, std::optional<StudentResult>,
             std::optional<EvaluateResult>, std::optional<ScheduleResult>, std::optional<Summary>>
      slots_;
};

}  // namespace heat::offline
