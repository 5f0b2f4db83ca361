// Subset -> number, by open addressing: what the search asks for most. Inside this room only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace heat::offline {

class SlotMap {
 public:
  SlotMap() { clear(); }
  void clear() {
    entries_.assign(1024, {});
    count_ = 0;
    shift_ = 54;
  }
  // The number of a key (never 0), -1 where there is none.
  int find(std::uint64_t key) const { return entries_[place(key)].second - 1; }
  void set(std::uint64_t key, int number) {
    if (2 * count_ >= entries_.size()) grow();
    auto& entry = entries_[place(key)];
    count_ += entry.first == 0;
    entry = {key, number + 1};
  }

 private:
  std::size_t place(std::uint64_t key) const {
    std::size_t p = (key * 0x9e3779b97f4a7c15ull) >> shift_;
    while (entries_[p].first != key && entries_[p].first != 0) p = (p + 1) & (entries_.size() - 1);
    return p;
  }
  void grow() {
    std::vector<std::pair<std::uint64_t, int>> old(entries_.size() * 4);
    old.swap(entries_);
    shift_ -= 2;
    for (const auto& entry : old)
      if (entry.first != 0) entries_[place(entry.first)] = entry;
  }

  std::vector<std::pair<std::uint64_t, int>> entries_;  // key 0: free
  std::size_t count_ = 0;
  int shift_ = 0;
};

}  // namespace heat::offline
