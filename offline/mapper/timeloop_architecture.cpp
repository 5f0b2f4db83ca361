// The architecture: a subtree of components, from the outermost storage to the MACs, and the ERT that gives their energies.
#include <algorithm>

#include "offline/mapper/timeloop_sections.h"

namespace heat::offline::mapper::timeloop {
namespace {

using storage_levels::Architecture;
using storage_levels::Level;
using storage_levels::Mesh;

constexpr std::int64_t kMostInstances = 1 << 20;
constexpr std::int64_t kMostWords = std::int64_t{1} << 40;

// What only Accelergy's estimators and Timeloop's networks use.
constexpr const char* kEstimatorAttributes[] = {"technology",
                                                "type",
                                                "n_banks",
                                                "num_banks",
                                                "nports",
                                                "num_ports",
                                                "n_ports",
                                                "n_rd_ports",
                                                "n_wr_ports",
                                                "n_rdwr_ports",
                                                "latency",
                                                "multiplier_width",
                                                "adder_width",
                                                "cycle_time",
                                                "version",
                                                "num_pipeline_stages",
                                                "global_cycle_seconds"};

void refuse(base::ConfigReader& attributes, const std::string& key, bool modelled, const std::string& what) {
  if (attributes.has(key) && attributes.boolean(key) != modelled)
    attributes.problems().add(attributes.place(key), what);
  attributes.ignore(key);
}

Mesh read_mesh(base::ConfigReader& attributes, std::int64_t instances) {
  Mesh mesh{attributes.integer_or("meshX", 0, {1, kMostInstances}),
            attributes.integer_or("meshY", 0, {1, kMostInstances})};
  if (mesh.x == 0 && mesh.y == 0) return {instances, 1};
  if (mesh.x == 0) mesh.x = std::max<std::int64_t>(1, instances / mesh.y);
  if (mesh.y == 0) mesh.y = std::max<std::int64_t>(1, instances / mesh.x);
  if (mesh.count() != instances)
    attributes.problems().add(attributes.place("meshX"), "meshX x meshY is " + std::to_string(mesh.count()) +
                                                             ", expected the " + std::to_string(instances) +
                                                             " instances of the name");
  return mesh;
}

void skip_estimators(base::ConfigReader& attributes) {
  for (const char* key : kEstimatorAttributes) attributes.ignore(key);
  refuse(attributes, "has_power_gating", false, "power gating is not modelled");
  if (attributes.has("power_gated_at"))
    attributes.problems().add(attributes.place("power_gated_at"), "power gating is not modelled");
  attributes.ignore("power_gated_at");
}

void read_size(base::ConfigReader& attributes, Level& level) {
  level.cluster = attributes.integer_or("cluster_size", 1, {1, kMostInstances});
  if (attributes.has("block_size")) {
    level.block_words = attributes.integer("block_size", {1, kMostInstances});
    attributes.ignore("width");
  } else if (attributes.has("width")) {
    const std::int64_t width = attributes.integer("width", {1, kMostInstances});
    level.block_words = std::max<std::int64_t>(1, width / (level.word_bits * level.cluster));
    if (width % (level.word_bits * level.cluster) != 0)
      attributes.problems().add(attributes.place("width"), "value " + std::to_string(width) +
                                                               " is no multiple of datawidth x cluster_size, " +
                                                               std::to_string(level.word_bits * level.cluster));
  }
  int sizes = 0;
  for (const char* key : {"width", "block_size", "depth", "entries", "sizeKB"})
    attributes.ignore(key);  // may be absent
  for (const char* key : {"depth", "entries", "sizeKB"}) sizes += attributes.has(key);
  if (sizes > 1)
    attributes.problems().add(attributes.place(), "expected one of depth, entries and sizeKB, found several");
  if (attributes.has("depth")) level.words = attributes.integer("depth", {1, kMostWords}) * level.block_words;
  if (attributes.has("entries")) level.words = attributes.integer("entries", {1, kMostWords});
  if (attributes.has("sizeKB"))
    level.words = attributes.integer("sizeKB", {1, kMostWords / 8192}) * 8192 / level.word_bits;
}

std::optional<double> read_bandwidth(base::ConfigReader& attributes, const std::string& key) {
  const double value = attributes.number_or(key, 0, {1e-9, 1e12});
  return attributes.has(key) ? std::optional<double>(value) : std::nullopt;
}

Level read_storage(base::ConfigReader& component) {
  Level level;
  const auto [name, instances] = name_and_instances(component.text("name"));
  level.name = name;
  base::ConfigReader attributes = component.section("attributes");
  level.stores = component.text("class").rfind("dummy", 0) != 0;
  level.word_bits = attributes.integer_or("datawidth", 8, {1, 4096});
  read_size(attributes, level);
  level.mesh = read_mesh(attributes, instances);
  level.bandwidth = {read_bandwidth(attributes, "shared_bandwidth"), read_bandwidth(attributes, "read_bandwidth"),
                     read_bandwidth(attributes, "write_bandwidth")};
  level.multiple_buffering = attributes.number_or("multiple_buffering", 1, {1, 1024});
  level.min_utilization = attributes.number_or("min_utilization", 0, {0, 1});
  refuse(attributes, "reduction_supported", true, "levels that cannot add sums are not modelled");
  refuse(attributes, "allow_overbooking", false, "overbooking is not modelled");
  skip_estimators(attributes);
  if (!level.stores) level.words.reset();  // a dummy's size says nothing
  return level;
}

// What computes: the last component of a tree.
storage_levels::Macs read_macs(base::ConfigReader& component) {
  storage_levels::Macs macs;
  const auto [name, instances] = name_and_instances(component.text("name"));
  macs.name = name;
  component.ignore("class");
  base::ConfigReader attributes = component.section("attributes");
  macs.word_bits = attributes.integer_or("datawidth", 8, {1, 4096});
  macs.mesh = read_mesh(attributes, instances);
  attributes.ignore("width");
  attributes.ignore("depth");
  for (const char* key : {"cluster_size", "reduction_supported", "multiple_buffering", "min_utilization"})
    attributes.ignore(key);
  skip_estimators(attributes);
  return macs;
}

// The components of a node and of those below it, from the outermost.
void collect(base::ConfigReader node, std::vector<base::ConfigReader>& components, double& cycle_seconds) {
  for (const char* key : {"name", "local", "subtree"}) node.ignore(key);
  if (auto attributes = node.optional_section("attributes")) {
    cycle_seconds = attributes->number_or("global_cycle_seconds", cycle_seconds, {1e-15, 1});
    attributes->ignore("datawidth");
    skip_estimators(*attributes);
  }
  if (node.has("local"))
    for (base::ConfigReader& component : node.sections("local")) components.push_back(component);
  if (node.has("subtree"))
    for (base::ConfigReader& below : node.sections("subtree")) collect(below, components, cycle_seconds);
}

std::vector<std::string> component_names(const Architecture& architecture) {
  std::vector<std::string> names = architecture.level_names();
  names.push_back(architecture.macs.name);
  return names;
}

}  // namespace

std::pair<std::string, std::int64_t> name_and_instances(const std::string& text) {
  const auto bracket = text.find('['), dots = text.find("..");
  if (bracket == std::string::npos || dots == std::string::npos || text.back() != ']') return {text, 1};
  const std::string first = text.substr(bracket + 1, dots - bracket - 1);
  const std::string last = text.substr(dots + 2, text.size() - dots - 3);
  for (const std::string& number : {first, last})
    if (number.empty() || number.size() > 7 || number.find_first_not_of("0123456789") != std::string::npos)
      return {text, 1};
  return {text.substr(0, bracket), std::stoll(last) - std::stoll(first) + 1};
}

std::string suggestion(const std::string& word, const std::vector<std::string>& known) {
  const auto near = base::nearest_word(word, known);
  return near ? " (did you mean '" + *near + "'?)" : "";
}

Architecture read_architecture(base::ConfigReader& root) {
  Architecture architecture;
  architecture.name = "timeloop";
  base::ConfigReader section = root.section("architecture");
  section.ignore("version");
  std::vector<base::ConfigReader> components;
  for (base::ConfigReader& node : section.sections("subtree")) collect(node, components, architecture.cycle_seconds);
  for (std::size_t i = 0; i < components.size(); ++i) {
    base::ConfigReader& component = components[i];
    for (const char* key : {"subclass", "required_actions"}) component.ignore(key);
    refuse(component, "enabled", true, "components that are not enabled are not modelled");
    if (i + 1 < components.size())
      architecture.levels.push_back(read_storage(component));
    else
      architecture.macs = read_macs(component);
  }
  for (const std::string& line : misfits(architecture)) root.problems().add(section.place(), line);
  return architecture;
}

void read_energies(base::ConfigReader ert, Architecture& architecture) {
  ert.ignore("version");
  std::vector<bool> found(architecture.levels.size() + 1, false);
  for (base::ConfigReader& table : ert.sections("tables")) {
    std::string name = table.text("name");
    name = name_and_instances(name.substr(name.rfind('.', name.find('[')) + 1)).first;
    const auto names = component_names(architecture);
    std::size_t at = 0;
    while (at < names.size() && names[at] != name) ++at;
    if (at == names.size()) {
      table.problems().add(table.place("name"), "'" + name + "' is no component" + suggestion(name, names));
      table.ignore("actions");
      continue;
    }
    found[at] = true;
    std::vector<std::pair<std::string, double*>> wanted;
    if (at == architecture.levels.size()) {
      wanted = {{"compute", &architecture.macs.compute_pj}};
    } else if (auto& e = architecture.levels[at].energy; architecture.levels[at].stores) {
      wanted = {{"read", &e.read_pj}, {"write", &e.write_pj}, {"update", &e.update_pj}, {"leak", &e.leak_pj}};
    }
    std::vector<std::string> actions;
    for (base::ConfigReader& action : table.sections("actions")) {
      actions.push_back(action.text("name"));
      action.ignore("arguments");
      const double pj = action.number("energy", {0, 1e12});
      for (auto& [wanted_name, value] : wanted)
        if (actions.back() == wanted_name) *value = pj;
    }
    for (const auto& [wanted_name, value] : wanted)
      if (std::find(actions.begin(), actions.end(), wanted_name) == actions.end())
        table.problems().add(table.place("actions"), "'" + name + "' has no energy for '" + wanted_name + "'" +
                                                         suggestion(wanted_name, actions));
  }
  for (std::size_t i = 0; i < found.size(); ++i)
    if (!found[i] && (i == architecture.levels.size() || architecture.levels[i].stores))
      ert.problems().add(ert.place("tables"), "no table for component '" + component_names(architecture)[i] + "'");
}

}  // namespace heat::offline::mapper::timeloop
