// CSV: RFC 4180. Trace texts: DRAMsim3's "addr op cycle" and Ramulator 2's LoadStoreTrace.
#include "traces/exports.h"

#include <fmt/format.h>
#include <fmt/ostream.h>

#include <cmath>
#include <map>
#include <ostream>

#include "base/config_reader.h"
#include "base/errors.h"

namespace heat::traces {
namespace {

// CSV by SQL: the views of the schema already give names for ids.
struct CsvTable {
  const char* name;
  const char* sql;
};

constexpr CsvTable kCsvTables[] = {
    {"group",
     "SELECT id, name, start_cycle, end_cycle, predicted_cycles, predicted_energy_pj FROM fused_group ORDER BY id"},
    {"node",
     "SELECT n.id, n.name, n.layer, g.name AS group_name, n.macs, n.cycles, n.energy_pj, n.predicted_cycles, "
     "n.predicted_energy_pj, n.dram_read_bytes, n.dram_write_bytes FROM node n LEFT JOIN fused_group g "
     "ON g.id = n.group_id ORDER BY n.id"},
    {"tensor", "SELECT id, name, dram_address, bytes FROM tensor ORDER BY id"},
    {"interval",
     "SELECT chiplet, unit, kind, start_cycle, end_cycle, node FROM interval_named ORDER BY start_cycle, "
     "chiplet, unit, end_cycle"},
    {"counter",
     "SELECT u.chiplet, u.name AS unit, k.text AS name, c.cycle, c.value FROM counter c JOIN unit u ON u.id = "
     "c.unit_id "
     "JOIN name k ON k.id = c.name_id ORDER BY c.cycle, c.rowid"},
    {"energy",
     "SELECT e.component, e.action, n.name AS node, e.count, e.energy_pj FROM energy e LEFT JOIN node n "
     "ON n.id = e.node_id ORDER BY e.rowid"},
    {"stall",
     "SELECT n.name AS node, s.engine, s.reason, s.cycles FROM stall s LEFT JOIN node n ON n.id = s.node_id "
     "ORDER BY s.rowid"},
    {"dram_transaction", "SELECT * FROM dram_transaction_named ORDER BY arrival_cycle, id"},
};

std::string quoted(const std::string& cell) {
  if (cell.find_first_of(",\"\r\n") == std::string::npos) return cell;
  std::string text = "\"";
  for (const char c : cell) text += c == '"' ? "\"\"" : std::string(1, c);
  return text + "\"";
}

void check_written(const std::ostream& out) {
  if (!out) throw base::FileError("the export cannot be written (disk full?)");
}

template <class Write>
std::int64_t each_request(const Reader& reader, const DramTraceOptions& options, Write write) {
  HEAT_CHECK(options.request_bytes > 0, "request_bytes " + std::to_string(options.request_bytes));
  std::int64_t requests = 0;
  reader.for_each_dram_transaction([&](const DramTransactionRow& t) {
    const std::int64_t size = options.request_bytes;
    for (std::int64_t address = t.address / size * size; address < t.address + t.bytes; address += size, ++requests)
      write(address, t);
  });
  return requests;
}

}  // namespace

const std::vector<std::string>& csv_tables() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> list;
    for (const auto& table : kCsvTables) list.emplace_back(table.name);
    return list;
  }();
  return names;
}

std::int64_t export_csv(const Reader& reader, const std::string& table, std::ostream& out) {
  for (const auto& known : kCsvTables) {
    if (table != known.name) continue;
    base::Statement s(reader.database(), known.sql);
    for (int c = 0; c < s.columns(); ++c) out << (c > 0 ? "," : "") << s.column_name(c);
    out << "\n";
    std::int64_t rows = 0;
    for (; s.step(); ++rows) {
      for (int c = 0; c < s.columns(); ++c) out << (c > 0 ? "," : "") << quoted(s.as_text(c));
      out << "\n";
    }
    check_written(out);
    return rows;
  }
  const auto near = base::nearest_word(table, csv_tables());
  throw base::ConfigError("--table " + table + ": no such table" + (near ? " (did you mean '" + *near + "'?)" : "") +
                          "; known: " + fmt::format("{}", fmt::join(csv_tables(), ", ")));
}

std::int64_t export_dramsim3(const Reader& reader, const DramTraceOptions& options, std::ostream& out) {
  const double scale = options.clock_ghz > 0 ? options.clock_ghz / reader.run().info.clock_ghz : 1.0;
  const auto count = each_request(reader, options, [&](std::int64_t address, const DramTransactionRow& t) {
    fmt::print(out, "{:#x} {} {}\n", address, t.is_write ? "WRITE" : "READ",
               std::llround(std::floor(static_cast<double>(t.arrival_cycle) * scale)));
  });
  check_written(out);
  return count;
}

std::int64_t export_ramulator2(const Reader& reader, const DramTraceOptions& options, std::ostream& out) {
  const auto count = each_request(reader, options, [&](std::int64_t address, const DramTransactionRow& t) {
    fmt::print(out, "{} {:#x}\n", t.is_write ? "ST" : "LD", address);
  });
  check_written(out);
  return count;
}

}  // namespace heat::traces
