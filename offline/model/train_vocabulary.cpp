// Byte-pair merges with an index from pairs to the words that hold them, so that a merge touches only those words.
#include <algorithm>
#include <map>
#include <set>

#include "base/errors.h"
#include "offline/model/unicode.h"
#include "offline/model/wordpiece.h"

namespace heat::offline {
namespace {

using Pair = std::pair<std::int32_t, std::int32_t>;

struct Word {
  std::vector<std::int32_t> symbols;
  std::int64_t count;
};

class Merger {
 public:
  explicit Merger(const std::map<std::string, std::int64_t>& counts) {
    for (const auto& [text, count] : counts) {
      Word word{{}, count};
      bool first = true;
      for (char32_t c : decode_utf8(text)) {
        word.symbols.push_back(symbol((first ? "" : "##") + encode_utf8({&c, 1})));
        first = false;
      }
      words_.push_back(std::move(word));
    }
    for (std::size_t w = 0; w < words_.size(); ++w) change_word(w, +1);
  }

  const std::vector<std::string>& symbols() const { return names_; }
  // Merges the most frequent pair. False when none occurs twice.
  bool merge_best() {
    if (order_.empty() || order_.begin()->count < 2) return false;
    const Pair best = order_.begin()->pair;
    const std::string right = names_[best.second];
    const std::int32_t merged = symbol(names_[best.first] + right.substr(right.starts_with("##") ? 2 : 0));
    const std::vector<std::size_t> touched(where_[best].begin(), where_[best].end());
    for (std::size_t w : touched) {
      change_word(w, -1);
      std::vector<std::int32_t>& s = words_[w].symbols;
      std::size_t out = 0;
      for (std::size_t i = 0; i < s.size(); ++i) {
        const bool here = i + 1 < s.size() && s[i] == best.first && s[i + 1] == best.second;
        s[out++] = here ? merged : s[i];
        i += here;
      }
      s.resize(out);
      change_word(w, +1);
    }
    return true;
  }

 private:
  struct Entry {
    std::int64_t count;
    Pair pair;
    bool operator<(const Entry& o) const { return count != o.count ? count > o.count : pair < o.pair; }
  };

  std::int32_t symbol(const std::string& name) {
    const auto [it, added] = ids_.emplace(name, static_cast<std::int32_t>(names_.size()));
    if (added) names_.push_back(name);
    return it->second;
  }

  void change_word(std::size_t w, int sign) {
    const Word& word = words_[w];
    for (std::size_t i = 0; i + 1 < word.symbols.size(); ++i) {
      const Pair pair{word.symbols[i], word.symbols[i + 1]};
      std::int64_t& count = counts_[pair];
      order_.erase({count, pair});
      count += sign * word.count;
      if (count > 0) order_.insert({count, pair});
      if (sign > 0)
        where_[pair].insert(w);
      else
        where_[pair].erase(w);
    }
  }

  std::vector<Word> words_;
  std::vector<std::string> names_;
  std::map<std::string, std::int32_t> ids_;
  std::map<Pair, std::int64_t> counts_;
  std::map<Pair, std::set<std::size_t>> where_;
  std::set<Entry> order_;
};

}  // namespace

Vocabulary train_vocabulary(const std::unordered_map<std::string, std::int64_t>& word_counts, std::int64_t size) {
  // Symbol ids follow the sorted words, so ties are broken the same way whatever the order of the hash table.
  const std::map<std::string, std::int64_t> sorted(word_counts.begin(), word_counts.end());
  Merger merger(sorted);
  const std::int64_t special = 5;
  if (static_cast<std::int64_t>(merger.symbols().size()) + special > size)
    throw base::ConfigError("vocab_size " + std::to_string(size) + " is below the number of characters, " +
                            std::to_string(merger.symbols().size() + special));
  while (static_cast<std::int64_t>(merger.symbols().size()) + special < size && merger.merge_best()) {
  }
  std::vector<std::string> pieces = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"};
  pieces.insert(pieces.end(), merger.symbols().begin(), merger.symbols().end());
  return Vocabulary(std::move(pieces));
}

}  // namespace heat::offline
