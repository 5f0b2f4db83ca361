// SQLite in write-ahead mode: a commit is an append, and the next opening recovers from a kill at any point.
#include "offline/cost_table/table.h"

#include <cstdio>

#include "base/atomic_file.h"
#include "base/errors.h"
#include "base/sqlite.h"

namespace heat::offline {
namespace {

using base::Statement;

constexpr int kApplicationId = 0x48434f54;  // "HCOT"
constexpr const char* kColumns =
    "key, rows, cols, tokens, method, shape, rank, params, ratio, error, feasible, reason, einsum, path, mapping, "
    "macs, energy_pj, latency_ns, edp_js, measured_energy_pj, measured_latency_ns, energy_correction, "
    "latency_correction";
constexpr const char* kSchema =
    "CREATE TABLE IF NOT EXISTS note(name TEXT PRIMARY KEY, text TEXT NOT NULL);"
    "CREATE TABLE IF NOT EXISTS candidate(key TEXT PRIMARY KEY, rows INTEGER NOT NULL, cols INTEGER NOT NULL,"
    " tokens INTEGER NOT NULL, method TEXT NOT NULL, shape TEXT NOT NULL, rank TEXT NOT NULL, params INTEGER NOT NULL,"
    " ratio REAL NOT NULL, error REAL NOT NULL, feasible INTEGER NOT NULL, reason TEXT NOT NULL, einsum TEXT NOT NULL,"
    " path TEXT NOT NULL, mapping TEXT NOT NULL, macs REAL NOT NULL, energy_pj REAL NOT NULL, latency_ns REAL NOT NULL,"
    " edp_js REAL NOT NULL, measured_energy_pj REAL, measured_latency_ns REAL, energy_correction REAL,"
    " latency_correction REAL);";

CostRow read_row(const Statement& s) {
  int column = 0;  // the key, which the other columns give
  const auto integer = [&] { return s.integer(++column); };
  const auto text = [&] { return s.text(++column); };
  const auto number = [&] { return s.real(++column); };
  const auto optional_number = [&] { return s.real_or_none(++column); };
  CostRow r;
  const std::int64_t rows = integer(), cols = integer();
  r.tokens = integer();
  const std::string method = text(), shape = text(), rank = text();
  r.form = parse_form(method, shape, rank, rows, cols);
  r.params = integer();
  r.ratio = number();
  r.error = number();
  r.feasible = integer() != 0;
  r.reason = text();
  r.einsum = text();
  r.path = text();
  r.mapping = text();
  r.macs = number();
  r.energy_pj = number();
  r.latency_ns = number();
  r.edp_js = number();
  r.measured_energy_pj = optional_number();
  r.measured_latency_ns = optional_number();
  const std::optional<double> energy = optional_number(), latency = optional_number();
  if (!r.measured_energy_pj) r.class_energy_correction = energy;
  if (!r.measured_latency_ns) r.class_latency_correction = latency;
  return r;
}

}  // namespace

struct CostTable::State {
  base::Database database;
};

std::string row_key(const Form& form, std::int64_t tokens) {
  return std::to_string(form.shape.rows()) + "x" + std::to_string(form.shape.cols()) + " t" + std::to_string(tokens) +
         " " + form_text(form);
}
double CostRow::energy_correction() const {
  if (!measured_energy_pj) return class_energy_correction.value_or(1.0);
  return energy_pj > 0 ? *measured_energy_pj / energy_pj : 1.0;
}
double CostRow::latency_correction() const {
  if (!measured_latency_ns) return class_latency_correction.value_or(1.0);
  return latency_ns > 0 ? *measured_latency_ns / latency_ns : 1.0;
}

CostTable::CostTable(std::unique_ptr<State> state) : state_(std::move(state)) {}
CostTable::CostTable(CostTable&&) noexcept = default;
CostTable& CostTable::operator=(CostTable&&) noexcept = default;
CostTable::~CostTable() = default;

CostTable CostTable::open(const std::string& path) {
  auto state = std::make_unique<State>(State{base::Database::open_or_create(path, 10'000)});
  base::Database& database = state->database;
  const bool is_ours = database.scalar("PRAGMA application_id") == kApplicationId;
  const std::int64_t tables = database.scalar("SELECT count(*) FROM sqlite_master WHERE type = 'table'");
  if (!is_ours && tables != 0) throw base::FileError(path + ": is no cost table");
  database.execute("PRAGMA synchronous = NORMAL");
  if (!is_ours || tables != 2)
    database.execute("PRAGMA journal_mode = WAL; PRAGMA application_id = " + std::to_string(kApplicationId) + ";" +
                     kSchema);
  return CostTable(std::move(state));
}

std::optional<std::string> CostTable::note(const std::string& name) const {
  Statement s(state_->database, "SELECT text FROM note WHERE name = ?");
  if (!s.bind(name).step()) return std::nullopt;
  return s.text(0);
}

void CostTable::set_note(const std::string& name, const std::string& text) {
  Statement(state_->database, "INSERT OR REPLACE INTO note(name, text) VALUES (?, ?)").run(name, text);
}

bool CostTable::has(const std::string& key) const {
  return Statement(state_->database, "SELECT 1 FROM candidate WHERE key = ?").bind(key).step();
}

void CostTable::insert(const CostRow& r) {
  const auto known = [](bool is_known, double value) { return is_known ? std::optional(value) : std::nullopt; };
  Statement(state_->database, std::string("INSERT OR REPLACE INTO candidate(") + kColumns +
                                  ") VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)")
      .run(r.key(), r.rows(), r.cols(), r.tokens, r.form.method, shape_text(r.form), ranks_text(r.form.ranks), r.params,
           r.ratio, r.error, r.feasible, r.reason, r.einsum, r.path, r.mapping, r.macs, r.energy_pj, r.latency_ns,
           r.edp_js, r.measured_energy_pj, r.measured_latency_ns,
           known(r.measured_energy_pj || r.class_energy_correction, r.energy_correction()),
           known(r.measured_latency_ns || r.class_latency_correction, r.latency_correction()));
}

void CostTable::replace(const std::vector<CostRow>& rows, const std::map<std::string, std::string>& notes) {
  state_->database.execute("BEGIN IMMEDIATE");
  try {
    for (const auto& [name, text] : notes) set_note(name, text);
    for (const CostRow& r : rows) insert(r);
    state_->database.execute("COMMIT");
  } catch (...) {
    try {
      state_->database.execute("ROLLBACK");
    } catch (const base::FileError&) {
      // SQLite has rolled back by itself; the first error is the one to report.
    }
    throw;
  }
}

std::map<std::string, std::string> CostTable::notes() const {
  std::map<std::string, std::string> notes;
  for (Statement s(state_->database, "SELECT name, text FROM note"); s.step();) notes[s.text(0)] = s.text(1);
  return notes;
}

void CostTable::rewrite_sorted(const std::string& path) {
  const std::string copy = path + ".sorted";
  open(path).write_copy(copy);  // closed here, which leaves no log beside the file
  base::commit_file(copy, path);
}

void CostTable::write_copy(const std::string& path) const {
  const std::string temporary = base::temporary_name(path);
  const auto remove_all = [](const std::string& file) {
    for (const char* end : {"", "-wal", "-shm"}) std::remove((file + end).c_str());
  };
  remove_all(temporary);
  open(temporary).replace(rows(), notes());  // closing it empties its log
  remove_all(path);                          // a log left by a killed writer is not the new file's
  base::commit_file(temporary, path);
}

std::vector<CostRow> CostTable::rows() const {
  std::vector<CostRow> all;
  for (Statement s(state_->database, std::string("SELECT ") + kColumns +
                                         " FROM candidate ORDER BY rows, cols, tokens, method, shape, ratio, rank");
       s.step();)
    all.push_back(read_row(s));
  return all;
}

std::optional<CostRow> CostTable::find(const std::string& key) const {
  Statement s(state_->database, std::string("SELECT ") + kColumns + " FROM candidate WHERE key = ?");
  if (!s.bind(key).step()) return std::nullopt;
  return read_row(s);
}

}  // namespace heat::offline
