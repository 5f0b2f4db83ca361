// heat-offline decompose: one matrix, one method, one shape, one rank or one error.
#include <chrono>
#include <ctime>

#include "base/errors.h"
#include "offline/cli/command.h"
#include "offline/cli/matrix_file.h"
#include "offline/cli/method_help.h"
#include "offline/decompose/error_target.h"
#include "offline/decompose/form_text.h"
#include "offline/model/safetensors.h"

namespace heat::offline::cli {
namespace {

struct Options {
  std::string method, shape, rank, out, json_out;
  MatrixOptions matrix;
  double error = 0;
  DecomposeOptions decompose;
};

bool parse(int argc, char** argv, Options& o) {
  namespace po = boost::program_options;
  po::options_description list("Options");
  o.matrix.add_to(list);
  auto add = list.add_options();
  add("method", po::value(&o.method)->required(), method_choices().c_str());
  add("shape", po::value(&o.shape)->default_value(""), shape_help().c_str());
  add("rank", po::value(&o.rank), rank_help().c_str());
  add("error", po::value(&o.error), "in place of --rank: the relative error to stay below with the fewest parameters");
  add("seed", po::value(&o.decompose.seed)->default_value(1), "of random starting points");
  add("restarts", po::value(&o.decompose.restarts)->default_value(1),
      "starting points followed to their ends, of which the best counts (where a method has random ones)");
  add("iterations", po::value(&o.decompose.max_iterations)->default_value(0), "at most (0: the method's default)");
  add("tolerance", po::value(&o.decompose.tolerance)->default_value(0),
      "stop when further iterations promise less error than this to gain (0: the method's default)");
  add("threads", po::value(&o.decompose.threads)->default_value(0), "0: all cores; does not change the result");
  add("out", po::value(&o.out), "write the factors there (safetensors, F64)");
  add("json", po::value(&o.json_out), "write the result there (default: standard output)");
  po::variables_map values;
  return parse_options(argc, argv, list,
                       "decompose --matrix F.bin --rows R --cols C --method M --shape S --rank K [--out F.safetensors] "
                       "[--json O.json]",
                       decompose_examples(), values);
}

constexpr int kMostRestarts = 1'000'000, kMostThreads = 4096;

void check(const Options& o) {
  base::Problems problems;
  const DecomposeOptions& d = o.decompose;
  if (o.matrix.path.empty()) problems.add("--matrix", "missing: expected a file");
  if (o.rank.empty() == (o.error == 0)) problems.add("--rank, --error", "expected one of them");
  if (!(o.error >= 0)) problems.add("--error " + std::to_string(o.error), "expected above 0");
  if (d.restarts < 1 || d.restarts > kMostRestarts)
    problems.add("--restarts " + std::to_string(d.restarts), "expected 1 to " + std::to_string(kMostRestarts));
  if (d.max_iterations < 0) problems.add("--iterations " + std::to_string(d.max_iterations), "expected 0 or more");
  if (!(d.tolerance >= 0)) problems.add("--tolerance " + std::to_string(d.tolerance), "expected 0 or more");
  if (d.threads < 0 || d.threads > kMostThreads)
    problems.add("--threads " + std::to_string(d.threads), "expected 0 to " + std::to_string(kMostThreads));
  problems.throw_if_any();
}

double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

// The cores under their names, and "weights" where there are any.
void write_factors(const std::string& path, const DecomposeResult& r) {
  const Form& form = r.decomposition.form;
  Safetensors file;
  file.metadata = {{"method", form.method},
                   {"shape", shape_text(form)},
                   {"rank", ranks_text(form.ranks)},
                   {"relative_error", nlohmann::json(r.relative_error).dump()}};
  for (const Core& core : r.decomposition.cores)
    file.tensors[core.name] = RawTensor::from_doubles(core.data, core.dims);
  const std::vector<double>& weights = r.decomposition.weights;
  if (!weights.empty())
    file.tensors["weights"] = RawTensor::from_doubles(weights, {static_cast<std::int64_t>(weights.size())});
  file.save(path);
}

DecomposeResult decomposed(const Options& o, const Method& method, const Matrix& w) {
  Form form = spec::dense_form(w.rows, w.cols);
  form.method = o.method;
  if (!o.shape.empty()) form.shape = parse_shape(o.shape, method, w.rows, w.cols);
  try {
    if (o.rank.empty()) return decompose_to_error(w.data, method, form.shape, o.error, o.decompose);
    form.ranks = parse_ranks(o.rank, method, form.shape);
    return decompose(w.data, form, o.decompose);
  } catch (const base::ConfigError& e) {
    throw base::ConfigError(o.matrix.path + ": " + e.what());
  }
}

int run(const Options& o) {
  check(o);
  const Method& method = method_named(o.method);
  if (o.shape.empty() && method.tensorization() != Tensorization::kMatrix)
    throw base::ConfigError("--shape is required for " + o.method);
  const Matrix w = o.matrix.read();

  const auto wall_begin = std::chrono::steady_clock::now();
  const double cpu_begin = cpu_seconds();
  const DecomposeResult r = decomposed(o, method, w);
  const double cpu = cpu_seconds() - cpu_begin;
  const double wall = std::chrono::duration<double>(std::chrono::steady_clock::now() - wall_begin).count();

  if (!o.out.empty()) write_factors(o.out, r);
  nlohmann::ordered_json out;
  out["matrix"] = o.matrix.path;
  if (!o.matrix.tensor.empty()) out["tensor"] = o.matrix.tensor;
  out["rows"] = w.rows;
  out["cols"] = w.cols;
  out["method"] = o.method;
  out["shape"] = shape_text(r.decomposition.form);
  out["rank"] = ranks_text(r.decomposition.form.ranks);
  out["seed"] = o.decompose.seed;
  out["relative_error"] = r.relative_error;
  out["params"] = parameter_count(r.decomposition.form);
  out["ratio"] = parameter_ratio(r.decomposition.form);
  out["iterations"] = r.iterations;
  out["cpu_s"] = cpu;
  out["wall_s"] = wall;
  if (!o.out.empty()) out["factors"] = o.out;
  write_json(o.json_out, out);
  return base::kDone;
}

}  // namespace

int run_decompose(int argc, char** argv) {
  Options options;
  return parse(argc, argv, options) ? run(options) : base::kDone;
}

}  // namespace heat::offline::cli
