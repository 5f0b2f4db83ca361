// The problem: dimensions and their sizes, and each data space as a projection, a list of ranks that are sums of
// dimension x coefficient.
#include "offline/mapper/timeloop_sections.h"

namespace heat::offline::mapper::timeloop {
namespace {

using storage_levels::Problem;
using storage_levels::Rank;
using storage_levels::Tensor;

constexpr std::int64_t kMostSize = std::int64_t{1} << 40;

std::vector<std::string> names_of(const Problem& problem) {
  std::vector<std::string> names;
  for (const auto& d : problem.dimensions) names.push_back(d.name);
  return names;
}

void read_coefficients(base::ConfigReader& shape, base::ConfigReader& instance, Problem& problem) {
  shape.ignore("coefficients");  // may be absent
  if (!shape.has("coefficients")) return;
  for (base::ConfigReader& c : shape.sections("coefficients")) {
    const std::string name = c.text("name");
    const std::int64_t value = c.integer_or("default", 1, {1, kMostSize});
    problem.coefficients.push_back({name, instance.integer_or(name, value, {1, kMostSize})});
  }
}

Tensor read_data_space(base::ConfigReader& space, const Problem& problem) {
  Tensor tensor;
  tensor.name = space.text("name");
  tensor.read_write = space.boolean_or("read_write", false);
  const auto known = [&](const std::string& name, const auto& list) {
    for (const auto& item : list)
      if (item.name == name) return true;
    return false;
  };
  for (const auto& terms : space.nested_texts("projection")) {
    Rank rank;
    for (const auto& term : terms) {
      if (term.empty() || term.size() > 2 || !known(term[0], problem.dimensions) ||
          (term.size() == 2 && !known(term[1], problem.coefficients))) {
        std::string text;
        for (const auto& word : term) text += (text.empty() ? "" : " ") + word;
        space.problems().add(space.place("projection"),
                             "term '" + text + "': expected a dimension, or a dimension and a coefficient" +
                                 (term.empty() ? "" : suggestion(term[0], names_of(problem))));
        continue;
      }
      rank.push_back({problem.dimension_of(term[0]), term.size() == 2 ? term[1] : ""});
    }
    tensor.ranks.push_back(rank);
  }
  return tensor;
}

void refuse_densities(base::ConfigReader& instance) {
  const auto densities = instance.optional_section("densities");
  if (densities && !densities->keys().empty())
    instance.problems().add(instance.place("densities"), "sparse tensors are not modelled");
  if (densities)
    for (const std::string& key : densities->keys()) base::ConfigReader(*densities).ignore(key);
}

}  // namespace

Problem read_problem(base::ConfigReader section) {
  Problem problem;
  section.ignore("version");
  base::ConfigReader shape = section.section("shape");
  base::ConfigReader instance = section.section("instance");
  problem.name = shape.text_or("name", "problem");
  for (const std::string& name : shape.texts("dimensions")) {
    if (problem.dimension_of(name) < problem.dimensions.size())
      shape.problems().add(shape.place("dimensions"), "dimension '" + name + "' is named twice");
    problem.dimensions.push_back({name, instance.integer(name, {1, kMostSize})});
  }
  read_coefficients(shape, instance, problem);
  refuse_densities(instance);
  for (base::ConfigReader& space : shape.sections("data_spaces"))
    problem.tensors.push_back(read_data_space(space, problem));
  for (const std::string& line : problem.misfits()) shape.problems().add(shape.place("data_spaces"), line);
  return problem;
}

}  // namespace heat::offline::mapper::timeloop
