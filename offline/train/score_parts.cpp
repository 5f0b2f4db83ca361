// A part holds positions in the list beside its scores, so that the whole has the order of the list.
#include "offline/train/score_parts.h"

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/atomic_file.h"
#include "base/errors.h"

namespace heat::offline {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

std::string parts_of(const std::string& folder) {
  return folder + "/parts";
}

json read_list(const std::string& file, bool is_part) {
  const json whole = json::parse(base::read_file(file), nullptr, false);
  const json list = is_part && whole.is_object() ? whole.value("scores", json()) : whole;
  bool good = list.is_array();
  for (std::size_t i = 0; good && i < list.size(); ++i)
    good =
        list[i].is_object() && list[i].contains("subnet") && list[i].contains("accuracy") && list[i].contains("loss");
  if (!good) throw base::ConfigError(file + ": is no list of scores; remove it to score the SubNets anew");
  return is_part ? whole : list;
}

void take(const json& list, StoredScores& scores) {
  for (const json& s : list)
    scores[s.at("subnet").get<RankChoices>()] = {s.at("accuracy").get<double>(), s.at("loss").get<double>()};
}

std::vector<std::string> part_files(const std::string& folder) {
  std::vector<std::string> files;
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(parts_of(folder), none))
    if (entry.path().filename().string().rfind("subnets-", 0) == 0 && entry.path().extension() == ".json")
      files.push_back(entry.path().string());
  std::sort(files.begin(), files.end());
  return files;
}

// A number of shards of one list, as their parts tell it.
struct Cover {
  int count = 0;
  std::size_t total = 0;
  std::map<std::size_t, json> scores;  // by position in the list
};

std::vector<Cover> read_covers(const std::string& folder) {
  std::vector<Cover> covers;
  for (const std::string& file : part_files(folder)) {
    const json part = read_list(file, true);
    const base::Shard shard = base::parse_shard(part.at("shard").get<std::string>(), file);
    const std::size_t total = part.at("total").get<std::size_t>();
    auto cover = std::find_if(covers.begin(), covers.end(),
                              [&](const Cover& c) { return c.count == shard.count && c.total == total; });
    if (cover == covers.end()) cover = covers.insert(covers.end(), Cover{shard.count, total, {}});
    for (const json& s : part.at("scores")) {
      json score = s;
      score.erase("position");
      cover->scores[s.at("position").get<std::size_t>()] = score;
    }
  }
  return covers;
}

}  // namespace

std::string scores_file(const std::string& folder) {
  return folder + "/subnets.json";
}

StoredScores read_scores(const std::string& folder) {
  StoredScores scores;
  if (fs::exists(scores_file(folder))) take(read_list(scores_file(folder), false), scores);
  for (const std::string& file : part_files(folder)) take(read_list(file, true).at("scores"), scores);
  return scores;
}

void write_scores(const std::string& folder, const base::Shard& shard, const std::vector<RankChoices>& subnets,
                  const StoredScores& scores) {
  json list = json::array();
  for (std::size_t i = 0; i < subnets.size(); ++i) {
    const auto score = scores.find(subnets[i]);
    if (!shard.owns(i) || score == scores.end()) continue;
    list.push_back({{"subnet", subnets[i]}, {"accuracy", score->second.accuracy}, {"loss", score->second.loss}});
    if (!shard.is_whole()) list.back()["position"] = i;
  }
  if (shard.is_whole()) {
    base::write_file_atomically(scores_file(folder), list.dump() + "\n");
    if (list.size() == subnets.size()) fs::remove_all(parts_of(folder));
    return;
  }
  const json part = {{"shard", shard.text()}, {"total", subnets.size()}, {"scores", list}};
  base::write_file_atomically(parts_of(folder) + "/subnets-" + shard.file_part() + ".json", part.dump() + "\n");
}

bool has_score_parts(const std::string& folder) {
  return !part_files(folder).empty();
}

std::size_t merge_score_parts(const std::string& folder) {
  std::string missing;
  for (const Cover& cover : read_covers(folder)) {
    if (cover.scores.size() == cover.total) {
      json list = json::array();
      for (const auto& [position, score] : cover.scores) list.push_back(score);
      base::write_file_atomically(scores_file(folder), list.dump() + "\n");
      fs::remove_all(parts_of(folder));
      return cover.total;
    }
    for (int i = 1; i <= cover.count; ++i) {
      const base::Shard shard{i, cover.count};
      std::size_t open = 0;
      for (std::size_t k = 0; k < cover.total; ++k) open += shard.owns(k) && !cover.scores.count(k);
      if (open) missing += "\n  part " + shard.text() + " lacks " + std::to_string(open) + " SubNets";
    }
  }
  throw base::ConfigError(parts_of(folder) + ": not every SubNet is scored:" + missing);
}

}  // namespace heat::offline
