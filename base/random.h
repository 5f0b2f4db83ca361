// Randomness addressed by counters: the value depends on (seed, a, b, c) only, so that a resumed run draws what an
// uninterrupted one would have drawn and nothing has to be stored.
#pragma once

#include <cstdint>
#include <vector>

namespace heat::base {

// The finaliser of splitmix64 (Steele, Lea, Flood 2014).
constexpr std::uint64_t mix64(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15ull;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
  return x ^ (x >> 31);
}

// A 64-bit hash of up to four counters.
constexpr std::uint64_t counter_hash(std::uint64_t seed, std::uint64_t a, std::uint64_t b = 0, std::uint64_t c = 0) {
  return mix64(mix64(mix64(mix64(seed) ^ a) ^ b) ^ c);
}

// Uniform in [-0.5, 0.5) from 64 random bits: the same on every platform, unlike std::uniform_real_distribution.
constexpr double centred(std::uint64_t bits) {
  return static_cast<double>(bits >> 11) * 0x1p-53 - 0.5;
}

// A stream of numbers that starts at a hash.
class CounterRng {
 public:
  explicit CounterRng(std::uint64_t start) : state_(start) {}
  std::uint64_t next() { return mix64(state_++); }
  // Uniform in [0, 1).
  double uniform() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }
  // Uniform in [0, n). n > 0.
  std::uint64_t below(std::uint64_t n) { return static_cast<std::uint64_t>(uniform() * static_cast<double>(n)); }

 private:
  std::uint64_t state_;
};

// Fisher-Yates with `rng`; the same everywhere, unlike std::shuffle.
template <class T>
void shuffle(std::vector<T>& items, CounterRng& rng) {
  for (std::size_t i = items.size(); i > 1; --i) std::swap(items[i - 1], items[rng.below(i)]);
}

}  // namespace heat::base
