// heat-offline decompose: one matrix, one method, one shape, one rank.
#include <chrono>
#include <ctime>

#include "base/errors.h"
#include "offline/cli/command.h"
#include "offline/cli/matrix_file.h"
#include "offline/cli/method_help.h"
#include "offline/decompose/decomposition.h"
#include "offline/decompose/form_text.h"

namespace heat::offline::cli {
namespace {

struct Options {
  std::string matrix, method, shape, rank, type = "f32", json_out;
  std::int64_t rows = 0, cols = 0;
  DecomposeOptions decompose;
};

bool parse(int argc, char** argv, Options& o) {
  namespace po = boost::program_options;
  po::options_description list("Options");
  auto add = list.add_options();
  add("matrix", po::value(&o.matrix)->required(), "little-endian numbers, row-major [rows, cols]");
  add("rows", po::value(&o.rows)->required(), "rows (output features)");
  add("cols", po::value(&o.cols)->required(), "columns (input features)");
  add("method", po::value(&o.method)->required(), method_choices().c_str());
  add("shape", po::value(&o.shape)->default_value(""), shape_help().c_str());
  add("rank", po::value(&o.rank)->required(), rank_help().c_str());
  add("dtype", po::value(&o.type)->default_value("f32"), "f32 | f64");
  add("seed", po::value(&o.decompose.seed)->default_value(1), "of random starting points");
  add("restarts", po::value(&o.decompose.restarts)->default_value(1), "starting points tried, the best goes on");
  add("iterations", po::value(&o.decompose.max_iterations)->default_value(0), "at most (0: the method's default)");
  add("tolerance", po::value(&o.decompose.tolerance)->default_value(0),
      "stop when an iteration gains less (0: the method's default)");
  add("threads", po::value(&o.decompose.threads)->default_value(0), "0: all cores; does not change the result");
  add("json", po::value(&o.json_out), "write the result there (default: standard output)");
  po::variables_map values;
  return parse_options(argc, argv, list,
                       "decompose --matrix F.bin --rows R --cols C --method M --shape S --rank K [--json O.json]",
                       decompose_examples(), values);
}

void check(const Options& o) {
  base::Problems problems;
  const DecomposeOptions& d = o.decompose;
  if (d.restarts < 1) problems.add("--restarts " + std::to_string(d.restarts), "expected at least 1");
  if (d.max_iterations < 0) problems.add("--iterations " + std::to_string(d.max_iterations), "expected 0 or more");
  if (!(d.tolerance >= 0)) problems.add("--tolerance " + std::to_string(d.tolerance), "expected 0 or more");
  if (d.threads < 0) problems.add("--threads " + std::to_string(d.threads), "expected 0 or more");
  problems.throw_if_any();
}

double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

int run(const Options& o) {
  check(o);
  const Method& method = method_named(o.method);
  if (o.shape.empty() && method.tensorization() != Tensorization::kMatrix)
    throw base::ConfigError("--shape is required for " + o.method);
  Form form = spec::dense_form(o.rows, o.cols);
  form.method = o.method;
  if (!o.shape.empty()) form.shape = parse_shape(o.shape, method, o.rows, o.cols);
  form.ranks = parse_ranks(o.rank, method, form.shape);
  const std::vector<double> w = read_matrix(o.matrix, o.rows, o.cols, o.type);

  const auto wall_begin = std::chrono::steady_clock::now();
  const double cpu_begin = cpu_seconds();
  DecomposeResult r;
  try {
    r = decompose(w, form, o.decompose);
  } catch (const base::ConfigError& e) {
    throw base::ConfigError(o.matrix + ": " + e.what());
  }
  const double cpu = cpu_seconds() - cpu_begin;
  const double wall = std::chrono::duration<double>(std::chrono::steady_clock::now() - wall_begin).count();

  nlohmann::ordered_json out;
  out["matrix"] = o.matrix;
  out["rows"] = o.rows;
  out["cols"] = o.cols;
  out["method"] = o.method;
  out["shape"] = shape_text(form);
  out["rank"] = ranks_text(r.decomposition.form.ranks);
  out["seed"] = o.decompose.seed;
  out["relative_error"] = r.relative_error;
  out["params"] = parameter_count(r.decomposition.form);
  out["ratio"] = parameter_ratio(r.decomposition.form);
  out["iterations"] = r.iterations;
  out["cpu_s"] = cpu;
  out["wall_s"] = wall;
  write_json(o.json_out, out);
  return base::kDone;
}

}  // namespace

int run_decompose(int argc, char** argv) {
  Options options;
  return parse(argc, argv, options) ? run(options) : base::kDone;
}

}  // namespace heat::offline::cli
