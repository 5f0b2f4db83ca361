// Work is dealt out by shape; every worker has its own layer coster, and rows are written one by one under a lock. A
// ladder of ranks is noted in the table once found, so that a resumed run decomposes nothing twice.
#include "offline/cost_table/build.h"

#include <algorithm>
#include <mutex>
#include <sstream>

#include "base/errors.h"
#include "base/jobs/parallel_for.h"
#include "offline/cost_table/correct.h"
#include "offline/cost_table/provenance.h"
#include "offline/decompose/decomposition.h"
#include "offline/path/optimal_path.h"

namespace heat::offline {
namespace {

std::string size_name(const WeightMatrix& m) {
  return std::to_string(m.rows) + "x" + std::to_string(m.cols);
}

// Whether the layer's least MACs are worth costing at all.
bool within_macs(const Form& form, const BuildOptions& o) {
  if (method_of(form).stays_above_dense_macs()) return true;
  const double dense = static_cast<double>(form.shape.elements()) * static_cast<double>(o.tokens);
  const PlannedPath best = optimal_path(factorized_linear_network(form, o.tokens));
  return static_cast<double>(best.online_macs) <= o.max_dense_macs * dense;
}

using Matrices = std::vector<const WeightMatrix*>;  // of one size; errors are means over them

// In the order in which sizes first occur.
std::vector<Matrices> by_size(const std::vector<WeightMatrix>& matrices) {
  std::vector<Matrices> sizes;
  for (const WeightMatrix& m : matrices) {
    auto found = std::find_if(sizes.begin(), sizes.end(), [&](const Matrices& s) {
      return s.front()->rows == m.rows && s.front()->cols == m.cols;
    });
    if (found == sizes.end()) found = sizes.insert(sizes.end(), Matrices{});
    found->push_back(&m);
  }
  return sizes;
}

double mean_error(const Form& form, const Matrices& matrices, const BuildOptions& o) {
  DecomposeOptions options;
  options.seed = o.seed;
  options.threads = 1;
  options.max_iterations = o.iterations;
  double sum = 0;
  for (const WeightMatrix* m : matrices) sum += decompose(m->values, form, options).relative_error;
  return sum / static_cast<double>(matrices.size());
}

CostRow cost_form(const Form& form, const Matrices& matrices, LayerCoster& coster, double clock_ghz,
                  const BuildOptions& o) {
  CostRow row;
  row.form = form;
  row.tokens = o.tokens;
  row.params = parameter_count(form);
  row.ratio = parameter_ratio(form);
  if (!form.is_dense()) row.error = mean_error(form, matrices, o);
  predict_row(row, coster, clock_ghz, o);
  return row;
}

// A unit of work: all ranks of one shape (no method: the dense layer).
struct Task {
  Matrices matrices;
  const Method* method;
  TensorShape shape;
  std::string name;
};

// The shard's, of the list whose length no shard changes.
std::vector<Task> list_tasks(const std::vector<WeightMatrix>& matrices, const BuildOptions& o,
                             const base::Shard& shard) {
  std::vector<Task> tasks;
  for (const Matrices& size : by_size(matrices)) {
    const WeightMatrix& m = *size.front();
    const Form dense = spec::dense_form(m.rows, m.cols);
    tasks.push_back({size, nullptr, dense.shape, size_name(m) + " " + dense.method});
    for (const Method* method : o.methods)
      for (const TensorShape& s : shape_candidates(*method, m.rows, m.cols, o.candidates))
        tasks.push_back({size, method, s, size_name(m) + " " + method->name() + " " + shape_text(s, *method)});
  }
  std::vector<Task> mine;
  for (std::size_t t = 0; t < tasks.size(); ++t)
    if (shard.owns(t)) mine.push_back(std::move(tasks[t]));
  return mine;
}

// Fills one task; shared state behind a mutex.
class Worker {
 public:
  Worker(CostTable& table, std::mutex& mutex, const machines::Machine& machine, const BuildOptions& options,
         const std::function<bool()>& stop)
      : table_(table),
        mutex_(mutex),
        clock_ghz_(machine.arch.clock_ghz),
        coster_(machine.arch, machine.energy, machine.calibration, table_search()),
        options_(options),
        stop_(stop) {}

  void fill(const Task& task, BuildReport& report) {
    for (const Form& form : forms_of(task)) {
      if (stop_()) return;
      add(form, task.matrices, report);
    }
  }

 private:
  void add(const Form& form, const Matrices& matrices, BuildReport& report) {
    {
      const std::lock_guard lock(mutex_);
      if (table_.has(row_key(form, options_.tokens))) {
        ++report.reused;
        return;
      }
    }
    const CostRow row = cost_form(form, matrices, coster_, clock_ghz_, options_);
    const std::lock_guard lock(mutex_);
    table_.insert(row);
    ++report.computed;
  }

  std::vector<Form> forms_of(const Task& task) {
    if (!task.method) return {{Form::kDense, task.shape, {}}};
    std::string name = "ladder " + task.name + " t" + std::to_string(options_.tokens) + " dense_macs " +
                       std::to_string(options_.max_dense_macs);
    for (double r : options_.candidates.ratios) name += " " + std::to_string(r);
    if (options_.candidates.rank_rule == RankRule::kTensorLy) name += " tensorly";
    {
      const std::lock_guard lock(mutex_);
      if (const auto text = table_.note(name)) return parse_ladder(task, *text);
    }
    std::vector<Form> ladder =
        rank_ladder(task.matrices.front()->values, *task.method, task.shape, options_.candidates);
    std::erase_if(ladder, [&](const Form& f) { return !within_macs(f, options_); });
    std::string text;
    for (const Form& f : ladder) text += ranks_text(f.ranks) + ";";
    const std::lock_guard lock(mutex_);
    table_.set_note(name, text);
    return ladder;
  }

  static std::vector<Form> parse_ladder(const Task& task, const std::string& text) {
    std::vector<Form> ladder;
    std::istringstream words(text);
    for (std::string word; std::getline(words, word, ';');)
      ladder.push_back({task.method->name(), task.shape, parse_ranks(word, *task.method, task.shape)});
    return ladder;
  }

  CostTable& table_;
  std::mutex& mutex_;
  double clock_ghz_;
  LayerCoster coster_;
  const BuildOptions& options_;
  const std::function<bool()>& stop_;
};

}  // namespace

std::string work_name(const std::vector<WeightMatrix>& matrices, const BuildOptions& options) {
  std::string names = std::to_string(options.tokens);
  for (double ratio : options.candidates.ratios) names += " " + std::to_string(ratio);
  if (options.candidates.rank_rule == RankRule::kTensorLy) names += " tensorly";
  for (const Task& task : list_tasks(matrices, options, {})) names += ";" + task.name;
  return fingerprint(names);
}

std::int64_t add_candidates(CostTable& table, const std::vector<Form>& forms, const std::vector<WeightMatrix>& matrices,
                            std::int64_t tokens, const spec::ArchSpec& arch, const spec::EnergyTable& energy) {
  check_architecture(table, arch, energy);
  BuildOptions options = table_options(table);
  options.tokens = tokens;
  LayerCoster coster(arch, energy, table_calibration(table), table_search());
  const std::vector<Matrices> sizes = by_size(matrices);
  std::vector<CostRow> rows;
  for (const Form& form : forms)
    for (const Matrices& size : sizes) {
      if (size.front()->rows != form.shape.rows() || size.front()->cols != form.shape.cols()) continue;
      const bool here = std::any_of(rows.begin(), rows.end(), [&](const CostRow& r) { return r.form == form; });
      if (!here && !table.has(row_key(form, tokens)))
        rows.push_back(cost_form(form, size, coster, arch.clock_ghz, options));
    }
  table.replace(rows);
  if (!rows.empty()) apply_measurements(table, {});
  return static_cast<std::int64_t>(rows.size());
}

BuildReport fill_table(CostTable& table, const std::vector<WeightMatrix>& matrices, const machines::Machine& machine,
                       const BuildOptions& options, const BuildControl& control) {
  check_notes(table, matrices, machine.arch, machine.energy, machine.calibration, options);
  const std::vector<Task> tasks = list_tasks(matrices, options, control.shard);
  std::mutex mutex;
  std::vector<std::unique_ptr<Worker>> workers(
      static_cast<std::size_t>(base::worker_count(tasks.size(), options.threads)));
  std::size_t done = 0;
  BuildReport report;
  const auto fill = [&](std::size_t t, int w) {
    std::unique_ptr<Worker>& worker = workers[static_cast<std::size_t>(w)];
    if (!worker) worker = std::make_unique<Worker>(table, mutex, machine, options, control.stop);
    BuildReport mine;
    worker->fill(tasks[t], mine);
    const std::lock_guard lock(mutex);
    report.computed += mine.computed;
    report.reused += mine.reused;
    if (!control.stop() && control.progress) control.progress(++done, tasks.size(), tasks[t].name);
  };
  base::parallel_for(tasks.size(), options.threads, fill, control.stop);
  report.stopped = control.stop();
  if (report.computed > 0) apply_measurements(table, {});  // new rows get the corrections of what was measured before
  return report;
}

}  // namespace heat::offline
