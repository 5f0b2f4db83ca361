// heat-offline cost-table: level 1, the table of shape-rank pairs for every matrix size of a model.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <sstream>

#include "base/atomic_file.h"
#include "base/errors.h"
#include "base/jobs/interrupt.h"
#include "offline/cli/command.h"
#include "offline/cli/matrix_file.h"
#include "offline/cli/method_help.h"
#include "offline/cost_table/build.h"
#include "offline/cost_table/correct.h"
#include "offline/cost_table/parts.h"

namespace heat::offline::cli {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

struct Options {
  std::string model_config, arch, methods = default_table_methods(), out, calibration, ratios = "0.1,0.2,0.3,0.4",
                                  rank_rule = "best", json_out;
  std::vector<std::string> matrices;
  BuildOptions build;
  SelectionLimits limits;
  bool resume = false;
  JobsArguments jobs_arguments;
  base::JobsOption jobs;
  base::Shard shard;
  std::vector<std::string> command_line;
};

bool parse(int argc, char** argv, Options& o) {
  namespace po = boost::program_options;
  po::options_description list("Options");
  auto add = list.add_options();
  add("model-config", po::value(&o.model_config)->required(), "Hugging Face config.json (BERT, DistilBERT): the sizes");
  add("arch", po::value(&o.arch)->required(), "architecture, YAML");
  add("seq-len", po::value(&o.build.tokens)->required(), "tokens of one inference");
  add("methods", po::value(&o.methods)->default_value(o.methods),
      ("any of " + method_choices() + ", joined by commas; dense is always there").c_str());
  add("out", po::value(&o.out)->required(), "folder for cost_table.sqlite and front.json");
  add("resume", po::bool_switch(&o.resume), "go on with the table in --out: only what is missing is computed");
  add("matrix", po::value(&o.matrices)->composing(),
      "768x768=W.bin: weights of that size to measure errors on (float32, row-major); may be repeated. "
      "Without it a seeded synthetic matrix");
  add("ratios", po::value(&o.ratios)->default_value(o.ratios), "the ladder of parameter ratios");
  add("rank-rule", po::value(&o.rank_rule)->default_value(o.rank_rule),
      "best: the ranks of lowest error within a ratio | tensorly: TensorLy's within it (the paper's R(TensorLy))");
  add("top-k", po::value(&o.build.candidates.top_k)->default_value(2),
      "shapes of largest entropy a pair of axis counts");
  add("max-side-axes", po::value(&o.build.candidates.max_side_axes)->default_value(3), "most row modes, column modes");
  add("max-axes", po::value(&o.build.candidates.max_axes)->default_value(4),
      "most modes in all, where rows and columns are not paired");
  add("iterations", po::value(&o.build.iterations)->default_value(10), "of iterative methods, per candidate");
  add("paths", po::value(&o.build.paths)->default_value(3), "least contraction paths costed; the best EDP stays");
  add("max-ratio", po::value(&o.limits.max_ratio)->default_value(0.5), "s*: parameters at most");
  add("max-edp-ratio", po::value(&o.limits.max_edp_ratio)->default_value(1.0),
      "s*: EDP over the dense layer's at most");
  add("calibration", po::value(&o.calibration), "fitted parameters, JSON (heat-offline calibrate)");
  add("seed", po::value(&o.build.seed)->default_value(1), "of synthetic matrices and decompositions");
  add("threads", po::value(&o.build.threads), "the same as --jobs threads:N; 0: all cores");
  add("json", po::value(&o.json_out), "write the summary there (default: standard output)");
  o.jobs_arguments.add_to(list);
  o.command_line.assign(argv, argv + argc);
  po::variables_map values;
  return parse_options(
      argc, argv, list, "cost-table --model-config config.json --arch A.yaml --seq-len N --out DIR [options]",
      std::string("  heat-offline cost-table --model-config model/config.json --arch configs/arch/simba-l.yaml "
                  "--seq-len 384 --out table\n"
                  "  heat-offline cost-table --model-config model/config.json --arch configs/arch/simba-l.yaml "
                  "--seq-len 384 \\\n      --out table --resume\n"
                  "  heat-offline cost-table --model-config tiny/config.json --arch configs/arch/simba.yaml "
                  "--seq-len 128 \\\n      --methods ") +
          default_method().name() +
          " --ratios 0.1,0.3 --top-k 1 --matrix 128x128=query.bin --out table\n"
          "  heat-offline cost-table --model-config model/config.json --arch configs/arch/simba-l.yaml --seq-len 384 "
          "\\\n      --out table --jobs slurm:32 --slurm-options \"--partition=long\"\n"
          "  heat-offline cost-table ... --out table --shard 1/2    (elsewhere 2/2; then heat-offline merge --out "
          "table)\n",
      values);
}

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::istringstream words(text);
  for (std::string word; std::getline(words, word, separator);) parts.push_back(word);
  return parts;
}

// The options that are text, checked; all problems at once.
void resolve(Options& o) {
  base::Problems problems;
  o.build.methods.clear();
  for (const std::string& name : split(o.methods, ',')) {
    if (name == Form::kDense) continue;
    try {
      o.build.methods.push_back(&method_named(name));
    } catch (const base::ConfigError& e) {
      problems.add("--methods", e.what());
    }
  }
  o.build.candidates.ratios.clear();
  for (const std::string& word : split(o.ratios, ',')) {
    std::istringstream text(word);
    double ratio = 0;
    if (!(text >> ratio) || !text.eof() || !(ratio > 0) || ratio > 1)
      problems.add("--ratios", "'" + word + "': expected numbers above 0 up to 1, joined by ','");
    else
      o.build.candidates.ratios.push_back(ratio);
  }
  if (o.rank_rule == "tensorly")
    o.build.candidates.rank_rule = RankRule::kTensorLy;
  else if (o.rank_rule != "best")
    problems.add("--rank-rule", "'" + o.rank_rule + "': expected best or tensorly");
  const auto at_least = [&](const char* name, double value, double least) {
    if (!(value >= least))
      problems.add(name, std::to_string(value) + ": expected at least " + std::to_string(static_cast<int>(least)));
  };
  at_least("--seq-len", static_cast<double>(o.build.tokens), 1);
  at_least("--top-k", o.build.candidates.top_k, 1);
  at_least("--max-side-axes", o.build.candidates.max_side_axes, 1);
  at_least("--max-axes", o.build.candidates.max_axes, 2);
  at_least("--iterations", o.build.iterations, 1);
  at_least("--paths", o.build.paths, 1);
  at_least("--threads", o.build.threads, 0);
  at_least("--max-ratio", o.limits.max_ratio, 0);
  at_least("--max-edp-ratio", o.limits.max_edp_ratio, 0);
  if (o.build.threads != 0 && !o.jobs_arguments.jobs.empty()) problems.add("--threads", "expected without --jobs");
  problems.throw_if_any();
  o.jobs = o.jobs_arguments.resolve_jobs({base::JobsBackend::kThreads, o.build.threads, {}});
  o.shard = o.jobs_arguments.resolve_shard();
  if (!o.shard.is_whole() && o.jobs.backend != base::JobsBackend::kThreads)
    throw base::ConfigError("--shard: a part is done by this process: expected --jobs threads[:N] or none");
  o.build.threads = o.jobs.own_threads();
}

// The sizes [out, in] of an encoder's linear layers.
std::vector<std::pair<std::int64_t, std::int64_t>> model_sizes(const std::string& path) {
  const json config = json::parse(base::read_file(path), nullptr, false);
  if (!config.is_object()) throw base::ConfigError(path + ": not a JSON object");
  base::Problems problems;
  const auto size = [&](const char* key, const char* other) -> std::int64_t {
    for (const char* k : {key, other})
      if (config.contains(k)) {
        if (config[k].is_number_integer() && config[k].get<std::int64_t>() > 1) return config[k].get<std::int64_t>();
        problems.add(path + ": " + k, config[k].dump() + ": expected an integer above 1");
        return 2;
      }
    problems.add(path + ": " + key, "missing (or " + std::string(other) + ")");
    return 2;
  };
  const std::int64_t hidden = size("hidden_size", "dim"), inner = size("intermediate_size", "hidden_dim");
  problems.throw_if_any();
  std::vector<std::pair<std::int64_t, std::int64_t>> sizes = {{hidden, hidden}};
  if (inner != hidden) sizes.insert(sizes.end(), {{inner, hidden}, {hidden, inner}});
  return sizes;
}

std::vector<WeightMatrix> load_matrices(const Options& o) {
  std::vector<WeightMatrix> matrices;
  for (const auto& [rows, cols] : model_sizes(o.model_config))
    matrices.push_back(synthetic_weight(rows, cols, o.build.seed));
  for (const std::string& text : o.matrices) {
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos) throw base::ConfigError("--matrix '" + text + "': expected ROWSxCOLS=FILE");
    const std::vector<std::int64_t> size = parse_list(text.substr(0, equals), 'x', "--matrix");
    const auto same = std::find_if(matrices.begin(), matrices.end(), [&](const WeightMatrix& m) {
      return size.size() == 2 && m.rows == size[0] && m.cols == size[1];
    });
    if (same == matrices.end())
      throw base::ConfigError("--matrix '" + text + "': the model has no matrix of that size");
    const std::string file = text.substr(equals + 1);
    WeightMatrix given{size[0], size[1], read_matrix(file, size[0], size[1], "f32"),
                       std::filesystem::path(file).filename().string()};
    if (same->origin == "synthetic")
      *same = std::move(given);
    else
      matrices.push_back(std::move(given));  // errors are means over them
  }
  return matrices;
}

BuildControl control_of(const Options& o) {
  BuildControl control;
  control.shard = o.shard;
  control.progress = [](std::size_t done, std::size_t all, const std::string& name) {
    std::fprintf(stderr, "[%3zu/%zu] %s\n", done, all, name.c_str());
  };
  return control;
}

[[noreturn]] void throw_stopped(const BuildReport& report) {
  throw base::Error("stopped after " + std::to_string(report.computed) + " new rows; run again with --resume to go on");
}

// What the command says of the complete table.
ordered_json summarize(const Options& o, std::size_t rows, const BuildReport& report) {
  const ordered_json front = ordered_json::parse(base::read_file(front_file(o.out)));
  ordered_json summary;
  summary["table"] = table_file(o.out);
  summary["front"] = front_file(o.out);
  summary["rows"] = rows;
  summary["computed"] = report.computed;
  summary["reused"] = report.reused;
  summary["sizes"] = ordered_json::array();
  for (const auto& size : front["sizes"]) {
    ordered_json entry = {{"rows", size["rows"]},
                          {"cols", size["cols"]},
                          {"candidates", size["candidates"]},
                          {"front", size["front"].size()},
                          {"dense_edp_js", size["dense"]["edp_js"]}};
    for (const char* rule : {"s_star", "s_star_edp"})
      for (const auto& [method, row] : size[rule].items())
        entry[rule][method] = {{"shape", row["shape"]},
                               {"rank", row["rank"]},
                               {"ratio", row["ratio"]},
                               {"error", row["error"]},
                               {"edp_js", row["edp_js"]}};
    summary["sizes"].push_back(entry);
  }
  return summary;
}

// The shard's rows, for heat-offline merge.
ordered_json fill_part(const Options& o, const machines::Machine& machine, const std::vector<WeightMatrix>& matrices) {
  CostTable part = open_part(o.out, o.shard);
  const BuildReport report = fill_table(part, matrices, machine, o.build, control_of(o));
  if (report.stopped) throw_stopped(report);
  note_part_done(part, o.shard, work_name(matrices, o.build), o.limits);
  return {{"shard", o.shard.text()}, {"computed", report.computed}, {"reused", report.reused}};
}

// All rows: those of parts, where there are any, and what is missing then.
ordered_json fill_whole(const Options& o, const machines::Machine& machine, const std::vector<WeightMatrix>& matrices) {
  if (o.jobs.backend != base::JobsBackend::kThreads)
    run_shards(o.command_line, {"--jobs", "--slurm-options", "--json", "--threads"}, o.jobs, o.out + "/array");
  BuildReport report;
  std::size_t rows = 0;
  {
    CostTable table = CostTable::open(table_file(o.out));
    const std::int64_t taken = take_over_parts(table, o.out);
    report = fill_table(table, matrices, machine, o.build, control_of(o));
    if (report.stopped) throw_stopped(report);
    if (taken > 0 && report.computed == 0) apply_measurements(table, {});
    report.computed += taken;
    report.reused -= taken;
    rows = table.rows().size();
  }
  finish_table(o.out, o.limits);
  return summarize(o, rows, report);
}

int run(Options& o) {
  resolve(o);
  base::Problems problems;
  const spec::ArchSpec arch = spec::ArchSpec::load(o.arch, problems);
  problems.throw_if_any();
  const spec::EnergyTable energy = spec::EnergyTable::load(arch.energy_config);
  const std::unique_ptr<machines::Machine> machine = machine_of(arch, energy, o.calibration);
  const std::vector<WeightMatrix> matrices = load_matrices(o);
  if (std::filesystem::exists(table_file(o.out)) && !o.resume)
    throw base::ConfigError(table_file(o.out) + " exists: pass --resume to go on with it, or another --out");
  std::filesystem::create_directories(o.out);
  base::catch_interrupts();
  std::cerr << "cost table for " << arch.name << ", " << o.build.tokens << " tokens, seed " << o.build.seed << ": "
            << table_file(o.out) << "\n";
  write_json(o.json_out, o.shard.is_whole() ? fill_whole(o, *machine, matrices) : fill_part(o, *machine, matrices));
  return base::kDone;
}

}  // namespace

int run_cost_table(int argc, char** argv) {
  Options options;
  return parse(argc, argv, options) ? run(options) : base::kDone;
}

}  // namespace heat::offline::cli
