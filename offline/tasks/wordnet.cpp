// Format of the data files: wndb(5WN): "offset lex_filenum ss_type w_cnt word lex_id ... p_cnt ptr ... | gloss",
// counts of words in hexadecimal; a pointer is "symbol offset pos source/target".
#include "offline/tasks/wordnet.h"

#include <algorithm>
#include <filesystem>
#include <set>
#include <sstream>
#include <unordered_map>

#include "base/atomic_file.h"
#include "base/errors.h"
#include "base/random.h"

namespace heat::offline {
namespace {

constexpr int kFirstNounFile = 3;
constexpr std::int64_t kAuxiliaryMinimum = 20;
const char* const kNounFiles[] = {
    "Tops",       "act",     "animal",   "artifact", "attribute", "body",   "cognition", "communication", "event",
    "feeling",    "food",    "group",    "location", "motive",    "object", "person",    "phenomenon",    "plant",
    "possession", "process", "quantity", "relation", "shape",     "state",  "substance", "time"};

std::string trimmed(std::string s) {
  const char* const kEnds = " \t\r;:,";
  s.erase(s.find_last_not_of(kEnds) + 1);
  s.erase(0, s.find_first_not_of(kEnds) == std::string::npos ? s.size() : s.find_first_not_of(kEnds));
  return s;
}

Synset parse_line(const std::string& line, const std::string& place) {
  const std::size_t bar = line.find(" | ");
  if (bar == std::string::npos) throw base::ConfigError(place + ": no ' | ' before a gloss");
  std::istringstream in(line.substr(0, bar));
  Synset s;
  std::string type, word;
  int words = 0, pointers = 0;
  in >> s.offset >> s.lex_file >> type >> std::hex >> words >> std::dec;
  for (int i = 0; i < words; ++i) in >> word >> word;
  in >> pointers;
  for (int i = 0; i < pointers; ++i) {
    std::string symbol, pos, ends;
    std::int64_t target = 0;
    in >> symbol >> target >> pos >> ends;
    if ((symbol == "@" || symbol == "@i") && pos == type) s.hypernyms.push_back(target);
  }
  if (!in) throw base::ConfigError(place + ": not a synset line of wndb(5WN): " + line.substr(0, 60));
  split_gloss(line.substr(bar + 3), s.definition, s.examples);
  return s;
}

// Hypernyms over all levels that are in `members`, sorted by offset.
std::set<std::int64_t> ancestors(const Synset& s, const std::unordered_map<std::int64_t, const Synset*>& all) {
  std::set<std::int64_t> found;
  std::vector<std::int64_t> open = s.hypernyms;
  while (!open.empty()) {
    const std::int64_t next = open.back();
    open.pop_back();
    const auto it = all.find(next);
    if (it == all.end() || !found.insert(next).second) continue;
    open.insert(open.end(), it->second->hypernyms.begin(), it->second->hypernyms.end());
  }
  return found;
}

void add_auxiliary(const std::vector<Synset>& nouns, TextTask& task) {
  std::unordered_map<std::int64_t, const Synset*> all;
  for (const Synset& s : nouns) all[s.offset] = &s;
  std::vector<std::set<std::int64_t>> found;
  std::unordered_map<std::int64_t, std::int64_t> descendants;
  for (const Synset& s : nouns) {
    if (wordnet_split(s.offset) != Split::kTrain) continue;
    found.push_back(ancestors(s, all));
    for (std::int64_t a : found.back()) ++descendants[a];
  }
  std::unordered_map<std::int64_t, std::int32_t> ids;
  for (const Synset& s : nouns)
    if (wordnet_split(s.offset) == Split::kTrain && descendants[s.offset] >= kAuxiliaryMinimum)
      ids.emplace(s.offset, static_cast<std::int32_t>(ids.size()));
  task.auxiliary_classes = static_cast<std::int64_t>(ids.size());
  for (const auto& set : found) {
    std::vector<std::int32_t> targets;
    for (std::int64_t a : set)
      if (const auto it = ids.find(a); it != ids.end()) targets.push_back(it->second);
    task.auxiliary.push_back(std::move(targets));
  }
}

}  // namespace

Split wordnet_split(std::int64_t offset) {
  const std::uint64_t bucket = base::mix64(static_cast<std::uint64_t>(offset)) % 10;
  return bucket == 0 ? Split::kTest : bucket == 1 ? Split::kDev : Split::kTrain;
}

void split_gloss(const std::string& gloss, std::string& definition, std::vector<std::string>& examples) {
  const std::size_t cut = std::min(gloss.find("; \""), gloss.find(": \""));
  definition = trimmed(gloss.substr(0, cut));
  examples.clear();
  if (cut == std::string::npos) return;
  for (std::size_t open = gloss.find('"', cut); open != std::string::npos;) {
    const std::size_t close = gloss.find('"', open + 1);
    const std::string example = trimmed(gloss.substr(open + 1, close == std::string::npos ? close : close - open - 1));
    if (!example.empty()) examples.push_back(example);
    open = close == std::string::npos ? close : gloss.find('"', close + 1);
  }
}

std::vector<Synset> read_wordnet(const std::string& path) {
  std::istringstream lines(base::read_file(path));
  std::vector<Synset> out;
  int number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    if (line.starts_with("  ") || line.empty()) continue;  // the licence
    out.push_back(parse_line(line, path + ":" + std::to_string(number)));
  }
  return out;
}

TextTask load_wordnet_task(const std::string& directory) {
  const std::filesystem::path root = directory.empty() ? "/usr/share/wordnet" : directory;
  if (!std::filesystem::exists(root / "data.noun"))
    throw base::FileError((root / "data.noun").string() + ": not found (Debian's package wordnet-base installs it)");
  TextTask task;
  task.name = "wordnet";
  for (const char* file : kNounFiles) task.labels.push_back(std::string("noun.") + file);
  const std::vector<Synset> nouns = read_wordnet((root / "data.noun").string());
  for (const Synset& s : nouns) {
    const int label = s.lex_file - kFirstNounFile;
    if (label < 0 || label >= static_cast<int>(task.labels.size()))
      throw base::ConfigError((root / "data.noun").string() + ": synset " + std::to_string(s.offset) +
                              " has lexicographer file " + std::to_string(s.lex_file) + ", expected 3 to 28");
    const Split split = wordnet_split(s.offset);
    auto& part = split == Split::kTrain ? task.train : split == Split::kDev ? task.dev : task.test;
    part.push_back({s.definition, label});
    if (split == Split::kTrain) task.extra_texts.insert(task.extra_texts.end(), s.examples.begin(), s.examples.end());
  }
  for (const char* part : {"data.verb", "data.adj", "data.adv"})
    for (const Synset& s : read_wordnet((root / part).string())) {
      task.extra_texts.push_back(s.definition);
      task.extra_texts.insert(task.extra_texts.end(), s.examples.begin(), s.examples.end());
    }
  add_auxiliary(nouns, task);
  return task;
}

}  // namespace heat::offline
