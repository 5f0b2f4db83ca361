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
#include "traces/sqlite.h"

namespace heat::traces {
namespace {

std::string prepare_folder(const std::string& path) {
  const auto parent = std::filesystem::path(path).parent_path();
  std::error_code ec;
  if (!parent.empty()) std::filesystem::create_directories(parent, ec);
  if (ec) throw base::FileError(parent.string() + ": cannot create folder: " + ec.message());
  const std::string temporary = base::temporary_name(path);
  std::filesystem::remove(temporary, ec);
  return temporary;
}

Database open_new(const std::string& temporary) {
  try {
    return Database::create(temporary);
  } catch (const base::TraceError& e) {
    throw base::FileError(e.what());
  }
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
      add_transaction;
  std::map<std::pair<std::int32_t, std::string>, std::int32_t> units;
  std::unordered_map<std::string, std::int32_t> names;
  std::string last_name;
  std::int32_t last_name_id = -1;
  References nodes, groups, tensors;
  std::int64_t last_cycle = 0;
  double energy_pj = 0;
  std::int64_t macs = 0;

  Impl(const std::string& path_in, const RunInfo& info_in)
      : path(path_in),
        temporary(prepare_folder(path_in)),
        info(info_in),
        database(start(temporary)),
        add_unit(database.prepare("INSERT INTO unit VALUES(?,?,?)")),
        add_name(database.prepare("INSERT INTO name VALUES(?,?)")),
        add_interval(database.prepare("INSERT INTO interval VALUES(?,?,?,?,?)")),
        add_counter(database.prepare("INSERT INTO counter VALUES(?,?,?,?)")),
        add_group(database.prepare("INSERT INTO fused_group VALUES(?,?,?,?,?,?)")),
        add_node(database.prepare("INSERT INTO node VALUES(?,?,?,?,?,?,0,?,?,?,?)")),
        add_tensor(database.prepare("INSERT INTO tensor VALUES(?,?,?,?)")),
        add_energy(database.prepare("INSERT INTO energy VALUES(?,?,?,?,?)")),
        add_stall(database.prepare("INSERT INTO stall VALUES(?,?,?,?)")),
        add_transaction(database.prepare("INSERT INTO dram_transaction VALUES(NULL,?,?,?,?,?,?,?,?,?,?,?,?,?,?)")) {}

  static Database start(const std::string& temporary) {
    Database database = open_new(temporary);
    database.execute("PRAGMA application_id=" + std::to_string(kApplicationId) +
                     "; PRAGMA user_version=" + std::to_string(kSchemaVersion) + "; BEGIN;" + schema_sql());
    return database;
  }

  std::int32_t name_id(std::string_view text) {
    if (last_name_id >= 0 && text == last_name) return last_name_id;
    last_name = std::string(text);
    const auto [it, added] = names.emplace(last_name, static_cast<std::int32_t>(names.size()));
    if (added) add_name.bind(1, it->second).bind(2, text).run();
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
    Statement s = database.prepare("INSERT INTO run VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?)");
    s.bind(1, info.program).bind(2, info.version).bind(3, info.seed).bind(4, info.schedule).bind(5, info.network);
    s.bind(6, info.method).bind(7, info.arch).bind(8, info.clock_ghz).bind(9, info.peak_macs_per_cycle);
    s.bind(10, info.dram_peak_bytes_per_cycle).bind(11, totals.cycles).bind(12, macs).bind(13, energy_pj).run();
  }
};

Writer::Writer(const std::string& path, const RunInfo& info, const nlohmann::ordered_json& resolved_config) {
  HEAT_CHECK(info.clock_ghz > 0, "clock_ghz " + std::to_string(info.clock_ghz));
  impl_ = std::make_unique<Impl>(path, info);
  impl_->database.prepare("INSERT INTO config VALUES(?)").bind(1, resolved_config.dump()).run();
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
  if (added) impl_->add_unit.bind(1, it->second).bind_id(2, chiplet).bind(3, name).run();
  return it->second;
}

void Writer::interval(std::int32_t unit, std::int64_t start_cycle, std::int64_t end_cycle, std::string_view kind,
                      std::int32_t node) {
  impl_->check_unit(unit);
  impl_->check_time(start_cycle, end_cycle);
  impl_->nodes.use(node);
  const auto kind_id = impl_->name_id(kind);
  auto& s = impl_->add_interval;
  s.bind(1, unit).bind(2, start_cycle).bind(3, end_cycle).bind(4, kind_id).bind_id(5, node).run();
}

void Writer::counter(std::int32_t unit, std::string_view name, std::int64_t cycle, double value) {
  impl_->check_unit(unit);
  impl_->check_time(cycle, cycle);
  const auto name_id = impl_->name_id(name);
  impl_->add_counter.bind(1, unit).bind(2, name_id).bind(3, cycle).bind(4, value).run();
}

void Writer::group(const GroupRow& row) {
  impl_->check_time(row.start_cycle, row.end_cycle);
  impl_->groups.defined.insert(row.id);
  auto& s = impl_->add_group;
  s.bind(1, row.id).bind(2, row.name).bind(3, row.start_cycle).bind(4, row.end_cycle);
  s.bind(5, row.predicted_cycles).bind(6, row.predicted_energy_pj).run();
}

void Writer::node(const NodeRow& row) {
  impl_->nodes.defined.insert(row.id);
  impl_->groups.use(row.group);
  impl_->macs += row.macs;
  auto& s = impl_->add_node;
  s.bind(1, row.id).bind(2, row.name).bind(3, row.layer).bind_id(4, row.group).bind(5, row.macs).bind(6, row.cycles);
  s.bind(7, row.predicted_cycles).bind(8, row.predicted_energy_pj);
  s.bind(9, row.dram_read_bytes).bind(10, row.dram_write_bytes).run();
}

void Writer::tensor(const TensorRow& row) {
  impl_->tensors.defined.insert(row.id);
  impl_->add_tensor.bind(1, row.id).bind(2, row.name).bind_id(3, row.dram_address).bind(4, row.bytes).run();
}

void Writer::energy(const EnergyRow& row) {
  HEAT_CHECK(std::isfinite(row.energy_pj), row.component + "." + row.action + " energy is not finite");
  impl_->nodes.use(row.node);
  impl_->energy_pj += row.energy_pj;
  auto& s = impl_->add_energy;
  s.bind(1, row.component).bind(2, row.action).bind_id(3, row.node).bind(4, row.count).bind(5, row.energy_pj).run();
}

void Writer::stall(const StallRow& row) {
  impl_->nodes.use(row.node);
  impl_->add_stall.bind_id(1, row.node).bind(2, row.engine).bind(3, row.reason).bind(4, row.cycles).run();
}

void Writer::dram_transaction(const DramTransactionRow& row) {
  impl_->check_time(row.arrival_cycle, row.start_cycle);
  impl_->check_time(row.start_cycle, row.finish_cycle);
  impl_->nodes.use(row.node);
  impl_->tensors.use(row.tensor);
  auto& s = impl_->add_transaction;
  s.bind(1, row.address).bind(2, row.bytes).bind(3, row.is_write ? 1 : 0);
  s.bind(4, row.arrival_cycle).bind(5, row.start_cycle).bind(6, row.finish_cycle);
  s.bind(7, static_cast<int>(row.row_result)).bind(8, row.channel).bind(9, row.rank).bind(10, row.bank_group);
  s.bind(11, row.bank).bind(12, row.row).bind_id(13, row.node).bind_id(14, row.tensor).run();
}

void Writer::finish(const RunTotals& totals) {
  Impl& w = *impl_;
  HEAT_CHECK(totals.cycles >= w.last_cycle, "the run ends at cycle " + std::to_string(totals.cycles) +
                                                " but a row reaches cycle " + std::to_string(w.last_cycle));
  w.nodes.check("node");
  w.groups.check("group");
  w.tensors.check("tensor");
  w.write_run(totals);
  w.database.execute(
      "UPDATE node SET energy_pj = sums.pj FROM (SELECT node_id, sum(energy_pj) AS pj FROM energy GROUP BY node_id) "
      "AS sums WHERE node.id = sums.node_id;" +
      std::string(index_sql()) + "COMMIT;");
  const std::string temporary = w.temporary, path = w.path;
  Database database = std::move(w.database);
  impl_.reset();  // finalises the statements
  try {
    database.close();
    base::commit_file(temporary, path);
  } catch (...) {
    std::error_code ec;
    std::filesystem::remove(temporary, ec);
    throw;
  }
}

}  // namespace heat::traces
