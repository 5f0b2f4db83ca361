// Reads a run database, never writes to it. Whatever is wrong with the file is a TraceError that names it and says what
// was expected: absent, no SQLite database, cut short, of another program, of another schema version, wrong types.
#pragma once

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "base/sqlite.h"
#include "spec/run_floor.h"
#include "traces/schema.h"

namespace heat::traces {

class Reader {
 public:
  explicit Reader(const std::string& path);

  const std::string& path() const { return database_.file(); }
  const RunRow& run() const { return run_; }
  nlohmann::ordered_json config() const;

  // Small tables, whole, ordered by id (energy and stalls: in the order written).
  std::vector<GroupRow> groups() const;
  std::vector<NodeRow> nodes() const;
  std::vector<TensorRow> tensors() const;
  std::vector<UnitRow> units() const;
  std::vector<EnergyRow> energies() const;
  std::vector<StallRow> stalls() const;
  spec::RunFloor floor() const;  // without terms where the program has none

  // Large tables, row by row, ordered by time (transactions: by arrival).
  void for_each_interval(const std::function<void(const IntervalRow&)>& visit) const;
  void for_each_counter(const std::function<void(const CounterRow&)>& visit) const;
  // Ordered by id, by command, by the time of submission.
  void for_each_command(const std::function<void(const CommandRow&)>& visit) const;
  void for_each_command_wait(const std::function<void(const CommandWaitRow&)>& visit) const;
  void for_each_burst(const std::function<void(const BurstRow&)>& visit) const;
  void for_each_dram_transaction(const std::function<void(const DramTransactionRow&)>& visit) const;

  // For questions the rows do not answer.
  const base::Database& database() const { return database_; }

 private:
  base::Database database_;
  RunRow run_;
};

}  // namespace heat::traces
