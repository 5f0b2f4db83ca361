// Reads configs/arch/timeloop-simba-like.yaml and its like.
#include "base/config_reader.h"
#include "machines/storage_levels/architecture.h"

namespace heat::storage_levels {
namespace {

constexpr double kMostPj = 1e9, kMostWords = 1e9;
constexpr std::int64_t kMostInstances = 1 << 20;

Mesh read_mesh(base::ConfigReader& r) {
  r.ignore("mesh");  // may be absent: one instance
  if (!r.has("mesh")) return {};
  const std::vector<std::int64_t> sizes = r.integers("mesh", {1, kMostInstances});
  if (sizes.size() == 2) return {sizes[0], sizes[1]};
  r.problems().add(r.place("mesh"), "expected two numbers, columns and rows");
  return {};
}

std::optional<double> read_bandwidth(base::ConfigReader& r, const std::string& key) {
  const double words = r.number_or(key, 0, {1e-9, kMostWords});
  return r.has(key) ? std::optional<double>(words) : std::nullopt;
}

void read_storage(base::ConfigReader& r, Level& level) {
  level.word_bits = r.integer("word_bits", {1, 4096});
  level.block_words = r.integer("block_words", {1, 1 << 20});
  level.cluster = r.integer_or("cluster", 1, {1, kMostInstances});
  const std::int64_t words = r.integer_or("words", 0, {1, std::int64_t{1} << 40});
  if (r.has("words")) {
    level.words = words;
    if (*level.words % level.block_words != 0)
      r.problems().add(r.place("words"), "value " + std::to_string(*level.words) + " is no multiple of block_words, " +
                                             std::to_string(level.block_words));
  }
  level.multiple_buffering = r.number_or("multiple_buffering", 1, {1, 1024});
  level.min_utilization = r.number_or("min_utilization", 0, {0, 1});
  level.bandwidth = {read_bandwidth(r, "shared_bandwidth"), read_bandwidth(r, "read_bandwidth"),
                     read_bandwidth(r, "write_bandwidth")};
  base::ConfigReader pj = r.section("energy_pj");
  level.energy = {pj.number("read", {0, kMostPj}), pj.number("write", {0, kMostPj}), pj.number("update", {0, kMostPj}),
                  pj.number("leak", {0, kMostPj})};
}

Level read_level(base::ConfigReader& r) {
  Level level;
  level.name = r.text("name");
  level.mesh = read_mesh(r);
  level.keeps = r.texts("keeps");
  level.stores = !level.keeps.empty();
  r.ignore("spatial_dims");  // may be absent: any
  if (r.has("spatial_dims")) level.spatial_dims = r.texts("spatial_dims");
  if (level.stores) read_storage(r, level);
  return level;
}

}  // namespace

bool describes_storage_levels(const std::string& path) {
  base::Problems problems;
  return base::ConfigReader::load(path, problems).has("storage_levels");
}

Architecture load_architecture(const std::string& path) {
  base::Problems problems;
  base::ConfigReader r = base::ConfigReader::load(path, problems);
  Architecture architecture;
  architecture.name = r.text("name");
  architecture.cycle_seconds = 1e-9 / r.number("clock_ghz", {1e-6, 1e3});
  for (base::ConfigReader& level : r.sections("storage_levels")) architecture.levels.push_back(read_level(level));
  base::ConfigReader macs = r.section("macs");
  architecture.macs = {macs.text("name"), read_mesh(macs), macs.integer("word_bits", {1, 4096}),
                       macs.number("compute_pj", {0, kMostPj})};
  r.finish();
  if (problems.empty())
    for (const std::string& line : misfits(architecture)) problems.add(r.place("storage_levels"), line);
  problems.throw_if_any();
  return architecture;
}

}  // namespace heat::storage_levels
