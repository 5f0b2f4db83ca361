// Every method brings its own example.
#include "offline/cli/method_help.h"

#include "offline/decompose/methods.h"

namespace heat::offline::cli {
namespace {

// The names of the methods that take such shapes, joined by commas.
std::string names_of(Tensorization kind) {
  std::string names;
  for (const Method* m : methods())
    if (m->tensorization() == kind) names += (names.empty() ? "" : ", ") + std::string(m->name());
  return names;
}

}  // namespace

std::string rank_help() {
  std::string text;
  for (const Method* m : methods())
    text += (text.empty() ? "" : " | ") + std::string(m->help().ranks) + " (" + m->name() + ", " +
            m->help().ranks_meaning + ")";
  return text;
}

std::string shape_help() {
  return "768x12x64: row modes, then column modes; 24x32,48x64: as many of both (" + names_of(Tensorization::kPaired) +
         "); none for the matrix itself (" + names_of(Tensorization::kMatrix) + ")";
}

std::string decompose_examples() {
  std::string text;
  for (const Method* m : methods())
    text += "  heat-offline decompose --matrix W.bin --rows 768 --cols 768 --method " + std::string(m->name()) +
            " --shape " + m->help().shape + " --rank " + m->help().ranks + "\n";
  std::string matrix_method;  // the first that takes the matrix itself
  for (const Method* m : methods())
    if (m->tensorization() == Tensorization::kMatrix && matrix_method.empty()) matrix_method = m->name();
  return text +
         "  heat-offline decompose --matrix model.safetensors --tensor encoder.layer.0.output.dense.weight --method " +
         matrix_method + " --error 0.3 --out factors.safetensors\n";
}

std::string default_table_methods() {
  std::string text;
  for (const Method* m : methods())
    if (m->is_papers()) text += (text.empty() ? "" : ",") + std::string(m->name());
  return text;
}

}  // namespace heat::offline::cli
