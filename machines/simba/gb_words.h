// What accesses of the global buffer take: words, and how they fall on its banks. Word w lies in bank w mod `banks`; a
// bank gives one word a cycle and takes another, and a port moves so many bytes a cycle.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "machines/simba/transfer.h"
#include "spec/arch_spec.h"

namespace heat::machines::simba {

// Words of one set of accesses, and those of the bank that has most of them.
struct WordCount {
  std::int64_t words = 0, busiest = 0;
};

// Bytes that lie one after another from the start of a word on.
inline WordCount packed_words(const spec::GlobalBufferSpec& gb, std::int64_t bytes) {
  const std::int64_t words = (bytes + gb.word_bytes - 1) / gb.word_bytes;
  return {words, (words + gb.banks - 1) / gb.banks};
}

// Cycles of a set of accesses on a port of so many bytes a cycle.
inline std::int64_t port_cycles(const spec::GlobalBufferSpec& gb, const WordCount& count, double bytes_per_cycle) {
  return std::max(count.busiest, transfer_cycles(count.words * gb.word_bytes, bytes_per_cycle));
}
inline std::int64_t read_cycles(const spec::GlobalBufferSpec& gb, const WordCount& count) {
  return port_cycles(gb, count, gb.read_bytes_per_cycle);
}
inline std::int64_t write_cycles(const spec::GlobalBufferSpec& gb, const WordCount& count) {
  return port_cycles(gb, count, gb.write_bytes_per_cycle);
}

// A loop of so many turns, each `stride` bytes further.
struct StridedDim {
  std::int64_t size = 1, stride = 0;
};

// Adds up the words of runs of bytes, bank by bank. A run takes ceil(length / word) words from the one on that its first
// byte lies in. Keeps its storage from one use to the next.
class BankCounter {
 public:
  // Begins again, for a buffer that is built like this.
  void start(const spec::GlobalBufferSpec& gb);
  // Runs of `length` bytes: one at byte `first` and, for every turn of the loops, one as far from it as they have come.
  void add(std::int64_t first, const std::vector<StridedDim>& loops, std::int64_t length);
  WordCount count() const;

 private:
  void spread(std::int64_t step, std::int64_t turns);
  std::int64_t word_ = 1, banks_ = 1;
  std::int64_t words_ = 0, everywhere_ = 0;  // all; in each bank alike
  std::vector<std::int64_t> in_bank_;        // beside those
  std::vector<std::int64_t> ring_, spread_;  // starts of runs by their place within one round of all banks
};

}  // namespace heat::machines::simba
