// Scores of SubNets on disk: <folder>/subnets.json, and with shards a part each in <folder>/parts until all are there.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "base/jobs/jobs_option.h"

namespace heat::offline {

// The rank choice of every factorised layer.
using RankChoices = std::vector<int>;

struct StoredScore {
  double accuracy = 0, loss = 0;
};
using StoredScores = std::map<RankChoices, StoredScore>;

std::string scores_file(const std::string& folder);

// What the folder's file and parts hold. Throws base::ConfigError naming a file of another form.
StoredScores read_scores(const std::string& folder);

// Writes those of `subnets` (of the shard) that `scores` has, in their order: to subnets.json, or the shard's part. Once
// the whole list is in subnets.json, parts have nothing to add and are removed.
void write_scores(const std::string& folder, const base::Shard& shard, const std::vector<RankChoices>& subnets,
                  const StoredScores& scores);

bool has_score_parts(const std::string& folder);

// Puts the parts together into subnets.json and removes them; the number of SubNets. Throws base::ConfigError naming
// the shards that are missing or not complete.
std::size_t merge_score_parts(const std::string& folder);

}  // namespace heat::offline
