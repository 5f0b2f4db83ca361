// A machine as a list of storage levels from the outermost (DRAM) to the MACs, as Timeloop describes one: each level is an
// array of equal instances, and each instance feeds so many of the next level.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "machines/storage_levels/problem.h"

namespace heat::storage_levels {

// Instances of a level: columns x rows.
struct Mesh {
  std::int64_t x = 1, y = 1;
  std::int64_t count() const { return x * y; }
};

// Energy of a vector access, which moves a block of words in each instance of a cluster; leakage of an instance in a cycle.
struct AccessEnergy {
  double read_pj = 0, write_pj = 0, update_pj = 0;  // write: filled from outside; update: written from inside
  double leak_pj = 0;
};

// Words a cycle and instance; nothing: as many as are asked for.
struct Bandwidth {
  std::optional<double> shared, read, write;  // shared: reads and writes together
};

struct Level {
  std::string name;
  Mesh mesh;
  bool stores = true;  // false: nothing but a place where the machine fans out
  std::int64_t word_bits = 8;
  std::int64_t block_words = 1;       // words a vector access moves
  std::int64_t cluster = 1;           // instances that one vector access serves
  std::optional<std::int64_t> words;  // capacity of an instance; nothing: unbounded
  double multiple_buffering = 1;      // the capacity is divided by this
  double min_utilization = 0;         // of the capacity, that mappings must fill
  Bandwidth bandwidth;
  AccessEnergy energy;
  // What a search may do here: which tensors the level keeps, along which dimensions instances of the next level differ.
  std::vector<std::string> keeps;
  std::optional<std::vector<std::string>> spatial_dims;  // nothing: any

  // Words that tiles may take: all copies of a multiply buffered tile fit the capacity.
  std::optional<std::int64_t> effective_words() const;
};

struct Macs {
  std::string name = "mac";
  Mesh mesh;
  std::int64_t word_bits = 8;
  double compute_pj = 0;
};

struct Architecture {
  std::string name;
  double cycle_seconds = 1e-9;
  std::vector<Level> levels;  // from the outermost
  Macs macs;

  // Instances of the next level (the MACs after the last) that one of this level feeds.
  Mesh fan_out(std::size_t level) const;
  std::size_t level_of(const std::string& name) const;
  std::vector<std::string> level_names() const;
};

// What of an architecture is inconsistent in itself, a line each, beginning with the level's name.
std::vector<std::string> misfits(const Architecture& architecture);

// Whether a configuration file describes storage levels (and no Simba array).
bool describes_storage_levels(const std::string& path);
// Reads configs/arch/*.yaml of this kind. Throws ConfigError with all problems.
Architecture load_architecture(const std::string& path);

}  // namespace heat::storage_levels
