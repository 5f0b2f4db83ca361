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

CostRow row_for(const WeightMatrix& m, const BuildOptions& o) {
  CostRow row;
  row.rows = m.rows;
  row.cols = m.cols;
  row.tokens = o.tokens;
  return row;
}

// Whether the layer's least MACs are worth costing at all.
bool within_macs(const Candidate& c, const BuildOptions& o) {
  if (c.method == Method::kTtm) return true;  // above dense by nature (paper, section 3.2), and still a candidate
  const double dense = static_cast<double>(c.shape.elements()) * static_cast<double>(o.tokens);
  const PlannedPath best = optimal_path(factorized_linear_network(c.method, c.shape, c.ranks, o.tokens));
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

double mean_error(const Candidate& c, const Matrices& matrices, const BuildOptions& o) {
  DecomposeOptions options;
  options.seed = o.seed;
  options.threads = 1;
  options.max_iterations = o.iterations;
  double sum = 0;
  for (const WeightMatrix* m : matrices)
    sum += decompose(m->values, c.method, c.shape, c.ranks, options).relative_error;
  return sum / static_cast<double>(matrices.size());
}

CostRow cost_candidate(const Candidate& c, const Matrices& matrices, LayerCoster& coster, double clock_ghz,
                       const BuildOptions& o) {
  CostRow row = row_for(*matrices.front(), o);
  row.method = method_name(c.method);
  row.shape = shape_text(c.shape, c.method);
  row.rank = ranks_text(c.ranks);
  row.params = parameter_count(c.method, c.shape, c.ranks);
  row.ratio = static_cast<double>(row.params) / static_cast<double>(c.shape.elements());
  row.error = mean_error(c, matrices, o);
  predict_row(row, coster, clock_ghz, o);
  return row;
}

CostRow cost_dense(const WeightMatrix& m, LayerCoster& coster, double clock_ghz, const BuildOptions& o) {
  CostRow row = row_for(m, o);
  row.method = "dense";
  row.shape = size_name(m);
  row.params = m.rows * m.cols;
  predict_row(row, coster, clock_ghz, o);
  return row;
}

// A unit of work: all ranks of one shape (no method: the dense layer).
struct Task {
  Matrices matrices;
  bool dense;
  Method method;
  TensorShape shape;
  std::string name;
};

// The shard's, of the list whose length no shard changes.
std::vector<Task> list_tasks(const std::vector<WeightMatrix>& matrices, const BuildOptions& o,
                             const base::Shard& shard) {
  std::vector<Task> tasks;
  for (const Matrices& size : by_size(matrices)) {
    const WeightMatrix& m = *size.front();
    tasks.push_back({size, true, Method::kSvd, {{m.rows}, {m.cols}}, size_name(m) + " dense"});
    for (Method method : o.methods)
      for (const TensorShape& s : shape_candidates(method, m.rows, m.cols, o.candidates))
        tasks.push_back(
            {size, false, method, s, size_name(m) + " " + method_name(method) + " " + shape_text(s, method)});
  }
  std::vector<Task> mine;
  for (std::size_t t = 0; t < tasks.size(); ++t)
    if (shard.owns(t)) mine.push_back(std::move(tasks[t]));
  return mine;
}

// Fills one task; shared state behind a mutex.
class Worker {
 public:
  Worker(CostTable& table, std::mutex& mutex, const machines::simba::Machine& machine, const BuildOptions& options,
         const std::function<bool()>& stop)
      : table_(table),
        mutex_(mutex),
        clock_ghz_(machine.arch.clock_ghz),
        coster_(machine.arch, machine.energy, machine.calibration),
        options_(options),
        stop_(stop) {}

  void fill(const Task& task, BuildReport& report) {
    if (task.dense) {
      CostRow probe = row_for(*task.matrices.front(), options_);
      probe.method = "dense";
      probe.shape = size_name(*task.matrices.front());
      add(probe.key(), report, [&] { return cost_dense(*task.matrices.front(), coster_, clock_ghz_, options_); });
      return;
    }
    for (const Candidate& c : ladder_of(task)) {
      if (stop_()) return;
      CostRow probe = row_for(*task.matrices.front(), options_);
      probe.method = method_name(c.method);
      probe.shape = shape_text(c.shape, c.method);
      probe.rank = ranks_text(c.ranks);
      add(probe.key(), report, [&] { return cost_candidate(c, task.matrices, coster_, clock_ghz_, options_); });
    }
  }

 private:
  template <class Make>
  void add(const std::string& key, BuildReport& report, Make make) {
    {
      const std::lock_guard lock(mutex_);
      if (table_.has(key)) {
        ++report.reused;
        return;
      }
    }
    const CostRow row = make();
    const std::lock_guard lock(mutex_);
    table_.insert(row);
    ++report.computed;
  }

  std::vector<Candidate> ladder_of(const Task& task) {
    std::string name = "ladder " + task.name + " t" + std::to_string(options_.tokens) + " dense_macs " +
                       std::to_string(options_.max_dense_macs);
    for (double r : options_.candidates.ratios) name += " " + std::to_string(r);
    {
      const std::lock_guard lock(mutex_);
      if (const auto text = table_.note(name)) return parse_ladder(task, *text);
    }
    std::vector<Candidate> ladder =
        rank_ladder(task.matrices.front()->values, task.method, task.shape, options_.candidates);
    std::erase_if(ladder, [&](const Candidate& c) { return !within_macs(c, options_); });
    std::string text;
    for (const Candidate& c : ladder) text += ranks_text(c.ranks) + ";";
    const std::lock_guard lock(mutex_);
    table_.set_note(name, text);
    return ladder;
  }

  static std::vector<Candidate> parse_ladder(const Task& task, const std::string& text) {
    std::vector<Candidate> ladder;
    std::istringstream words(text);
    for (std::string word; std::getline(words, word, ';');)
      ladder.push_back({task.method, task.shape, parse_ranks(word, task.method, task.shape)});
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
  for (const Task& task : list_tasks(matrices, options, {})) names += ";" + task.name;
  return fingerprint(names);
}

std::int64_t add_candidates(CostTable& table, const std::vector<Candidate>& candidates,
                            const std::vector<WeightMatrix>& matrices, std::int64_t tokens, const spec::ArchSpec& arch,
                            const spec::EnergyTable& energy) {
  check_architecture(table, arch, energy);
  BuildOptions options = table_options(table);
  options.tokens = tokens;
  LayerCoster coster(arch, energy, table_calibration(table));
  const std::vector<Matrices> sizes = by_size(matrices);
  std::vector<CostRow> rows;
  for (const Candidate& c : candidates)
    for (const Matrices& size : sizes) {
      if (size.front()->rows != c.shape.rows() || size.front()->cols != c.shape.cols()) continue;
      CostRow probe = row_for(*size.front(), options);
      probe.method = method_name(c.method);
      probe.shape = shape_text(c.shape, c.method);
      probe.rank = ranks_text(c.ranks);
      const std::string key = probe.key();
      const bool here = std::any_of(rows.begin(), rows.end(), [&](const CostRow& r) { return r.key() == key; });
      if (!here && !table.has(key)) rows.push_back(cost_candidate(c, size, coster, arch.clock_ghz, options));
    }
  table.replace(rows);
  if (!rows.empty()) apply_measurements(table, {});
  return static_cast<std::int64_t>(rows.size());
}

BuildReport fill_table(CostTable& table, const std::vector<WeightMatrix>& matrices,
                       const machines::simba::Machine& machine, const BuildOptions& options,
                       const BuildControl& control) {
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
