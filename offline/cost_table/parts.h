// The parts of a cost table that shards fill: tables of their own in <folder>/parts, put together into
// <folder>/cost_table.sqlite. Any number of shards, stopped and started again anyhow, leave the bytes that one process
// leaves.
#pragma once

#include <cstdint>
#include <string>

#include "base/jobs/jobs_option.h"
#include "offline/cost_table/pareto.h"
#include "offline/cost_table/table.h"

namespace heat::offline {

// The files of a cost table's folder.
std::string table_file(const std::string& folder);
std::string front_file(const std::string& folder);
std::string parts_folder(const std::string& folder);

// The shard's own table. A new one takes over the rows that the folder's table has, and parts of another number of
// shards.
CostTable open_part(const std::string& folder, const base::Shard& shard);

// Notes in a part that its shard is done: all of `work` (a text that tells one list of work from another), to be chosen
// from within `limits`.
void note_part_done(CostTable& part, const base::Shard& shard, const std::string& work, const SelectionLimits& limits);

// Adds what the folder's parts know to its table `table`, complete or not; the number of new rows. Throws
// base::ConfigError naming what differs between them.
std::int64_t take_over_parts(CostTable& table, const std::string& folder);

// Whether the folder has parts of a cost table.
bool has_parts(const std::string& folder);

// Puts the parts together, corrects new rows by their class, writes table and front, removes the parts. Returns the
// number of rows that are new in the table. Throws base::ConfigError naming the shards that are not done, or what
// differs between parts.
std::int64_t merge_parts(const std::string& folder);

// Writes the front of the folder's complete table, rewrites the table sorted, so that its bytes depend on its contents
// alone, and removes parts, which it has taken over. Nobody may have the table open.
void finish_table(const std::string& folder, const SelectionLimits& limits);

}  // namespace heat::offline
