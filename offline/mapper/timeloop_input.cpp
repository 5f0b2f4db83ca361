// Puts the sections of a file together, and takes from --arch what the file lacks.
#include "offline/mapper/timeloop_input.h"

#include <algorithm>

#include "offline/mapper/timeloop_sections.h"

namespace heat::offline::mapper {
namespace {

using storage_levels::Architecture;
using storage_levels::Level;

// Variables that change what Timeloop prints and not what it counts.
constexpr const char* kHarmlessVariables[] = {"TIMELOOP_HIDE_INCONSEQUENTIAL_STATS", "TIMELOOP_OUTPUT_STAT_SCIENTIFIC",
                                              "TIMELOOP_OUTPUT_STAT_DEFAULT_FLOAT", "TIMELOOP_ENABLE_TRACING"};

void read_globals(base::ConfigReader& root) {
  auto globals = root.optional_section("globals");
  if (!globals) return;
  for (const char* key : {"version", "expression_custom_functions", "accelergy_plug_ins"}) globals->ignore(key);
  auto variables = globals->optional_section("environment_variables");
  if (!variables) return;
  for (const std::string& name : variables->keys()) {
    variables->ignore(name);
    const auto* end = std::end(kHarmlessVariables);
    if (std::find(std::begin(kHarmlessVariables), end, name) == end)
      variables->problems().add(variables->place(name), "this variable may change what is counted: not modelled");
  }
}

// The energies of the levels of the same names, and what a search may do at them.
void adopt(const TimeloopOptions& options, bool energies, base::ConfigReader& root, Architecture& architecture) {
  const Architecture& given = *options.given;
  const auto missing = [&](const std::string& name, const std::string& what, const std::vector<std::string>& known) {
    root.problems().add(root.place("architecture"), "component '" + name + "' has no " + what + " in " +
                                                        options.given_path + timeloop::suggestion(name, known));
  };
  for (Level& level : architecture.levels) {
    const std::size_t at = given.level_of(level.name);
    const bool there = at < given.levels.size() && (given.levels[at].stores || !level.stores);
    if (there) {
      level.keeps = given.levels[at].keeps;
      level.spatial_dims = given.levels[at].spatial_dims;
      if (energies) level.energy = given.levels[at].energy;
    } else if (level.stores || !options.mapping) {
      missing(level.name, level.stores ? "energies" : "entry", given.level_names());
    }
  }
  if (!energies) return;
  if (given.macs.name == architecture.macs.name)
    architecture.macs.compute_pj = given.macs.compute_pj;
  else
    missing(architecture.macs.name, "energy", {given.macs.name});
}

Architecture read_machine(base::ConfigReader& root, const TimeloopOptions& options) {
  Architecture architecture;
  if (root.has("architecture"))
    architecture = timeloop::read_architecture(root);
  else if (options.given != nullptr)
    architecture = *options.given;
  else
    root.problems().add(root.place(), "no section 'architecture', and no --arch that could stand for it");
  const bool table = root.has("ERT");
  if (table) timeloop::read_energies(root.section("ERT"), architecture);
  if (options.given != nullptr && root.has("architecture")) adopt(options, !table, root, architecture);
  if (options.given == nullptr && !table)
    root.problems().add(root.place(), "no energies: the file has no ERT, and no --arch is given");
  return architecture;
}

}  // namespace

TimeloopInput load_timeloop_input(const std::string& path, const TimeloopOptions& options) {
  base::Problems problems;
  base::ConfigReader root = base::ConfigReader::load(path, problems);
  for (const char* key : {"dumped_by_timeloop_front_end", "ART", "mapper", "components", "variables"}) root.ignore(key);
  read_globals(root);
  TimeloopInput input;
  input.problem = timeloop::read_problem(root.section("problem"));
  input.architecture = read_machine(root, options);
  for (const char* key : {"architecture_constraints", "mapspace", "mapspace_constraints"}) {
    root.ignore(key);  // a given mapping needs no constraints
    if (!options.mapping && root.has(key))
      root.problems().add(root.place(key), "constraints of a search are those of --arch (keeps, spatial_dims)");
  }
  root.ignore("mapping");
  if (options.mapping) {
    input.mapping = timeloop::read_mapping(root, input.problem, input.architecture);
    if (problems.empty())
      for (const std::string& line : misfits(input.problem, input.architecture, *input.mapping))
        problems.add(root.place("mapping"), line);
  }
  root.finish();
  problems.throw_if_any();
  return input;
}

}  // namespace heat::offline::mapper
