// Work is dealt out by shape; every worker has its own layer coster, and rows are written one by one under a lock. A
// ladder of ranks is noted in the table once found, so that a resumed run decomposes nothing twice.
#include "offline/cost_table/build.h"

#include <algorithm>
#include <mutex>
#include <sstream>
#include <thread>

#include "base/errors.h"
#include "offline/cost_table/correct.h"
#include "offline/cost_table/provenance.h"
#include "offline/decompose/decomposition.h"
#include "offline/decompose/dense_kernels.h"
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

CostRow cost_candidate(const Candidate& c, const Matrices& matrices, mapper::LayerCoster& coster, double clock_ghz,
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

CostRow cost_dense(const WeightMatrix& m, mapper::LayerCoster& coster, double clock_ghz, const BuildOptions& o) {
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

std::vector<Task> list_tasks(const std::vector<WeightMatrix>& matrices, const BuildOptions& o) {
  std::vector<Task> tasks;
  for (const Matrices& size : by_size(matrices)) {
    const WeightMatrix& m = *size.front();
    tasks.push_back({size, true, Method::kSvd, {{m.rows}, {m.cols}}, size_name(m) + " dense"});
    for (Method method : o.methods)
      for (const TensorShape& s : shape_candidates(method, m.rows, m.cols, o.candidates))
        tasks.push_back(
            {size, false, method, s, size_name(m) + " " + method_name(method) + " " + shape_text(s, method)});
  }
  return tasks;
}

// Fills one task; shared state behind a mutex.
class Worker {
 public:
  Worker(CostTable& table, std::mutex& mutex, const spec::ArchSpec& arch, const spec::EnergyTable& energy,
         const machines::simba::Calibration& calibration, const BuildOptions& options, const std::atomic<bool>& stop)
      : table_(table),
        mutex_(mutex),
        clock_ghz_(arch.clock_ghz),
        coster_(arch, energy, calibration),
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
      if (stop_) return;
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
  mapper::LayerCoster coster_;
  const BuildOptions& options_;
  const std::atomic<bool>& stop_;
};

}  // namespace

std::int64_t add_candidates(CostTable& table, const std::vector<Candidate>& candidates,
                            const std::vector<WeightMatrix>& matrices, std::int64_t tokens, const spec::ArchSpec& arch,
                            const spec::EnergyTable& energy) {
  check_architecture(table, arch, energy);
  BuildOptions options = table_options(table);
  options.tokens = tokens;
  mapper::LayerCoster coster(arch, energy, table_calibration(table));
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

BuildReport fill_table(CostTable& table, const std::vector<WeightMatrix>& matrices, const spec::ArchSpec& arch,
                       const spec::EnergyTable& energy, const machines::simba::Calibration& calibration,
                       const BuildOptions& options, const BuildProgress& progress, const std::atomic<bool>& stop) {
  check_notes(table, matrices, arch, energy, calibration, options);
  const std::vector<Task> tasks = list_tasks(matrices, options);
  std::mutex mutex;
  std::atomic<std::size_t> next{0};
  std::size_t done = 0;
  BuildReport report;
  std::exception_ptr failure;
  const auto work = [&] {
    try {
      Worker worker(table, mutex, arch, energy, calibration, options, stop);
      for (std::size_t t = next++; t < tasks.size() && !stop; t = next++) {
        BuildReport mine;
        worker.fill(tasks[t], mine);
        const std::lock_guard lock(mutex);
        report.computed += mine.computed;
        report.reused += mine.reused;
        if (!stop && progress) progress(++done, tasks.size(), tasks[t].name);
      }
    } catch (...) {
      const std::lock_guard lock(mutex);
      if (!failure) failure = std::current_exception();
      next = tasks.size();
    }
  };
  std::vector<std::thread> workers;
  for (int i = 1; i < thread_count(options.threads); ++i) workers.emplace_back(work);
  work();
  for (auto& w : workers) w.join();
  if (failure) std::rethrow_exception(failure);
  report.stopped = stop;
  if (report.computed > 0) apply_measurements(table, {});  // new rows get the corrections of what was measured before
  return report;
}

}  // namespace heat::offline
