// Work is dealt out by shape; every worker has its own layer coster, and rows are written one by one under a lock. A
// ladder of ranks is noted in the table once found, so that a resumed run decomposes nothing twice.
#include "offline/cost_table/build.h"

#include <mutex>
#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>

#include "offline/decompose/decomposition.h"
#include "offline/decompose/dense_kernels.h"
#include "offline/path/optimal_path.h"
#include "spec/errors.h"

namespace heat::offline {
namespace {

std::string size_name(const WeightMatrix& m) {
  return std::to_string(m.rows) + "x" + std::to_string(m.cols);
}

// FNV-1a, in hex: enough to notice that an input changed.
std::string fingerprint(const void* data, std::size_t bytes) {
  std::uint64_t hash = 14695981039346656037ULL;
  for (std::size_t i = 0; i < bytes; ++i) hash = (hash ^ static_cast<const unsigned char*>(data)[i]) * 1099511628211ULL;
  std::ostringstream text;
  text << std::hex << hash;
  return text.str();
}
std::string fingerprint(const std::string& text) {
  return fingerprint(text.data(), text.size());
}

std::string path_text(const spec::ContractionPath& path) {
  std::string text = "[";
  for (const auto& [i, j] : path.steps)
    text += (text.size() > 1 ? "," : "") + ("[" + std::to_string(i) + "," + std::to_string(j) + "]");
  return text + "]";
}

std::string mapping_text(const mapper::LayerCost& cost) {
  std::string text;
  for (const auto& g : cost.groups) {
    if (!text.empty()) text += " | ";
    for (std::size_t n = 0; n < g.einsums.size(); ++n) text += (n ? " ; " : "") + g.einsums[n];
    text += " (step " + std::to_string(g.step) + ", " + g.bottleneck + ")";
  }
  return text;
}

void put_cost(CostRow& row, const NetworkCost& n, double clock_ghz) {
  row.feasible = n.cost.feasible;
  row.reason = n.cost.reason;
  row.einsum = n.einsum;
  row.path = n.path;
  row.mapping = n.mapping;
  row.macs = n.macs;
  row.energy_pj = n.cost.energy_pj;
  row.latency_ns = n.cost.cycles / clock_ghz;
  row.edp_js = n.cost.edp_js;
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

// A unit of work: all ranks of one shape (no method: the dense layer).
struct Task {
  const WeightMatrix* matrix;
  bool dense;
  Method method;
  TensorShape shape;
  std::string name;
};

std::vector<Task> list_tasks(const std::vector<WeightMatrix>& matrices, const BuildOptions& o) {
  std::vector<Task> tasks;
  for (const WeightMatrix& m : matrices) {
    tasks.push_back({&m, true, Method::kSvd, {{m.rows}, {m.cols}}, size_name(m) + " dense"});
    for (Method method : o.methods)
      for (const TensorShape& s : shape_candidates(method, m.rows, m.cols, o.candidates))
        tasks.push_back({&m, false, method, s, size_name(m) + " " + method_name(method) + " " + shape_text(s, method)});
  }
  return tasks;
}

// Fills one task; shared state behind a mutex.
class Worker {
 public:
  Worker(CostTable& table, std::mutex& mutex, const spec::ArchSpec& arch, const spec::EnergyTable& energy,
         const mapper::Calibration& calibration, const BuildOptions& options, const std::atomic<bool>& stop)
      : table_(table),
        mutex_(mutex),
        clock_ghz_(arch.clock_ghz),
        coster_(arch, energy, calibration),
        options_(options),
        stop_(stop) {}

  void fill(const Task& task, BuildReport& report) {
    if (task.dense) {
      CostRow probe = row_for(*task.matrix, options_);
      probe.method = "dense";
      probe.shape = size_name(*task.matrix);
      add(probe.key(), report, [&] { return cost_dense(*task.matrix, coster_, clock_ghz_, options_); });
      return;
    }
    for (const Candidate& c : ladder_of(task)) {
      if (stop_) return;
      CostRow probe = row_for(*task.matrix, options_);
      probe.method = method_name(c.method);
      probe.shape = shape_text(c.shape, c.method);
      probe.rank = ranks_text(c.ranks);
      add(probe.key(), report, [&] { return cost_candidate(c, *task.matrix, coster_, clock_ghz_, options_); });
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
    std::vector<Candidate> ladder = rank_ladder(task.matrix->values, task.method, task.shape, options_.candidates);
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

void check_note(CostTable& table, const std::string& name, const std::string& text) {
  const auto stored = table.note(name);
  if (stored && *stored != text)
    throw spec::ConfigError("the cost table was made with another " + name + ":\n    table: " + *stored +
                            "\n    now:   " + text + "\n  use another output folder");
  if (!stored) table.set_note(name, text);
}

void check_notes(CostTable& table, const std::vector<WeightMatrix>& matrices, const spec::ArchSpec& arch,
                 const spec::EnergyTable& energy, const mapper::Calibration& calibration, const BuildOptions& o) {
  check_note(table, "architecture", arch.name + " " + fingerprint(to_json(arch).dump() + to_json(energy).dump()));
  check_note(table, "calibration", fingerprint(to_json(calibration).dump()));
  check_note(table, "options",
             "iterations " + std::to_string(o.iterations) + ", paths " + std::to_string(o.paths) + ", max_path_macs " +
                 std::to_string(o.max_path_macs) + ", seed " + std::to_string(o.seed));
  for (const WeightMatrix& m : matrices)
    check_note(table, "matrix " + size_name(m),
               m.origin + " " + fingerprint(m.values.data(), m.values.size() * sizeof(double)));
}

}  // namespace

NetworkCost cost_network(const TensorNetwork& network, mapper::LayerCoster& coster, const BuildOptions& o) {
  NetworkCost best;
  double least_macs = 0;
  for (const PlannedPath& planned : k_best_paths(network, o.paths)) {
    const double macs = static_cast<double>(planned.online_macs);
    if (least_macs == 0) least_macs = macs;
    if (macs > o.max_path_macs * least_macs) break;
    const OnlinePlan plan = online_plan(network, planned);
    NetworkCost n;
    n.cost = coster.cost(plan.network.einsum, plan.path, plan.network.statics());
    n.einsum = plan.network.einsum.text();
    n.path = path_text(plan.path);
    n.mapping = mapping_text(n.cost);
    n.macs = macs;
    const bool first = best.path.empty();
    if (first || (n.cost.feasible && (!best.cost.feasible || n.cost.edp_js < best.cost.edp_js))) best = std::move(n);
  }
  return best;
}

CostRow cost_candidate(const Candidate& c, const WeightMatrix& m, mapper::LayerCoster& coster, double clock_ghz,
                       const BuildOptions& o) {
  CostRow row = row_for(m, o);
  row.method = method_name(c.method);
  row.shape = shape_text(c.shape, c.method);
  row.rank = ranks_text(c.ranks);
  row.params = parameter_count(c.method, c.shape, c.ranks);
  row.ratio = static_cast<double>(row.params) / static_cast<double>(c.shape.elements());
  DecomposeOptions decompose_options;
  decompose_options.seed = o.seed;
  decompose_options.threads = 1;
  decompose_options.max_iterations = o.iterations;
  row.error = decompose(m.values, c.method, c.shape, c.ranks, decompose_options).relative_error;
  put_cost(row, cost_network(factorized_linear_network(c.method, c.shape, c.ranks, o.tokens), coster, o), clock_ghz);
  return row;
}

CostRow cost_dense(const WeightMatrix& m, mapper::LayerCoster& coster, double clock_ghz, const BuildOptions& o) {
  CostRow row = row_for(m, o);
  row.method = "dense";
  row.shape = size_name(m);
  row.params = m.rows * m.cols;
  put_cost(row, cost_network(dense_linear_network(m.rows, m.cols, o.tokens), coster, o), clock_ghz);
  return row;
}

BuildReport fill_table(CostTable& table, const std::vector<WeightMatrix>& matrices, const spec::ArchSpec& arch,
                       const spec::EnergyTable& energy, const mapper::Calibration& calibration,
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
  return report;
}

}  // namespace heat::offline
