// Keys and order are those that Timeloop's front end writes; numbers are the shortest that read back the same.
#include "offline/mapper/timeloop_export.h"

#include <cctype>
#include <charconv>
#include <sstream>

namespace heat::offline::mapper {
namespace {

using storage_levels::Architecture;
using storage_levels::Level;
using storage_levels::LevelMapping;
using storage_levels::Loop;
using storage_levels::Mapping;
using storage_levels::Mesh;
using storage_levels::Problem;

// The shortest text that reads back as the same number.
std::string number(double value) {
  char text[64];
  const auto end = std::to_chars(text, text + sizeof text, value).ptr;
  return std::string(text, end);
}

std::string ranged(const std::string& name, const Mesh& mesh) {
  return name + "[1.." + std::to_string(mesh.count()) + "]";
}

void write_attribute(std::ostream& out, const char* key, const std::string& value) {
  out << "                " << key << ": " << value << "\n";
}
void write_attribute(std::ostream& out, const char* key, std::int64_t value) {
  write_attribute(out, key, std::to_string(value));
}

void write_mesh(std::ostream& out, const Mesh& mesh) {
  write_attribute(out, "meshX", mesh.x);
  write_attribute(out, "meshY", mesh.y);
}

void write_component(std::ostream& out, const std::string& name, const std::string& kind) {
  out << "          - name: " << name << "\n            class: " << kind << "\n            attributes:\n";
}

// What all storage has, as Timeloop's front end writes it out.
void write_defaults(std::ostream& out) {
  write_attribute(out, "n_banks", 2);
  for (const char* key : {"has_power_gating", "allow_overbooking"}) write_attribute(out, key, "false");
  write_attribute(out, "reduction_supported", "true");
  write_attribute(out, "power_gated_at", "null");
}

void write_level(std::ostream& out, const Level& level) {
  const std::string kind = !level.stores ? "dummy_storage" : level.words ? "storage" : "DRAM";
  write_component(out, ranged(level.name, level.mesh), kind);
  write_attribute(out, "technology", level.stores ? "\"45nm\"" : "-1");
  write_attribute(out, "datawidth", level.stores ? level.word_bits : 1);
  write_attribute(out, "width", level.stores ? level.word_bits * level.block_words * level.cluster : 1);
  write_attribute(out, "cluster_size", level.cluster);
  if (!level.stores) write_attribute(out, "depth", 1);
  if (level.words && *level.words % level.block_words == 0)
    write_attribute(out, "depth", *level.words / level.block_words);
  else if (level.words)
    write_attribute(out, "entries", *level.words);
  if (level.bandwidth.shared) write_attribute(out, "shared_bandwidth", number(*level.bandwidth.shared));
  if (level.bandwidth.read) write_attribute(out, "read_bandwidth", number(*level.bandwidth.read));
  if (level.bandwidth.write) write_attribute(out, "write_bandwidth", number(*level.bandwidth.write));
  write_attribute(out, "multiple_buffering", number(level.multiple_buffering));
  write_attribute(out, "min_utilization", number(level.min_utilization));
  write_defaults(out);
  write_mesh(out, level.mesh);
  if (level.stores) out << "            required_actions: [read, write, update, leak]\n";
  out << "            enabled: true\n";
}

void write_architecture(std::ostream& out, const Architecture& architecture) {
  out << "architecture:\n    version: '0.4'\n    subtree:\n      - name: System_top_level\n        attributes:\n"
      << "            global_cycle_seconds: " << number(architecture.cycle_seconds) << "\n        local:\n";
  for (const Level& level : architecture.levels) write_level(out, level);
  write_component(out, ranged(architecture.macs.name, architecture.macs.mesh), "intmac");
  write_attribute(out, "technology", "\"45nm\"");
  write_attribute(out, "datawidth", architecture.macs.word_bits);
  write_attribute(out, "has_power_gating", "false");
  write_attribute(out, "power_gated_at", "null");
  write_mesh(out, architecture.macs.mesh);
  out << "            required_actions: [compute]\n            enabled: true\n";
}

void write_action(std::ostream& out, const char* name, double pj) {
  out << "          - name: " << name << "\n            arguments: {}\n            energy: " << number(pj) << "\n";
}

void write_energies(std::ostream& out, const Architecture& architecture) {
  out << "ERT:\n    version: '0.4'\n    tables:\n";
  const auto table = [&](const std::string& name, const Mesh& mesh) {
    out << "      - name: System_top_level." << ranged(name, mesh) << "\n        actions:\n";
  };
  for (const Level& level : architecture.levels) {
    if (!level.stores) continue;
    table(level.name, level.mesh);
    write_action(out, "read", level.energy.read_pj);
    write_action(out, "write", level.energy.write_pj);
    write_action(out, "update", level.energy.update_pj);
    write_action(out, "leak", level.energy.leak_pj);
  }
  table(architecture.macs.name, architecture.macs.mesh);
  write_action(out, "compute", architecture.macs.compute_pj);
}

void write_problem(std::ostream& out, const Problem& problem) {
  out << "problem:\n    version: '0.4'\n    instance:\n";
  for (const auto& d : problem.dimensions) out << "        " << d.name << ": " << d.size << "\n";
  for (const auto& c : problem.coefficients) out << "        " << c.name << ": " << c.value << "\n";
  out << "        densities: {}\n    shape:\n        name: " << problem.name << "\n        dimensions:\n";
  for (const auto& d : problem.dimensions) out << "          - " << d.name << "\n";
  if (!problem.coefficients.empty()) out << "        coefficients:\n";
  for (const auto& c : problem.coefficients)
    out << "          - name: " << c.name << "\n            default: " << c.value << "\n";
  out << "        data_spaces:\n";
  for (const auto& tensor : problem.tensors) {
    out << "          - name: " << tensor.name << "\n            projection: [";
    for (std::size_t r = 0; r < tensor.ranks.size(); ++r) {
      out << (r > 0 ? ", [" : "[");
      for (std::size_t i = 0; i < tensor.ranks[r].size(); ++i) {
        const auto& term = tensor.ranks[r][i];
        out << (i > 0 ? ", [" : "[") << problem.dimensions[term.dimension].name;
        out << (term.coefficient.empty() ? "" : ", " + term.coefficient) << "]";
      }
      out << "]";
    }
    out << "]\n            read_write: " << (tensor.read_write ? "true" : "false") << "\n";
  }
}

// "PCM", or "P, C, M" where names are longer than a letter.
std::string order_text(const Problem& problem, const std::vector<std::size_t>& order) {
  bool letters = true;
  for (const auto& d : problem.dimensions) letters = letters && d.name.size() == 1;
  std::string text;
  for (const std::size_t d : order) text += (letters || text.empty() ? "" : ", ") + problem.dimensions[d].name;
  return letters ? text : "[" + text + "]";
}

// The factors of all dimensions and their order, the loops that are there first.
void write_loops(std::ostream& out, const Problem& problem, const std::vector<Loop>& loops) {
  std::vector<Loop> factors;
  for (std::size_t d = 0; d < problem.dimensions.size(); ++d) factors.push_back({d, 1});
  std::vector<std::size_t> order;
  for (const Loop& loop : loops) {
    factors[loop.dimension] = loop;
    order.push_back(loop.dimension);
  }
  out << "    factors:";
  for (std::size_t d = 0; d < factors.size(); ++d) {
    const std::string& name = problem.dimensions[d].name;
    if (factors[d].count == 1) order.push_back(d);
    out << " " << name << (std::isdigit(static_cast<unsigned char>(name.back())) ? "=" : "") << factors[d].count;
    if (factors[d].last > 0) out << "," << factors[d].last;
  }
  out << "\n    permutation: " << order_text(problem, order) << "\n";
}

void write_mapping(std::ostream& out, const Problem& problem, const Architecture& architecture,
                   const Mapping& mapping) {
  out << "mapping:\n";
  for (std::size_t l = architecture.levels.size(); l-- > 0;) {
    const LevelMapping& level = mapping.levels[l];
    const std::string target = "  - target: " + architecture.levels[l].name + "\n    type: ";
    std::string keep, bypass;
    for (std::size_t t = 0; t < problem.tensors.size(); ++t) {
      std::string& list = level.keeps[t] ? keep : bypass;
      list += (list.empty() ? "" : ", ") + problem.tensors[t].name;
    }
    out << target << "datatype\n    keep: [" << keep << "]\n    bypass: [" << bypass << "]\n";
    if (!level.spatial_x.empty() || !level.spatial_y.empty()) {
      std::vector<Loop> spatial = level.spatial_x;
      spatial.insert(spatial.end(), level.spatial_y.begin(), level.spatial_y.end());
      out << target << "spatial\n";
      write_loops(out, problem, spatial);
      out << "    split: " << level.spatial_x.size() << "\n";
    }
    out << target << "temporal\n";
    write_loops(out, problem, level.temporal);
  }
}

}  // namespace

std::string timeloop_text(const Problem& problem, const Architecture& architecture, const Mapping& mapping) {
  std::ostringstream out;
  out << "dumped_by_timeloop_front_end: true\n";
  write_architecture(out, architecture);
  write_energies(out, architecture);
  write_problem(out, problem);
  out << "globals:\n    version: '0.4'\n    environment_variables: {}\n    expression_custom_functions: []\n"
      << "    accelergy_plug_ins: []\n";
  write_mapping(out, problem, architecture, mapping);
  return out.str();
}

}  // namespace heat::offline::mapper
