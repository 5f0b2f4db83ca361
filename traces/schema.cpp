// The schema's SQL. Strings that repeat per row (interval kinds, counter names) are interned in `name`; the views
// `interval_named` and `dram_transaction_named` undo that for people at the sqlite3 prompt.
#include "traces/schema.h"

namespace heat::traces {

// All tables in one piece: the lines of the schema stand together.
const char* schema_sql() {
  return R"sql(
CREATE TABLE run(
  program TEXT NOT NULL, version TEXT NOT NULL, seed INTEGER NOT NULL, schedule TEXT NOT NULL,
  network TEXT NOT NULL, method TEXT NOT NULL, arch TEXT NOT NULL, clock_ghz REAL NOT NULL,
  peak_macs_per_cycle INTEGER NOT NULL, dram_peak_bytes_per_cycle REAL NOT NULL,
  cycles INTEGER NOT NULL, macs INTEGER NOT NULL, energy_pj REAL NOT NULL);
CREATE TABLE config(json TEXT NOT NULL);
CREATE TABLE fused_group(
  id INTEGER PRIMARY KEY, name TEXT NOT NULL, start_cycle INTEGER NOT NULL, end_cycle INTEGER NOT NULL,
  predicted_cycles REAL NOT NULL, predicted_energy_pj REAL NOT NULL);
CREATE TABLE node(
  id INTEGER PRIMARY KEY, name TEXT NOT NULL, layer TEXT NOT NULL, group_id INTEGER REFERENCES fused_group(id),
  macs INTEGER NOT NULL, cycles INTEGER NOT NULL, energy_pj REAL NOT NULL,
  predicted_cycles REAL NOT NULL, predicted_energy_pj REAL NOT NULL,
  dram_read_bytes INTEGER NOT NULL, dram_write_bytes INTEGER NOT NULL);
CREATE TABLE tensor(
  id INTEGER PRIMARY KEY, name TEXT NOT NULL, dram_address INTEGER, bytes INTEGER NOT NULL);
CREATE TABLE unit(
  id INTEGER PRIMARY KEY, chiplet INTEGER, name TEXT NOT NULL);
CREATE TABLE name(
  id INTEGER PRIMARY KEY, text TEXT NOT NULL);
CREATE TABLE interval(
  unit_id INTEGER NOT NULL REFERENCES unit(id), start_cycle INTEGER NOT NULL, end_cycle INTEGER NOT NULL,
  kind_id INTEGER NOT NULL REFERENCES name(id), node_id INTEGER REFERENCES node(id));
CREATE TABLE counter(
  unit_id INTEGER NOT NULL REFERENCES unit(id), name_id INTEGER NOT NULL REFERENCES name(id),
  cycle INTEGER NOT NULL, value REAL NOT NULL);
CREATE TABLE energy(
  component TEXT NOT NULL, action TEXT NOT NULL, node_id INTEGER REFERENCES node(id),
  count INTEGER NOT NULL, energy_pj REAL NOT NULL);
CREATE TABLE stall(
  node_id INTEGER REFERENCES node(id), engine TEXT NOT NULL, reason TEXT NOT NULL, cycles INTEGER NOT NULL);
CREATE TABLE floor_term(
  name TEXT NOT NULL, amount INTEGER NOT NULL, per_cycle REAL NOT NULL);
CREATE TABLE resource(
  kind TEXT NOT NULL, busiest TEXT NOT NULL, busy_cycles INTEGER NOT NULL);
CREATE TABLE dram_transaction(
  id INTEGER PRIMARY KEY, address INTEGER NOT NULL, bytes INTEGER NOT NULL, is_write INTEGER NOT NULL,
  arrival_cycle INTEGER NOT NULL, start_cycle INTEGER NOT NULL, finish_cycle INTEGER NOT NULL,
  row_result INTEGER NOT NULL, channel INTEGER NOT NULL, rank INTEGER NOT NULL, bank_group INTEGER NOT NULL,
  bank INTEGER NOT NULL, row INTEGER NOT NULL,
  node_id INTEGER REFERENCES node(id), tensor_id INTEGER REFERENCES tensor(id));
CREATE TABLE command(
  id INTEGER PRIMARY KEY, unit_id INTEGER NOT NULL REFERENCES unit(id), pushed_cycle INTEGER NOT NULL,
  start_cycle INTEGER NOT NULL, settled_cycle INTEGER NOT NULL, begin_cycle INTEGER NOT NULL,
  freed_cycle INTEGER NOT NULL, done_cycle INTEGER NOT NULL, results_cycle INTEGER, transfer_id INTEGER,
  node_id INTEGER REFERENCES node(id));
CREATE TABLE command_wait(
  command_id INTEGER NOT NULL REFERENCES command(id), on_id INTEGER NOT NULL REFERENCES command(id),
  settled INTEGER NOT NULL);
CREATE TABLE burst(
  transfer_id INTEGER NOT NULL, unit_id INTEGER NOT NULL REFERENCES unit(id), port INTEGER NOT NULL,
  address INTEGER NOT NULL, bytes INTEGER NOT NULL, is_write INTEGER NOT NULL, submitted_cycle INTEGER NOT NULL,
  ready_cycle INTEGER NOT NULL, answered_cycle INTEGER NOT NULL, slot_cycle INTEGER NOT NULL,
  end_cycle INTEGER NOT NULL);
CREATE VIEW interval_named AS
  SELECT u.chiplet AS chiplet, u.name AS unit, k.text AS kind, i.start_cycle, i.end_cycle, n.name AS node
  FROM interval i JOIN unit u ON u.id = i.unit_id JOIN name k ON k.id = i.kind_id
  LEFT JOIN node n ON n.id = i.node_id;
CREATE VIEW dram_transaction_named AS
  SELECT d.id, d.address, d.bytes, CASE d.is_write WHEN 0 THEN 'read' ELSE 'write' END AS direction,
    d.arrival_cycle, d.start_cycle, d.finish_cycle,
    CASE d.row_result WHEN 0 THEN 'hit' WHEN 1 THEN 'miss' ELSE 'conflict' END AS row_result,
    d.channel, d.rank, d.bank_group, d.bank, d.row, n.name AS node, t.name AS tensor
  FROM dram_transaction d LEFT JOIN node n ON n.id = d.node_id LEFT JOIN tensor t ON t.id = d.tensor_id;
)sql";
}

const char* index_sql() {
  return "CREATE INDEX interval_start ON interval(start_cycle);";
}

}  // namespace heat::traces
