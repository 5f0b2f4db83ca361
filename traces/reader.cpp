// The header of the file (https://www.sqlite.org/fileformat.html, section 1.3) is looked at before SQLite is, because
// SQLite opens a file that was cut short and fails only when it meets a missing page.
#include "traces/reader.h"

#include <array>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/errors.h"

namespace heat::traces {
namespace {

using base::Database;
using base::Statement;
using base::TraceError;

std::uint64_t big_endian(const std::array<unsigned char, 100>& header, int offset, int bytes) {
  std::uint64_t value = 0;
  for (int i = 0; i < bytes; ++i) value = value << 8 | header[static_cast<std::size_t>(offset + i)];
  return value;
}

void check_file(const std::string& path) {
  if (!std::filesystem::exists(path)) throw TraceError(path + ": no such file");
  if (std::filesystem::is_directory(path)) throw TraceError(path + ": a folder, expected a run database");
  std::ifstream in(path, std::ios::binary);
  if (!in) throw TraceError(path + ": cannot be opened for reading");
  std::array<unsigned char, 100> header{};
  in.read(reinterpret_cast<char*>(header.data()), header.size());
  if (in.gcount() < 100 || std::string(reinterpret_cast<const char*>(header.data()), 15) != "SQLite format 3")
    throw TraceError(path + ": not a run database (no SQLite file)");
  const std::uint64_t page_field = big_endian(header, 16, 2);
  const std::uint64_t page_bytes = page_field == 1 ? 65536 : page_field;
  const std::uint64_t expected = page_bytes * big_endian(header, 28, 4);
  const std::uint64_t actual = std::filesystem::file_size(path);
  if (actual < expected)
    throw TraceError(path + ": cut short: " + std::to_string(actual) + " bytes of " + std::to_string(expected));
}

Database open_checked(const std::string& path) {
  check_file(path);
  Database database = Database::open_read_only(path);
  if (database.scalar("PRAGMA application_id") != kApplicationId)
    throw TraceError(path + ": a SQLite database, but not a run database of HEAT (application id differs)");
  const std::int64_t version = database.scalar("PRAGMA user_version");
  if (version != kSchemaVersion)
    throw TraceError(path + ": schema version " + std::to_string(version) + ", this program reads version " +
                     std::to_string(kSchemaVersion) + "; run the simulation again with programs of one version");
  return database;
}

RunRow read_run(const Database& database) {
  Statement s(database, "SELECT * FROM run");
  if (!s.step()) throw TraceError(database.file() + ": table run is empty, expected one row");
  RunRow run;
  run.info.program = s.text(0);
  run.info.version = s.text(1);
  run.info.seed = s.integer(2);
  run.info.schedule = s.text(3);
  run.info.network = s.text(4);
  run.info.method = s.text(5);
  run.info.arch = s.text(6);
  run.info.clock_ghz = s.real(7);
  run.info.peak_macs_per_cycle = s.integer(8);
  run.info.dram_peak_bytes_per_cycle = s.real(9);
  run.cycles = s.integer(10);
  run.macs = s.integer(11);
  run.energy_pj = s.real(12);
  if (!(run.info.clock_ghz > 0))
    throw TraceError(database.file() + ": run.clock_ghz: " + std::to_string(run.info.clock_ghz) + ", expected above 0");
  if (s.step()) throw TraceError(database.file() + ": table run has more than one row, expected one");
  return run;
}

template <class Row, class Make>
std::vector<Row> read_all(const Database& database, const char* sql, Make make) {
  std::vector<Row> rows;
  Statement s(database, sql);
  while (s.step()) rows.push_back(make(s));
  return rows;
}

}  // namespace

Reader::Reader(const std::string& path) : database_(open_checked(path)), run_(read_run(database_)) {}

nlohmann::ordered_json Reader::config() const {
  Statement s(database_, "SELECT json FROM config");
  if (!s.step()) throw TraceError(path() + ": table config is empty, expected one row");
  try {
    return nlohmann::ordered_json::parse(s.text(0));
  } catch (const nlohmann::json::parse_error& e) {
    throw TraceError(path() + ": config.json: " + e.what());
  }
}

std::vector<GroupRow> Reader::groups() const {
  return read_all<GroupRow>(database_, "SELECT * FROM fused_group ORDER BY id", [](const Statement& s) {
    return GroupRow{s.id(0), s.text(1), s.integer(2), s.integer(3), s.real(4), s.real(5)};
  });
}

std::vector<NodeRow> Reader::nodes() const {
  return read_all<NodeRow>(database_, "SELECT * FROM node ORDER BY id", [](const Statement& s) {
    return NodeRow{s.id(0),   s.text(1), s.text(2), s.id(3),      s.integer(4), s.integer(5),
                   s.real(6), s.real(7), s.real(8), s.integer(9), s.integer(10)};
  });
}

std::vector<TensorRow> Reader::tensors() const {
  return read_all<TensorRow>(database_, "SELECT * FROM tensor ORDER BY id", [](const Statement& s) {
    return TensorRow{s.id(0), s.text(1), s.is_null(2) ? -1 : s.integer(2), s.integer(3)};
  });
}

std::vector<UnitRow> Reader::units() const {
  return read_all<UnitRow>(database_, "SELECT * FROM unit ORDER BY id", [](const Statement& s) {
    return UnitRow{s.id(0), s.id(1), s.text(2)};
  });
}

std::vector<EnergyRow> Reader::energies() const {
  return read_all<EnergyRow>(database_, "SELECT * FROM energy ORDER BY rowid", [](const Statement& s) {
    return EnergyRow{s.text(0), s.text(1), s.id(2), s.integer(3), s.real(4)};
  });
}

std::vector<StallRow> Reader::stalls() const {
  return read_all<StallRow>(database_, "SELECT * FROM stall ORDER BY rowid", [](const Statement& s) {
    return StallRow{s.id(0), s.text(1), s.text(2), s.integer(3)};
  });
}

spec::RunFloor Reader::floor() const {
  spec::RunFloor floor;
  floor.cycles = run_.cycles;
  floor.terms = read_all<spec::FloorTerm>(database_, "SELECT * FROM floor_term ORDER BY rowid", [](const Statement& s) {
    return spec::FloorTerm{s.text(0), s.integer(1), s.real(2)};
  });
  floor.resources =
      read_all<spec::ResourceUse>(database_, "SELECT * FROM resource ORDER BY rowid", [](const Statement& s) {
        return spec::ResourceUse{s.text(0), s.text(1), s.integer(2)};
      });
  return floor;
}

void Reader::for_each_interval(const std::function<void(const IntervalRow&)>& visit) const {
  Statement s(database_,
              "SELECT i.unit_id, i.start_cycle, i.end_cycle, k.text, i.node_id FROM interval i "
              "LEFT JOIN name k ON k.id = i.kind_id ORDER BY i.start_cycle, i.rowid");
  while (s.step()) visit({s.id(0), s.integer(1), s.integer(2), s.text(3), s.id(4)});
}

void Reader::for_each_counter(const std::function<void(const CounterRow&)>& visit) const {
  Statement s(database_,
              "SELECT c.unit_id, k.text, c.cycle, c.value FROM counter c LEFT JOIN name k ON k.id = c.name_id "
              "ORDER BY c.cycle, c.rowid");
  while (s.step()) visit({s.id(0), s.text(1), s.integer(2), s.real(3)});
}

void Reader::for_each_dram_transaction(const std::function<void(const DramTransactionRow&)>& visit) const {
  Statement s(database_,
              "SELECT address, bytes, is_write, arrival_cycle, start_cycle, finish_cycle, row_result, channel, rank, "
              "bank_group, bank, row, node_id, tensor_id FROM dram_transaction ORDER BY arrival_cycle, id");
  while (s.step()) {
    DramTransactionRow row;
    row.address = s.integer(0);
    row.bytes = static_cast<std::int32_t>(s.integer(1));
    row.is_write = s.integer(2) != 0;
    row.arrival_cycle = s.integer(3);
    row.start_cycle = s.integer(4);
    row.finish_cycle = s.integer(5);
    const std::int64_t result = s.integer(6);
    if (result < 0 || result > 2)
      throw TraceError(path() + ": dram_transaction.row_result: " + std::to_string(result) + ", expected 0, 1 or 2");
    row.row_result = static_cast<RowResult>(result);
    row.channel = s.id(7);
    row.rank = s.id(8);
    row.bank_group = s.id(9);
    row.bank = s.id(10);
    row.row = s.id(11);
    row.node = s.id(12);
    row.tensor = s.id(13);
    visit(row);
  }
}

void Reader::for_each_command(const std::function<void(const CommandRow&)>& visit) const {
  Statement s(database_,
              "SELECT id, unit_id, pushed_cycle, start_cycle, settled_cycle, begin_cycle, freed_cycle, done_cycle, "
              "ifnull(results_cycle, -1), transfer_id, node_id FROM command ORDER BY id");
  while (s.step())
    visit({s.id(0), s.id(1), s.integer(2), s.integer(3), s.integer(4), s.integer(5), s.integer(6), s.integer(7),
           s.integer(8), s.id(9), s.id(10)});
}

void Reader::for_each_command_wait(const std::function<void(const CommandWaitRow&)>& visit) const {
  Statement s(database_, "SELECT command_id, on_id, settled FROM command_wait ORDER BY command_id");
  while (s.step()) visit({s.id(0), s.id(1), s.integer(2) != 0});
}

void Reader::for_each_burst(const std::function<void(const BurstRow&)>& visit) const {
  Statement s(database_,
              "SELECT transfer_id, unit_id, port, address, bytes, is_write, submitted_cycle, ready_cycle, "
              "answered_cycle, slot_cycle, end_cycle FROM burst ORDER BY submitted_cycle, rowid");
  while (s.step())
    visit({s.id(0), s.id(1), s.id(2), s.integer(3), static_cast<std::int32_t>(s.integer(4)), s.integer(5) != 0,
           s.integer(6), s.integer(7), s.integer(8), s.integer(9), s.integer(10)});
}

}  // namespace heat::traces
