// Prepared statements in one transaction without a journal; a crash leaves at most a temporary file. References and
// times are checked by remembering extremes while writing, so that finish() does not scan the large tables.
#include "traces/writer.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>
#include <unordered_map>

#include "base/atomic_file.h"
#include "base/errors.h"
#include "base/sqlite.h"

namespace heat::traces {
namespace {

using base::Database;
using base::RowId;
using base::Statement;

std::string prepare_folder(const std::string& path) {
  const auto parent = std::filesystem::path(path).parent_path();
  std::error_code ec;
  if (!parent.empty()) std::filesystem::create_directories(parent, ec);
  if (ec) throw base::FileError(parent.string() + ": cannot create folder: " + ec.message());
  const std::string temporary = base::temporary_name(path);
  std::filesystem::remove(temporary, ec);
  return temporary;
}

// Every id of a kind that rows refer to, against every id that was added.
struct References {
  std::set<std::int32_t> defined;
  std::set<std::int32_t> used;
  void use(std::int32_t id) {
    if (id >= 0 && id != last_) used.insert(last_ = id);
  }
  void check(const char* what) const {
    for (const auto id : used)
      HEAT_CHECK(defined.count(id) > 0,
                 std::string("a row refers to ") + what + " " + std::to_string(id) + ", which was never added");
  }

 private:
  std::int32_t last_ = -1;
};

}  // namespace

struct Writer::Impl {
  std::string path, temporary;
  RunInfo info;
  Database database;
  Statement add_unit, add_name, add_interval, add_counter, add_group, add_node, add_tensor, add_energy, add_stall,
      add_transaction, add_command, add_command_wait, add_burst;
  std::map<std::pair<std::int32_t, std::string>, std::int32_t> units;
  std::unordered_map<std::string, std::int32_t> names;
  std::string last_name;
  std::int32_t last_name_id = -1;
  References nodes, groups, tensors, commands;
  std::int64_t last_cycle = 0;
  double energy_pj = 0;
  std::int64_t macs = 0;

  Impl(const std::string& path_in, const RunInfo& info_in)
      : path(path_in),
        temporary(prepare_folder(path_in)),
        info(info_in),
        database(start(temporary)),
        add_unit(database, "INSERT INTO unit VALUES(?,?,?)"),
        add_name(database, "INSERT INTO name VALUES(?,?)"),
        add_interval(database, "INSERT INTO interval VALUES(?,?,?,?,?)"),
        add_counter(database, "INSERT INTO counter VALUES(?,?,?,?)"),
        add_group(database, "INSERT INTO fused_group VALUES(?,?,?,?,?,?)"),
        add_node(database, "INSERT INTO node VALUES(?,?,?,?,?,?,0,?,?,?,?)"),
        add_tensor(database, "INSERT INTO tensor VALUES(?,?,?,?)"),
        add_energy(database, "INSERT INTO energy VALUES(?,?,?,?,?)"),
        add_stall(database, "INSERT INTO stall VALUES(?,?,?,?)"),
        add_transaction(database, "INSERT INTO dram_transaction VALUES(NULL,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"),
        add_command(database, "INSERT INTO command VALUES(?,?,?,?,?,?,?,?,?,?,?)"),
        add_command_wait(database, "INSERT INTO command_wait VALUES(?,?,?)"),
        add_burst(database, "INSERT INTO burst VALUES(?,?,?,?,?,?,?,?,?,?,?)") {}

  static Database start(const std::string& temporary) {
    Database database = Database::create(temporary);
    database.execute("PRAGMA application_id=" + std::to_string(kApplicationId) +
                     "; PRAGMA user_version=" + std::to_string(kSchemaVersion) + "; BEGIN;" + schema_sql());
    return database;
  }

  std::int32_t name_id(std::string_view text) {
    if (last_name_id >= 0 && text == last_name) return last_name_id;
    last_name = std::string(text);
    const auto [it, added] = names.emplace(last_name, static_cast<std::int32_t>(names.size()));
    if (added) add_name.run(it->second, text);
    return last_name_id = it->second;
  }

  void check_time(std::int64_t start_cycle, std::int64_t end_cycle) {
    HEAT_CHECK(start_cycle >= 0 && start_cycle <= end_cycle,
               "start_cycle " + std::to_string(start_cycle) + ", end_cycle " + std::to_string(end_cycle));
    last_cycle = std::max(last_cycle, end_cycle);
  }

  void check_unit(std::int32_t unit) const {
    HEAT_CHECK(unit >= 0 && unit < static_cast<std::int32_t>(units.size()), "unit " + std::to_string(unit));
  }

  void write_run(const RunTotals& totals) {
    Statement(database, "INSERT INTO run VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?)")
        .run(info.program, info.version, info.seed, info.schedule, info.network, info.method, info.arch, info.clock_ghz,
             info.peak_macs_per_cycle, info.dram_peak_bytes_per_cycle, totals.cycles, macs, energy_pj);
  }
};

Writer::Writer(const std::string& path, const RunInfo& info, const nlohmann::ordered_json& resolved_config) {
  HEAT_CHECK(info.clock_ghz > 0, "clock_ghz " + std::to_string(info.clock_ghz));
  impl_ = std::make_unique<Impl>(path, info);
  Statement(impl_->database, "INSERT INTO config VALUES(?)").run(resolved_config.dump());
}

Writer::~Writer() {
  if (!impl_) return;
  const std::string temporary = impl_->temporary;
  impl_.reset();
  std::error_code ec;
  std::filesystem::remove(temporary, ec);
}

std::int32_t Writer::unit(std::int32_t chiplet, std::string_view name) {
  const auto [it, added] =
      impl_->units.emplace(std::make_pair(chiplet, std::string(name)), static_cast<std::int32_t>(impl_->units.size()));
  if (added) impl_->add_unit.run(it->second, RowId{chiplet}, name);
  return it->second;
}

void Writer::interval(std::int32_t unit, std::int64_t start_cycle, std::int64_t end_cycle, std::string_view kind,
                      std::int32_t node) {
  impl_->check_unit(unit);
  impl_->check_time(start_cycle, end_cycle);
  impl_->nodes.use(node);
  const auto kind_id = impl_->name_id(kind);
  impl_->add_interval.run(unit, start_cycle, end_cycle, kind_id, RowId{node});
}

void Writer::counter(std::int32_t unit, std::string_view name, std::int64_t cycle, double value) {
  impl_->check_unit(unit);
  impl_->check_time(cycle, cycle);
  const auto name_id = impl_->name_id(name);
  impl_->add_counter.run(unit, name_id, cycle, value);
}

void Writer::group(const GroupRow& row) {
  impl_->check_time(row.start_cycle, row.end_cycle);
  impl_->groups.defined.insert(row.id);
  impl_->add_group.run(row.id, row.name, row.start_cycle, row.end_cycle, row.predicted_cycles, row.predicted_energy_pj);
}

void Writer::node(const NodeRow& row) {
  impl_->nodes.defined.insert(row.id);
  impl_->groups.use(row.group);
  impl_->macs += row.macs;
  impl_->add_node.run(row.id, row.name, row.layer, RowId{row.group}, row.macs, row.cycles, row.predicted_cycles,
                      row.predicted_energy_pj, row.dram_read_bytes, row.dram_write_bytes);
}

void Writer::tensor(const TensorRow& row) {
  impl_->tensors.defined.insert(row.id);
  impl_->add_tensor.run(row.id, row.name, RowId{row.dram_address}, row.bytes);
}

void Writer::energy(const EnergyRow& row) {
  HEAT_CHECK(std::isfinite(row.energy_pj), row.component + "." + row.action + " energy is not finite");
  impl_->nodes.use(row.node);
  impl_->energy_pj += row.energy_pj;
  impl_->add_energy.run(row.component, row.action, RowId{row.node}, row.count, row.energy_pj);
}

void Writer::stall(const StallRow& row) {
  impl_->nodes.use(row.node);
  impl_->add_stall.run(RowId{row.node}, row.engine, row.reason, row.cycles);
}

void Writer::floor_term(const spec::FloorTerm& row) {
  Statement(impl_->database, "INSERT INTO floor_term VALUES(?,?,?)").run(row.name, row.amount, row.per_cycle);
}

void Writer::resource(const spec::ResourceUse& row) {
  Statement(impl_->database, "INSERT INTO resource VALUES(?,?,?)").run(row.kind, row.busiest, row.busy_cycles);
}

void Writer::dram_transaction(const DramTransactionRow& row) {
  impl_->check_time(row.arrival_cycle, row.start_cycle);
  impl_->check_time(row.start_cycle, row.finish_cycle);
  impl_->nodes.use(row.node);
  impl_->tensors.use(row.tensor);
  impl_->add_transaction.run(row.address, row.bytes, row.is_write, row.arrival_cycle, row.start_cycle, row.finish_cycle,
                             static_cast<int>(row.row_result), row.channel, row.rank, row.bank_group, row.bank, row.row,
                             RowId{row.node}, RowId{row.tensor});
}

void Writer::command(const CommandRow& row) {
  impl_->check_unit(row.unit);
  impl_->check_time(row.pushed_cycle, row.start_cycle);
  impl_->check_time(row.start_cycle, row.done_cycle);
  for (const std::int64_t moment : {row.settled_cycle, row.begin_cycle, row.freed_cycle})
    impl_->check_time(row.pushed_cycle, moment);
  impl_->nodes.use(row.node);
  impl_->commands.defined.insert(row.id);
  impl_->add_command.run(row.id, row.unit, row.pushed_cycle, row.start_cycle, row.settled_cycle, row.begin_cycle,
                         row.freed_cycle, row.done_cycle, RowId{row.results_cycle}, RowId{row.transfer},
                         RowId{row.node});
}

void Writer::command_wait(const CommandWaitRow& row) {
  impl_->commands.use(row.command);
  impl_->commands.use(row.on);
  impl_->add_command_wait.run(row.command, row.on, row.settled);
}

void Writer::burst(const BurstRow& row) {
  impl_->check_unit(row.unit);
  impl_->check_time(row.submitted_cycle, row.ready_cycle);
  impl_->check_time(row.ready_cycle, row.answered_cycle);
  impl_->check_time(row.submitted_cycle, row.slot_cycle);
  impl_->check_time(row.submitted_cycle, row.end_cycle);
  impl_->add_burst.run(row.transfer, row.unit, row.port, row.address, row.bytes, row.is_write, row.submitted_cycle,
                       row.ready_cycle, row.answered_cycle, row.slot_cycle, row.end_cycle);
}

void Writer::finish(const RunTotals& totals) {
  Impl& w = *impl_;
  HEAT_CHECK(totals.cycles >= w.last_cycle, "the run ends at cycle " + std::to_string(totals.cycles) +
                                                " but a row reaches cycle " + std::to_string(w.last_cycle));
  w.nodes.check("node");
  w.groups.check("group");
  w.tensors.check("tensor");
  w.commands.check("command");
  w.write_run(totals);
  w.database.execute(
      "UPDATE node SET energy_pj = sums.pj FROM (SELECT node_id, sum(energy_pj) AS pj FROM energy GROUP BY node_id) "
      "AS sums WHERE node.id = sums.node_id;" +
      std::string(index_sql()) + "COMMIT;");
  const std::string temporary = w.temporary, path = w.path;
  impl_.reset();  // closes the file
  try {
    base::commit_file(temporary, path);
  } catch (...) {
    std::error_code ec;
    std::filesystem::remove(temporary, ec);
    throw;
  }
}

}  // namespace heat::traces
