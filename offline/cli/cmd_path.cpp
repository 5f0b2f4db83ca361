// heat-offline path: contraction paths of least cost for a list of einsums.
#include <ctime>
#include <iostream>

#include "base/atomic_file.h"
#include "base/errors.h"
#include "offline/cli/command.h"
#include "offline/path/optimal_path.h"

namespace heat::offline::cli {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

struct Options {
  std::string spec, json_out, precompute = "shrinking";
  int best = 1;
};

bool parse(int argc, char** argv, Options& o) {
  namespace po = boost::program_options;
  po::options_description list("Options");
  auto add = list.add_options();
  add("spec", po::value(&o.spec)->required(),
      "JSON: {\"cases\": [{\"id\", \"equation\", \"sizes\": {index: size}, \"static\": [operand, ...]?}]}; paths are "
      "exact up "
      "to 22 operands, up to 64 near the least, with a lower bound");
  add("json", po::value(&o.json_out), "write the result there (default: standard output)");
  add("best", po::value(&o.best)->default_value(1),
      "also list this many least paths, distinct, in order of cost (up to 22 operands)");
  add("precompute", po::value(&o.precompute)->default_value("shrinking"),
      "static nodes made before inference: never | shrinking (where storage does not grow) | below-whole (all but the "
      "whole matrix) | always");
  po::variables_map values;
  return parse_options(
      argc, argv, list, "path --spec S.json [--json O.json]",
      "  echo '{\"cases\": [{\"id\": \"layer\", \"equation\": \"bc,a,da,ea,ca->bde\", \"static\": [1, 2, 3, 4],\n"
      "    \"sizes\": {\"a\": 280, \"b\": 384, \"c\": 768, \"d\": 12, \"e\": 64}}]}' > S.json\n"
      "  heat-offline path --spec S.json\n"
      "  heat-offline path --spec S.json --best 5 --precompute never --json O.json\n",
      values);
}

double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

[[noreturn]] void wrong(const std::string& what) {
  throw base::ConfigError(what);
}

std::map<spec::Index, std::int64_t> read_sizes(const json& entry) {
  if (!entry.contains("sizes") || !entry["sizes"].is_object()) wrong("'sizes' must map every index to its size");
  std::map<spec::Index, std::int64_t> sizes;
  for (const auto& [index, size] : entry["sizes"].items()) {
    if (!size.is_number_integer() || size.get<std::int64_t>() < 1)
      wrong("size of index '" + index + "' is " + size.dump() + ", expected an integer from 1 to 2^63 - 1");
    sizes[index] = size.get<std::int64_t>();
  }
  return sizes;
}

TensorNetwork read_network(const json& entry) {
  for (const auto& [key, value] : entry.items())
    if (key != "id" && key != "equation" && key != "sizes" && key != "static")
      wrong("unknown key '" + key + "' (expected id, equation, sizes, static)");
  if (!entry.contains("equation") || !entry["equation"].is_string())
    wrong("'equation' must be a text such as \"ab,bc->ac\"");
  std::vector<int> statics;
  const json listed = entry.value("static", json::array());
  if (!listed.is_array()) wrong("'static' must be a list of operand numbers");
  for (const json& s : listed) {
    if (!s.is_number_integer() || s.get<std::int64_t>() != s.get<int>())
      wrong("static operand " + s.dump() + ": expected an operand number");
    statics.push_back(s.get<int>());
  }
  return network_from_equation(entry["equation"].get<std::string>(), read_sizes(entry), statics);
}

ordered_json path_json(const PlannedPath& planned) {
  ordered_json steps = ordered_json::array();
  for (const auto& [i, j] : planned.path.steps) steps.push_back({i, j});
  return steps;
}

ordered_json case_json(const json& entry, const TensorNetwork& network, const Options& o) {
  const double begin = cpu_seconds();
  const BoundedPath found = least_known_path(network, precompute_from_name(o.precompute));
  const PlannedPath& planned = found.planned;
  const double cpu = cpu_seconds() - begin;
  ordered_json out;
  out["id"] = entry.value("id", json());
  out["path"] = path_json(planned);
  out["macs"] = planned.macs;
  out["exact"] = found.exact;
  if (!found.exact) {
    out["lower_bound"] = found.lower_bound;
    out["gap"] = found.gap();
  }
  out["largest_intermediate"] = planned.largest_intermediate;
  out["cpu_s"] = cpu;
  if (entry.contains("static")) {
    out["online_macs"] = planned.online_macs;
    out["precomputed_elements"] = planned.precomputed_elements;
    ordered_json before = ordered_json::array();
    for (std::size_t s = 0; s < planned.steps.size(); ++s)
      if (planned.steps[s].precomputed) before.push_back(s);
    out["precomputed_steps"] = before;
  }
  if (o.best > 1) {
    out["best"] = ordered_json::array();
    for (const PlannedPath& p : k_best_paths(network, o.best, precompute_from_name(o.precompute)))
      out["best"].push_back({{"path", path_json(p)},
                             {"macs", p.macs},
                             {"online_macs", p.online_macs},
                             {"largest_intermediate", p.largest_intermediate}});
  }
  return out;
}

int run(const Options& o) {
  precompute_from_name(o.precompute);
  if (o.best < 1) wrong("--best " + std::to_string(o.best) + ": expected at least 1");
  const json spec = json::parse(base::read_file(o.spec), nullptr, false);
  if (spec.is_discarded()) wrong(o.spec + ": not valid JSON");
  if (!spec.is_object() || !spec.contains("cases") || !spec["cases"].is_array() || spec["cases"].empty())
    wrong(o.spec + ": expected {\"cases\": [...]} with at least one case");
  base::Problems problems;
  ordered_json result;
  result["cases"] = ordered_json::array();
  for (std::size_t k = 0; k < spec["cases"].size(); ++k) {
    const json& entry = spec["cases"][k];
    std::string place = o.spec + ": cases[" + std::to_string(k) + "]";
    try {
      if (!entry.is_object()) wrong("expected an object");
      if (entry.contains("id")) place += " (id " + entry["id"].dump() + ")";
      result["cases"].push_back(case_json(entry, read_network(entry), o));
    } catch (const base::ConfigError& e) {
      problems.add(place, e.what());
    }
  }
  problems.throw_if_any();
  write_json(o.json_out, result);
  return base::kDone;
}

}  // namespace

int run_path(int argc, char** argv) {
  Options options;
  return parse(argc, argv, options) ? run(options) : base::kDone;
}

}  // namespace heat::offline::cli
