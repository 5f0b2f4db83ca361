// Reuse distance of a sequence of lines: how many other lines were touched since a line was touched last.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

namespace heat::traces {

class ReuseDistance {
 public:
  static constexpr std::int64_t kFirst = -1;
  // Distinct other lines since the last access of this line, kFirst when there was none.
  std::int64_t access(std::int64_t line);

 private:
  void add(std::size_t at, std::int64_t value);
  std::int64_t sum_to(std::size_t at) const;

  std::unordered_map<std::int64_t, std::size_t> last_;  // line -> its last position, 1-based
  std::vector<std::int64_t> tree_{0};                   // Fenwick tree over positions: 1 where a line was touched last
  std::size_t now_ = 0;
};

}  // namespace heat::traces
