// heat-offline rank: the rank that a rule gives for a target ratio.
#include "base/config_reader.h"
#include "base/errors.h"
#include "offline/cli/command.h"
#include "offline/cli/matrix_file.h"
#include "offline/decompose/rank_rules.h"

namespace heat::offline::cli {
namespace {

struct Options {
  std::string rule, method, shape, rounding = "round", matrix, type = "f32", fixed, json_out;
  double ratio = 0;
  std::int64_t rows = 0, cols = 0;
  bool constant_rank = false;
};

bool parse(int argc, char** argv, Options& o) {
  namespace po = boost::program_options;
  po::options_description list("Options");
  auto add = list.add_options();
  add("rule", po::value(&o.rule)->required(),
      "tensorly: TensorLy's rule, exactly | fit: the largest ranks within the ratio | best: the ranks of lowest error "
      "within the ratio for --matrix");
  add("method", po::value(&o.method)->required(), "cp | tucker | ttm | svd; the tensorly rule also knows tt and tr");
  add("shape", po::value(&o.shape)->required(), "768x12x64, or 24x32,48x64 for ttm");
  add("ratio", po::value(&o.ratio)->required(), "parameters over dense parameters");
  add("rounding", po::value(&o.rounding)->default_value("round"), "round | floor | ceil (tensorly; ttm always rounds)");
  add("constant-rank", po::bool_switch(&o.constant_rank), "tensorly, tt: one rank for all");
  add("fixed-modes", po::value(&o.fixed), "tensorly, tucker: modes left at full rank, such as 0,2");
  add("rows", po::value(&o.rows), "rows of the matrix (fit, best)");
  add("cols", po::value(&o.cols), "columns of the matrix (fit, best)");
  add("matrix", po::value(&o.matrix), "best: the matrix, little-endian, row-major");
  add("dtype", po::value(&o.type)->default_value("f32"), "f32 | f64");
  add("json", po::value(&o.json_out), "write the result there (default: standard output)");
  po::variables_map values;
  return parse_options(
      argc, argv, list, "rank --rule R --method M --shape S --ratio X [--json O.json]",
      "  heat-offline rank --rule tensorly --method tucker --shape 768x12x64 --ratio 0.4 --rounding floor\n"
      "  heat-offline rank --rule fit --method ttm --shape 24x32,48x64 --rows 768 --cols 3072 --ratio 0.1\n"
      "  heat-offline rank --rule best --method tucker --shape 768x12x64 --ratio 0.4 --matrix W.bin --rows 768 --cols "
      "768\n",
      values);
}

// All modes of "768x12x64" or "24x32,48x64".
std::vector<std::int64_t> all_modes(std::string text) {
  for (char& c : text)
    if (c == ',') c = 'x';
  return parse_list(text, 'x', "shape");
}

RankChoice tensorly(const Options& o) {
  TensorLyOptions options;
  options.rounding = rounding_from_name(o.rounding);
  options.constant_rank = o.constant_rank;
  const std::vector<std::int64_t> modes = all_modes(o.shape);
  if (!o.fixed.empty()) {
    if (o.method != "tucker") throw base::ConfigError("--fixed-modes is for --method tucker");
    std::string text = o.fixed;
    std::size_t begin = 0;
    while (begin <= text.size()) {
      const std::size_t end = std::min(text.find(',', begin), text.size());
      const std::string word = text.substr(begin, end - begin);
      if (word.empty() || word.size() > 3 || word.find_first_not_of("0123456789") != std::string::npos ||
          std::stoul(word) >= modes.size())
        throw base::ConfigError("--fixed-modes '" + o.fixed + "': '" + word + "' is no mode (0 to " +
                                std::to_string(modes.size() - 1) + ")");
      options.fixed_modes.push_back(std::stoul(word));
      begin = end + 1;
    }
  }
  if (o.constant_rank && o.method != "tt") throw base::ConfigError("--constant-rank is for --method tt");
  if (o.method == "tt") return tensorly_ranks(RankFormat::kTensorTrain, modes, o.ratio, options);
  if (o.method == "tr") return tensorly_ranks(RankFormat::kTensorRing, modes, o.ratio, options);
  switch (method_from_name(o.method)) {
    case Method::kCp:
    case Method::kSvd:
      return tensorly_ranks(RankFormat::kCp, modes, o.ratio, options);
    case Method::kTucker:
      return tensorly_ranks(RankFormat::kTucker, modes, o.ratio, options);
    case Method::kTtm:
      if (options.rounding != Rounding::kRound)
        throw base::ConfigError("--rounding " + o.rounding + ": TensorLy's ttm rule has no rounding option, it rounds");
      return tensorly_ranks(RankFormat::kTensorTrainMatrix, modes, o.ratio);
  }
  throw std::logic_error("unknown method");
}

TensorShape shape_of(const Options& o, Method method) {
  if (o.rows > 0 || o.cols > 0) return parse_shape(o.shape, method, o.rows, o.cols);
  const std::vector<std::int64_t> modes = all_modes(o.shape);
  const std::size_t comma = o.shape.find(',');
  if (comma != std::string::npos) {
    const std::int64_t rows = product(all_modes(o.shape.substr(0, comma)));
    return parse_shape(o.shape, method, rows, product(modes) / rows);
  }
  if (method == Method::kTtm || modes.size() < 2) return parse_shape(o.shape, method, product(modes), 1);
  return {{modes.front()}, {modes.begin() + 1, modes.end()}};  // where rows end does not matter for cp and tucker
}

int run(const Options& o) {
  RankChoice choice;
  if (o.rule == "tensorly") {
    choice = tensorly(o);
  } else if (o.rule == "fit") {
    const Method method = method_from_name(o.method);
    choice = fitting_ranks(method, shape_of(o, method), o.ratio);
  } else if (o.rule == "best") {
    if (o.matrix.empty() || o.rows < 1 || o.cols < 1)
      throw base::ConfigError("--rule best needs --matrix, --rows and --cols");
    const Method method = method_from_name(o.method);
    const TensorShape shape = parse_shape(o.shape, method, o.rows, o.cols);
    choice = best_ranks(read_matrix(o.matrix, o.rows, o.cols, o.type), method, shape, o.ratio);
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
