// Writes a run database. One transaction into a temporary file that finish() renames to its name: the file is there
// whole or not at all.
//
// Use: Writer w(path, info, resolved_config);
//      const auto pe0 = w.unit(0, "pe0");  w.interval(pe0, 10, 90, "compute", node);  ...
//      w.node(row); w.energy(row); ...  w.finish({cycles});
// Rows may come in any order; ids that rows refer to must have been added by the time of finish().
#pragma once

#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <utility>

#include "spec/run_floor.h"
#include "traces/schema.h"

namespace heat::traces {

class Writer {
 public:
  // Creates missing parent folders. Throws FileError when the file cannot be made.
  Writer(const std::string& path, const RunInfo& info, const nlohmann::ordered_json& resolved_config);
  ~Writer();  // without finish(): removes the temporary file
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  // Id of the unit of that name, added on first use. chiplet -1: a part of the package.
  std::int32_t unit(std::int32_t chiplet, std::string_view name);

  void interval(std::int32_t unit, std::int64_t start_cycle, std::int64_t end_cycle, std::string_view kind,
                std::int32_t node = -1);
  void counter(std::int32_t unit, std::string_view name, std::int64_t cycle, double value);
  void group(const GroupRow& row);
  void node(const NodeRow& row);
  void tensor(const TensorRow& row);
  void energy(const EnergyRow& row);
  void stall(const StallRow& row);
  void floor_term(const spec::FloorTerm& row);
  void resource(const spec::ResourceUse& row);
  void dram_transaction(const DramTransactionRow& row);
  void command(const CommandRow& row);
  void command_wait(const CommandWaitRow& row);
  void burst(const BurstRow& row);

  // Fills the sums (energy of nodes and run, MACs of the run), checks that every time lies in [0, cycles] and every id
  // refers to a row (std::logic_error otherwise: a fault of the caller), and puts the file in its place.
  void finish(const RunTotals& totals);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace heat::traces
