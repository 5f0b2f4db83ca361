// heat-offline rank: the rank that a rule gives for a target ratio.
#include "base/config_reader.h"
#include "base/errors.h"
#include "offline/cli/command.h"
#include "offline/cli/matrix_file.h"
#include "offline/cli/method_help.h"
#include "offline/decompose/form_text.h"
#include "offline/decompose/rank_rules.h"

namespace heat::offline::cli {
namespace {

struct Options {
  std::string rule, method, shape, rounding = "round", fixed, json_out;
  double ratio = 0;
  MatrixOptions matrix;
  bool constant_rank = false;
};

bool parse(int argc, char** argv, Options& o) {
  namespace po = boost::program_options;
  po::options_description list("Options");
  auto add = list.add_options();
  add("rule", po::value(&o.rule)->required(),
      "tensorly: TensorLy's rule, exactly | fit: the largest ranks within the ratio | best: the ranks of lowest error "
      "within the ratio for --matrix");
  add("method", po::value(&o.method)->required(), (method_choices() + "; the tensorly rule also knows tt").c_str());
  add("shape", po::value(&o.shape)->required(), shape_help().c_str());
  add("ratio", po::value(&o.ratio)->required(), "parameters over dense parameters");
  add("rounding", po::value(&o.rounding)->default_value("round"),
      "round | floor | ceil (tensorly, where its rule has the option)");
  add("constant-rank", po::bool_switch(&o.constant_rank), "tensorly, tt: one rank for all");
  add("fixed-modes", po::value(&o.fixed), "tensorly, one rank a mode: modes left at full rank, such as 0,2");
  o.matrix.add_to(list);  // all of it for best; fit takes rows and columns
  add("json", po::value(&o.json_out), "write the result there (default: standard output)");
  const std::string method = default_method().name();
  po::variables_map values;
  return parse_options(
      argc, argv, list, "rank --rule R --method M --shape S --ratio X [--json O.json]",
      "  heat-offline rank --rule tensorly --method tt --shape 768x12x64 --ratio 0.4 --rounding floor\n"
      "  heat-offline rank --rule fit --method " +
          method + " --shape 768x12x64 --rows 768 --cols 768 --ratio 0.1\n  heat-offline rank --rule best --method " +
          method + " --shape 768x12x64 --ratio 0.4 --matrix W.bin --rows 768 --cols 768\n",
      values);
}

// All modes of "768x12x64" or "24x32,48x64".
std::vector<std::int64_t> all_modes(std::string text) {
  for (char& c : text)
    if (c == ',') c = 'x';
  return parse_list(text, 'x', "shape");
}

// The tensor train of a plain tensor has a rule, and no method.
TensorLyRule rule_named(const std::string& name) {
  if (name == "tt") return TensorLyRule::kTrain;
  return method_named(name).tensorly_rule();
}

// Modes such as "0,2" below `order`.
std::vector<std::size_t> fixed_modes(const std::string& text, std::size_t order) {
  std::vector<std::size_t> modes;
  std::size_t begin = 0;
  while (begin <= text.size()) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    const std::string word = text.substr(begin, end - begin);
    if (word.empty() || word.size() > 3 || word.find_first_not_of("0123456789") != std::string::npos ||
        std::stoul(word) >= order)
      throw base::ConfigError("--fixed-modes '" + text + "': '" + word + "' is no mode (0 to " +
                              std::to_string(order - 1) + ")");
    modes.push_back(std::stoul(word));
    begin = end + 1;
  }
  return modes;
}

RankChoice tensorly(const Options& o) {
  const TensorLyRule rule = rule_named(o.method);
  TensorLyOptions options;
  options.rounding = rounding_from_name(o.rounding);
  options.constant_rank = o.constant_rank;
  const std::vector<std::int64_t> modes = all_modes(o.shape);
  if (!o.fixed.empty()) {
    if (rule != TensorLyRule::kMultilinear)
      throw base::ConfigError("--fixed-modes: TensorLy's rule for " + o.method + " has no such option");
    options.fixed_modes = fixed_modes(o.fixed, modes.size());
  }
  if (o.constant_rank && rule != TensorLyRule::kTrain)
    throw base::ConfigError("--constant-rank: TensorLy's rule for " + o.method + " has no such option");
  if (rule == TensorLyRule::kTrainMatrix && options.rounding != Rounding::kRound)
    throw base::ConfigError("--rounding " + o.rounding + ": TensorLy's rule for " + o.method +
                            " has no rounding option, it rounds");
  return tensorly_ranks(rule, modes, o.ratio, options);
}

TensorShape shape_of(const Options& o, const Method& method) {
  if (o.matrix.rows != 0 || o.matrix.cols != 0) return parse_shape(o.shape, method, o.matrix.rows, o.matrix.cols);
  const std::vector<std::int64_t> modes = all_modes(o.shape);
  const std::size_t comma = o.shape.find(',');
  if (comma != std::string::npos) {
    const std::int64_t rows = product(all_modes(o.shape.substr(0, comma)));
    return parse_shape(o.shape, method, rows, product(modes) / rows);
  }
  if (modes.size() < 2) return parse_shape(o.shape, method, product(modes), 1);
  return parse_shape(o.shape, method, modes.front(), product(modes) / modes.front());  // the first mode as the rows
}

int run(const Options& o) {
  if (o.matrix.rows != 0 || o.matrix.cols != 0) check_matrix_size(o.matrix.rows, o.matrix.cols);
  RankChoice choice;
  if (o.rule == "tensorly") {
    choice = tensorly(o);
  } else if (o.rule == "fit") {
    const Method& method = method_named(o.method);
    choice = fitting_ranks(method, shape_of(o, method), o.ratio);
  } else if (o.rule == "best") {
    if (o.matrix.path.empty()) throw base::ConfigError("--rule best needs --matrix");
    const Method& method = method_named(o.method);
    const Matrix w = o.matrix.read();
    choice = best_ranks(w.data, method, parse_shape(o.shape, method, w.rows, w.cols), o.ratio);
  } else {
    const auto near = base::nearest_word(o.rule, {"tensorly", "fit", "best"});
    throw base::ConfigError("unknown rule '" + o.rule + "'" +
                            (near ? " (did you mean '" + *near + "'?)" : std::string()) +
                            ": expected tensorly, fit or best");
  }
  nlohmann::ordered_json out;
  out["rule"] = o.rule;
  out["method"] = o.method;
  out["shape"] = o.shape;
  out["ratio"] = o.ratio;
  if (o.rule == "tensorly") out["rounding"] = o.rounding;
  if (choice.ranks.size() == 1)
    out["rank"] = choice.ranks[0];
  else
    out["rank"] = choice.ranks;
  out["params"] = choice.params;
  out["achieved_ratio"] = choice.achieved_ratio;
  write_json(o.json_out, out);
  return base::kDone;
}

}  // namespace

int run_rank(int argc, char** argv) {
  Options options;
  return parse(argc, argv, options) ? run(options) : base::kDone;
}

}  // namespace heat::offline::cli
