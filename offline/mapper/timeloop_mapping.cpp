// The mapping: entries that say what a level keeps, and its temporal and spatial loops: factors by dimension, and a
// permutation from the innermost loop outwards. Of a spatial permutation the loops before `split` run over columns (X), the
// others over rows (Y).
#include <algorithm>
#include <map>
#include <set>

#include "offline/mapper/timeloop_sections.h"

namespace heat::offline::mapper::timeloop {
namespace {

using storage_levels::Architecture;
using storage_levels::LevelMapping;
using storage_levels::Loop;
using storage_levels::Mapping;
using storage_levels::Problem;

std::vector<std::string> dimension_names(const Problem& problem) {
  std::vector<std::string> names;
  for (const auto& d : problem.dimensions) names.push_back(d.name);
  return names;
}

// "C12" or "C=12": the dimension and its factor; nothing when it is neither.
std::optional<Loop> parse_factor(const std::string& word, const Problem& problem) {
  const auto digits = word.find_last_not_of("0123456789") + 1;
  std::string name = word.substr(0, digits);
  if (!name.empty() && name.back() == '=') name.pop_back();
  const std::size_t dimension = problem.dimension_of(name);
  if (dimension == problem.dimensions.size() || digits == word.size() || word.size() - digits > 15) return std::nullopt;
  return Loop{dimension, std::stoll(word.substr(digits))};
}

// The loop of each dimension. A number after a factor is its residual: "P4,2" has 2 iterations in the final pass.
std::vector<Loop> read_factors(base::ConfigReader& entry, const Problem& problem) {
  std::vector<Loop> loops;
  for (std::size_t d = 0; d < problem.dimensions.size(); ++d) loops.push_back({d, 1});
  std::set<std::size_t> seen;
  Loop* before = nullptr;
  for (const std::string& word : entry.words("factors")) {
    const auto loop = parse_factor(word, problem);
    const bool number = word.size() < 16 && word.find_first_not_of("0123456789") == std::string::npos;
    if (number && before != nullptr && std::stoll(word) >= 1) {
      before->last = std::stoll(word);
      before = nullptr;
    } else if (!loop || loop->count < 1) {
      entry.problems().add(entry.place("factors"),
                           "'" + word + "': expected a dimension and a factor of at least 1, as C4 or C=4" +
                               suggestion(word.substr(0, 1), dimension_names(problem)));
    } else if (!seen.insert(loop->dimension).second) {
      entry.problems().add(entry.place("factors"), "'" + word + "': a second factor of this dimension");
    } else {
      before = &loops[loop->dimension];
      before->count = loop->count;
    }
  }
  for (Loop& loop : loops)
    if (loop.last == loop.count) loop.last = 0;
  return loops;
}

// All dimensions, innermost first; those that are not named follow outside.
std::vector<std::size_t> read_permutation(base::ConfigReader& entry, const Problem& problem) {
  std::vector<std::size_t> order;
  const auto take = [&](const std::string& name) {
    const std::size_t d = problem.dimension_of(name);
    if (d == problem.dimensions.size())
      entry.problems().add(entry.place("permutation"),
                           "'" + name + "' is no dimension" + suggestion(name, dimension_names(problem)));
    else if (std::find(order.begin(), order.end(), d) != order.end())
      entry.problems().add(entry.place("permutation"), "dimension '" + name + "' is named twice");
    else
      order.push_back(d);
  };
  entry.ignore("permutation");  // may be absent
  if (entry.has("permutation"))
    for (const std::string& word : entry.words("permutation")) {
      if (problem.dimension_of(word) < problem.dimensions.size())
        take(word);
      else
        for (const char letter : word) take(std::string(1, letter));
    }
  for (std::size_t d = 0; d < problem.dimensions.size(); ++d)
    if (std::find(order.begin(), order.end(), d) == order.end()) order.push_back(d);
  return order;
}

void read_loops(base::ConfigReader& entry, const Problem& problem, bool spatial, LevelMapping& level) {
  const auto factors = read_factors(entry, problem);
  const auto order = read_permutation(entry, problem);
  const auto all = static_cast<std::int64_t>(order.size());
  const std::int64_t split = spatial ? entry.integer_or("split", all, {0, 1 << 20}) : 0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    if (factors[order[i]].count == 1 && factors[order[i]].last == 0) continue;
    std::vector<Loop>& loops = !spatial                               ? level.temporal
                               : static_cast<std::int64_t>(i) < split ? level.spatial_x
                                                                      : level.spatial_y;
    loops.push_back(factors[order[i]]);
  }
}

void read_keeps(base::ConfigReader& entry, const Problem& problem, LevelMapping& level) {
  std::vector<std::string> names;
  for (const auto& t : problem.tensors) names.push_back(t.name);
  std::map<std::string, bool> said;
  for (const bool keep : {true, false}) {
    const char* key = keep ? "keep" : "bypass";
    entry.ignore(key);  // may be absent
    if (!entry.has(key)) continue;
    for (const std::string& name : entry.texts(key)) {
      const std::size_t t = problem.tensor_of(name);
      if (t == problem.tensors.size())
        entry.problems().add(entry.place(key), "'" + name + "' is no data space" + suggestion(name, names));
      else if (!said.emplace(name, keep).second)
        entry.problems().add(entry.place(key), "'" + name + "' is named twice");
      else
        level.keeps[t] = keep;
    }
  }
}

}  // namespace

Mapping read_mapping(base::ConfigReader& root, const Problem& problem, const Architecture& architecture) {
  Mapping mapping;
  for (const auto& level : architecture.levels) {
    mapping.levels.emplace_back();
    mapping.levels.back().keeps.assign(problem.tensors.size(), level.stores);
  }
  std::set<std::pair<std::size_t, std::string>> seen;
  for (base::ConfigReader& entry : root.sections("mapping")) {
    const std::string target = entry.text("target");
    const std::string type =
        entry.choice("type", {"temporal", "spatial", "datatype", "dataspace", "bypass", "bypassing"});
    const std::size_t l = architecture.level_of(target);
    if (l == architecture.levels.size()) {
      entry.problems().add(entry.place("target"),
                           "'" + target + "' is no level" + suggestion(target, architecture.level_names()));
      for (const char* key : {"factors", "permutation", "split", "keep", "bypass"}) entry.ignore(key);
      continue;
    }
    const bool loops = type == "temporal" || type == "spatial";
    if (!seen.emplace(l, loops ? type : "keeps").second)
      entry.problems().add(entry.place("type"), "a second entry of this type for '" + target + "'");
    if (loops)
      read_loops(entry, problem, type == "spatial", mapping.levels[l]);
    else
      read_keeps(entry, problem, mapping.levels[l]);
  }
  return mapping;
}

}  // namespace heat::offline::mapper::timeloop
