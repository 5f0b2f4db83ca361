// Fills a cost table: decomposes, plans paths, costs them on the machine.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/jobs/interrupt.h"
#include "base/jobs/jobs_option.h"
#include "offline/cost_table/network_cost.h"

namespace heat::offline {

// A matrix the errors are measured on.
struct WeightMatrix {
  std::int64_t rows = 0, cols = 0;
  std::vector<double> values;  // row-major
  std::string origin;          // a file's name, or "synthetic"
};

// A seeded stand-in where no weights are given: 192 Gaussian rank-one terms with weights (k+1)^-0.6 and 6 % of the
// energy in noise. It ranks shapes by their degrees of freedom; it does not know a trained model's structure.
WeightMatrix synthetic_weight(std::int64_t rows, std::int64_t cols, std::uint64_t seed);

struct BuildReport {
  std::int64_t computed = 0, reused = 0;
  bool stopped = false;  // by `stop`; a later run goes on
};

// Called after every shape: shapes done, shapes in all, the shape's name.
using BuildProgress = std::function<void(std::size_t, std::size_t, const std::string&)>;

struct BuildControl {
  BuildProgress progress;                          // one call at a time
  std::function<bool()> stop = base::interrupted;  // asked before every row
  base::Shard shard;                               // the part of the shapes that is done
};

// Adds rows for those forms that a table lacks, with the table's own calibration and options; the number added.
// Forms of sizes that no matrix has are left out. Throws base::ConfigError for a table of another architecture.
std::int64_t add_candidates(CostTable& table, const std::vector<Form>& forms, const std::vector<WeightMatrix>& matrices,
                            std::int64_t tokens, const spec::ArchSpec& arch, const spec::EnergyTable& energy);

// What tells this list of work from another: equal for all its shards.
std::string work_name(const std::vector<WeightMatrix>& matrices, const BuildOptions& options);

// Adds every candidate that `table` lacks, for all matrices and methods, each row as soon as it is known. Of several
// matrices of one size the first decides the ranks; errors are means over all of them. The rows do
// not depend on threads or on what was there before. Throws spec::ConfigError when the table was made for another
// architecture, calibration, matrix or options.
BuildReport fill_table(CostTable& table, const std::vector<WeightMatrix>& matrices, const machines::Machine& machine,
                       const BuildOptions& options, const BuildControl& control = {});

}  // namespace heat::offline
