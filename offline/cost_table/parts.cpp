// A part is complete when its notes say so, and the whole when one number of shards has all of its parts: parts of
// another number are rows for free, not a gap.
#include "offline/cost_table/parts.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <vector>

#include "base/atomic_file.h"
#include "base/errors.h"
#include "offline/cost_table/correct.h"
#include "offline/cost_table/front_json.h"

namespace heat::offline {
namespace {

namespace fs = std::filesystem;

constexpr const char* kDone = "shard ";  // notes "shard 2/4", of parts alone

bool is_of_the_part(const std::string& note) {
  return note.rfind(kDone, 0) == 0;
}

std::vector<std::string> part_files(const std::string& folder) {
  std::vector<std::string> files;
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(parts_folder(folder), none))
    if (entry.path().extension() == ".sqlite") files.push_back(entry.path().string());
  std::sort(files.begin(), files.end());
  return files;
}

// What `from` knows and `table` does not; the number of new rows.
std::int64_t take_over(CostTable& table, const CostTable& from, const std::string& file) {
  std::map<std::string, std::string> notes;
  for (const auto& [name, text] : from.notes()) {
    if (is_of_the_part(name)) continue;
    const auto known = table.note(name);
    if (known && *known != text)
      throw base::ConfigError(file + ": was made with another " + name + ":\n    part:  " + text +
                              "\n    table: " + *known);
    if (!known) notes[name] = text;
  }
  std::vector<CostRow> rows;
  for (CostRow& row : from.rows())
    if (!table.has(row.key())) rows.push_back(std::move(row));
  table.replace(rows, notes);
  return static_cast<std::int64_t>(rows.size());
}

// What the parts say of themselves.
struct Done {
  std::map<int, std::set<int>> shards;           // by their number
  std::map<int, std::set<std::string>> remarks;  // the work and limits of a number of shards: one when they agree
};

Done read_done(const std::vector<std::string>& files) {
  Done done;
  for (const std::string& file : files)
    for (const auto& [name, text] : CostTable::open(file).notes()) {
      if (!is_of_the_part(name)) continue;
      const base::Shard shard = base::parse_shard(name.substr(std::string(kDone).size()), file);
      done.shards[shard.count].insert(shard.index);
      done.remarks[shard.count].insert(text);
    }
  return done;
}

// The remark of a number of shards that are all done.
nlohmann::json complete_remark(const Done& done, const std::string& folder) {
  std::string missing;
  for (const auto& [count, indices] : done.shards) {
    if (static_cast<int>(indices.size()) == count && done.remarks.at(count).size() == 1)
      return nlohmann::json::parse(*done.remarks.at(count).begin());
    if (done.remarks.at(count).size() > 1)
      missing += "\n  the parts of " + std::to_string(count) + " were made with different options";
    for (int i = 1; i <= count; ++i)
      if (!indices.count(i)) missing += "\n  part " + base::Shard{i, count}.text() + " is not done";
  }
  throw base::ConfigError(parts_folder(folder) +
                          ": the cost table is not complete:" + (missing.empty() ? "\n  no part is done" : missing));
}

}  // namespace

std::string table_file(const std::string& folder) {
  return folder + "/cost_table.sqlite";
}
std::string front_file(const std::string& folder) {
  return folder + "/front.json";
}
std::string parts_folder(const std::string& folder) {
  return folder + "/parts";
}

CostTable open_part(const std::string& folder, const base::Shard& shard) {
  fs::create_directories(parts_folder(folder));
  const std::string file = parts_folder(folder) + "/cost_table-" + shard.file_part() + ".sqlite";
  const bool is_new = !fs::exists(file);
  CostTable part = CostTable::open(file);
  if (!is_new) return part;
  if (fs::exists(table_file(folder))) take_over(part, CostTable::open(table_file(folder)), table_file(folder));
  const std::string same_number = "-of-" + std::to_string(shard.count) + ".sqlite";  // those may be at work now
  for (const std::string& other : part_files(folder))
    if (!other.ends_with(same_number)) take_over(part, CostTable::open(other), other);
  return part;
}

void note_part_done(CostTable& part, const base::Shard& shard, const std::string& work, const SelectionLimits& limits) {
  const nlohmann::json remark = {
      {"work", work}, {"max_ratio", limits.max_ratio}, {"max_edp_ratio", limits.max_edp_ratio}};
  part.set_note(kDone + shard.text(), remark.dump());
}

std::int64_t take_over_parts(CostTable& table, const std::string& folder) {
  std::int64_t added = 0;
  for (const std::string& file : part_files(folder)) added += take_over(table, CostTable::open(file), file);
  return added;
}

bool has_parts(const std::string& folder) {
  return !part_files(folder).empty();
}

std::int64_t merge_parts(const std::string& folder) {
  const nlohmann::json remark = complete_remark(read_done(part_files(folder)), folder);
  std::int64_t added = 0;
  {
    CostTable table = CostTable::open(table_file(folder));
    added = take_over_parts(table, folder);
    if (added > 0) apply_measurements(table, {});
  }
  finish_table(folder, {remark.at("max_ratio").get<double>(), remark.at("max_edp_ratio").get<double>()});
  return added;
}

void finish_table(const std::string& folder, const SelectionLimits& limits) {
  base::write_file_atomically(front_file(folder),
                              front_json(CostTable::open(table_file(folder)).rows(), limits).dump(2) + "\n");
  CostTable::rewrite_sorted(table_file(folder));
  fs::remove_all(parts_folder(folder));
}

}  // namespace heat::offline
