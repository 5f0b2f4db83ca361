// Keys and order are those that Timeloop's front end writes; numbers are the shortest that read back the same.
#include "offline/mapper/timeloop_export.h"

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

void write_mesh(std::ostream& out, const Mesh& mesh) {
  out << "                meshX: " << mesh.x << "\n                meshY: " << mesh.y << "\n";
}

void write_component(std::ostream& out, const std::string& name, const std::string& kind) {
  out << "          - name: " << name << "\n            class: " << kind << "\n            attributes:\n";
}

void write_level(std::ostream& out, const Level& level) {
  if (!level.stores) {
    write_component(out, ranged(level.name, level.mesh), "dummy_storage");
    out << "                width: 1\n                depth: 1\n                datawidth: 1\n";
    write_mesh(out, level.mesh);
    return;
  }
  write_component(out, ranged(level.name, level.mesh), level.words ? "storage" : "DRAM");
  out << "                datawidth: " << level.word_bits << "\n";
  out << "                width: " << level.word_bits * level.block_words * level.cluster << "\n";
  out << "                cluster_size: " << level.cluster << "\n";
  if (level.words && *level.words % level.block_words == 0)
    out << "                depth: " << *level.words / level.block_words << "\n";
  else if (level.words)
    out << "                entries: " << *level.words << "\n";
  if (level.bandwidth.shared) out << "                shared_bandwidth: " << number(*level.bandwidth.shared) << "\n";
  if (level.bandwidth.read) out << "                read_bandwidth: " << number(*level.bandwidth.read) << "\n";
  if (level.bandwidth.write) out << "                write_bandwidth: " << number(*level.bandwidth.write) << "\n";
  out << "                multiple_buffering: " << number(level.multiple_buffering) << "\n";
  out << "                min_utilization: " << number(level.min_utilization) << "\n";
  write_mesh(out, level.mesh);
  out << "            required_actions: [read, write, update, leak]\n";
}

void write_architecture(std::ostream& out, const Architecture& architecture) {
  out << "architecture:\n    version: '0.4'\n    subtree:\n      - name: System_top_level\n        attributes:\n"
      << "            global_cycle_seconds: " << number(architecture.cycle_seconds) << "\n        local:\n";
  for (const Level& level : architecture.levels) write_level(out, level);
  write_component(out, ranged(architecture.macs.name, architecture.macs.mesh), "intmac");
  out << "                datawidth: " << architecture.macs.word_bits << "\n";
  write_mesh(out, architecture.macs.mesh);
  out << "            required_actions: [compute]\n";
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

// The factors of all dimensions and their order, the loops that are there first.
void write_loops(std::ostream& out, const Problem& problem, const std::vector<Loop>& loops) {
  std::vector<std::int64_t> factors(problem.dimensions.size(), 1);
  std::string order;
  const auto add = [&](const std::string& name) { order += (order.empty() ? "" : ", ") + name; };
  for (const Loop& loop : loops) {
    factors[loop.dimension] = loop.count;
    add(problem.dimensions[loop.dimension].name);
  }
  out << "    factors: [";
  for (std::size_t d = 0; d < factors.size(); ++d) {
    if (factors[d] == 1) add(problem.dimensions[d].name);
    out << (d > 0 ? ", " : "") << problem.dimensions[d].name << "=" << factors[d];
  }
  out << "]\n    permutation: [" << order << "]\n";
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
  write_architecture(out, architecture);
  write_energies(out, architecture);
  write_problem(out, problem);
  write_mapping(out, problem, architecture, mapping);
  return out.str();
}

}  // namespace heat::offline::mapper
