// SQLite in write-ahead mode: a commit is an append, and the next opening recovers from a kill at any point.
#include "offline/cost_table/table.h"

#include <sqlite3.h>

#include <cstdio>

#include "base/atomic_file.h"
#include "base/errors.h"

namespace heat::offline {
namespace {

constexpr int kApplicationId = 0x48434f54;  // "HCOT"
constexpr const char* kColumns =
    "key, rows, cols, tokens, method, shape, rank, params, ratio, error, feasible, reason, einsum, path, mapping, "
    "macs, "
    "energy_pj, latency_ns, edp_js, measured_energy_pj, measured_latency_ns, energy_correction, latency_correction";
constexpr const char* kSchema =
    "CREATE TABLE IF NOT EXISTS note(name TEXT PRIMARY KEY, text TEXT NOT NULL);"
    "CREATE TABLE IF NOT EXISTS candidate(key TEXT PRIMARY KEY, rows INTEGER NOT NULL, cols INTEGER NOT NULL,"
    " tokens INTEGER NOT NULL, method TEXT NOT NULL, shape TEXT NOT NULL, rank TEXT NOT NULL, params INTEGER NOT NULL,"
    " ratio REAL NOT NULL, error REAL NOT NULL, feasible INTEGER NOT NULL, reason TEXT NOT NULL, einsum TEXT NOT NULL,"
    " path TEXT NOT NULL, mapping TEXT NOT NULL, macs REAL NOT NULL, energy_pj REAL NOT NULL, latency_ns REAL NOT NULL,"
    " edp_js REAL NOT NULL, measured_energy_pj REAL, measured_latency_ns REAL, energy_correction REAL,"
    " latency_correction REAL);";

}  // namespace

struct CostTable::State {
  std::string path;
  sqlite3* db = nullptr;
  ~State() { sqlite3_close(db); }

  [[noreturn]] void fail(const std::string& doing) const {
    throw base::FileError(path + ": " + doing + ": " + (db ? sqlite3_errmsg(db) : "out of memory"));
  }
  void execute(const std::string& sql) const {
    if (sqlite3_exec(db, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) fail("SQLite");
  }
};

namespace {

// A prepared statement; parameters and columns in order.
class Statement {
 public:
  Statement(sqlite3* db, const std::string& path, const std::string& sql) : db_(db), path_(path) {
    if (sqlite3_prepare_v2(db, sql.c_str(), -1, &statement_, nullptr) != SQLITE_OK) fail();
  }
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;
  ~Statement() { sqlite3_finalize(statement_); }

  Statement& text(const std::string& v) {
    check(sqlite3_bind_text(statement_, ++bound_, v.data(), static_cast<int>(v.size()), SQLITE_TRANSIENT));
    return *this;
  }
  Statement& integer(std::int64_t v) {
    check(sqlite3_bind_int64(statement_, ++bound_, v));
    return *this;
  }
  Statement& number(std::optional<double> v) {
    check(v ? sqlite3_bind_double(statement_, ++bound_, *v) : sqlite3_bind_null(statement_, ++bound_));
    return *this;
  }
  // The next row is there.
  bool step() {
    column_ = 0;
    const int status = sqlite3_step(statement_);
    if (status != SQLITE_ROW && status != SQLITE_DONE) fail();
    return status == SQLITE_ROW;
  }
  std::string next_text() {
    const auto* v = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column_++));
    return v ? v : "";
  }
  std::int64_t next_integer() { return sqlite3_column_int64(statement_, column_++); }
  std::optional<double> next_number() {
    const int c = column_++;
    if (sqlite3_column_type(statement_, c) == SQLITE_NULL) return std::nullopt;
    return sqlite3_column_double(statement_, c);
  }

 private:
  void check(int status) const {
    if (status != SQLITE_OK) fail();
  }
  [[noreturn]] void fail() const { throw base::FileError(path_ + ": SQLite: " + sqlite3_errmsg(db_)); }

  sqlite3* db_;
  const std::string& path_;
  sqlite3_stmt* statement_ = nullptr;
  int bound_ = 0, column_ = 0;
};

CostRow read_row(Statement& s) {
  CostRow r;
  s.next_text();  // key
  r.rows = s.next_integer();
  r.cols = s.next_integer();
  r.tokens = s.next_integer();
  r.method = s.next_text();
  r.shape = s.next_text();
  r.rank = s.next_text();
  r.params = s.next_integer();
  r.ratio = s.next_number().value_or(0);
  r.error = s.next_number().value_or(0);
  r.feasible = s.next_integer() != 0;
  r.reason = s.next_text();
  r.einsum = s.next_text();
  r.path = s.next_text();
  r.mapping = s.next_text();
  r.macs = s.next_number().value_or(0);
  r.energy_pj = s.next_number().value_or(0);
  r.latency_ns = s.next_number().value_or(0);
  r.edp_js = s.next_number().value_or(0);
  r.measured_energy_pj = s.next_number();
  r.measured_latency_ns = s.next_number();
  const std::optional<double> energy = s.next_number(), latency = s.next_number();
  if (!r.measured_energy_pj) r.class_energy_correction = energy;
  if (!r.measured_latency_ns) r.class_latency_correction = latency;
  return r;
}

}  // namespace

std::string CostRow::key() const {
  return std::to_string(rows) + "x" + std::to_string(cols) + " t" + std::to_string(tokens) + " " + method + " " +
         shape + (rank.empty() ? "" : " r" + rank);
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
  auto state = std::make_unique<State>();
  state->path = path;
  if (sqlite3_open_v2(path.c_str(), &state->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr) != SQLITE_OK)
    state->fail("cannot open");
  sqlite3_busy_timeout(state->db, 10'000);
  bool is_complete = false;
  {
    Statement id(state->db, state->path, "PRAGMA application_id");
    Statement tables(state->db, state->path, "SELECT count(*) FROM sqlite_master WHERE type = 'table'");
    id.step();
    tables.step();
    const bool is_ours = id.next_integer() == kApplicationId;
    const std::int64_t count = tables.next_integer();
    if (!is_ours && count != 0) throw base::FileError(path + ": is no cost table");
    is_complete = is_ours && count == 2;
  }  // ends the reads: the journal's mode cannot change within one
  state->execute("PRAGMA synchronous = NORMAL");
  if (!is_complete)
    state->execute("PRAGMA journal_mode = WAL; PRAGMA application_id = " + std::to_string(kApplicationId) + ";" +
                   kSchema);
  return CostTable(std::move(state));
}

std::optional<std::string> CostTable::note(const std::string& name) const {
  Statement s(state_->db, state_->path, "SELECT text FROM note WHERE name = ?");
  if (!s.text(name).step()) return std::nullopt;
  return s.next_text();
}

void CostTable::set_note(const std::string& name, const std::string& text) {
  Statement s(state_->db, state_->path, "INSERT OR REPLACE INTO note(name, text) VALUES (?, ?)");
  s.text(name).text(text).step();
}

bool CostTable::has(const std::string& key) const {
  Statement s(state_->db, state_->path, "SELECT 1 FROM candidate WHERE key = ?");
  return s.text(key).step();
}

void CostTable::insert(const CostRow& r) {
  Statement s(state_->db, state_->path,
              std::string("INSERT OR REPLACE INTO candidate(") + kColumns +
                  ") VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)");
  s.text(r.key()).integer(r.rows).integer(r.cols).integer(r.tokens).text(r.method).text(r.shape).text(r.rank);
  s.integer(r.params).number(r.ratio).number(r.error).integer(r.feasible).text(r.reason).text(r.einsum).text(r.path);
  s.text(r.mapping).number(r.macs).number(r.energy_pj).number(r.latency_ns).number(r.edp_js);
  s.number(r.measured_energy_pj).number(r.measured_latency_ns);
  s.number(r.measured_energy_pj || r.class_energy_correction ? std::optional(r.energy_correction()) : std::nullopt);
  s.number(r.measured_latency_ns || r.class_latency_correction ? std::optional(r.latency_correction()) : std::nullopt);
  s.step();
}

void CostTable::replace(const std::vector<CostRow>& rows, const std::map<std::string, std::string>& notes) {
  state_->execute("BEGIN IMMEDIATE");
  try {
    for (const auto& [name, text] : notes) set_note(name, text);
    for (const CostRow& r : rows) insert(r);
    state_->execute("COMMIT");
  } catch (...) {
    sqlite3_exec(state_->db, "ROLLBACK", nullptr, nullptr, nullptr);
    throw;
  }
}

void CostTable::write_copy(const std::string& path) const {
  std::map<std::string, std::string> notes;
  {
    Statement s(state_->db, state_->path, "SELECT name, text FROM note");
    while (s.step()) {
      const std::string name = s.next_text();
      notes[name] = s.next_text();
    }
  }
  const std::string temporary = base::temporary_name(path);
  const auto remove_all = [](const std::string& file) {
    for (const char* end : {"", "-wal", "-shm"}) std::remove((file + end).c_str());
  };
  remove_all(temporary);
  open(temporary).replace(rows(), notes);  // closing it empties its log
  remove_all(path);                        // a log left by a killed writer is not the new file's
  base::commit_file(temporary, path);
}

std::vector<CostRow> CostTable::rows() const {
  Statement s(
      state_->db, state_->path,
      std::string("SELECT ") + kColumns + " FROM candidate ORDER BY rows, cols, tokens, method, shape, ratio, rank");
  std::vector<CostRow> all;
  while (s.step()) all.push_back(read_row(s));
  return all;
}

std::optional<CostRow> CostTable::find(const std::string& key) const {
  Statement s(state_->db, state_->path, std::string("SELECT ") + kColumns + " FROM candidate WHERE key = ?");
  if (!s.text(key).step()) return std::nullopt;
  return read_row(s);
}

}  // namespace heat::offline
