// Products of sizes from one table a byte of the set.
#include "offline/path/index_classes.h"

#include <algorithm>
#include <map>
#include <string>
#include <tuple>
#include <utility>

#include "base/errors.h"

namespace heat::offline {
namespace {

struct Occurrence {
  std::vector<std::size_t> operands;
  bool in_output = false;
  friend bool operator<(const Occurrence& x, const Occurrence& y) {
    return std::tie(x.operands, x.in_output) < std::tie(y.operands, y.in_output);
  }
};

std::map<spec::Index, Occurrence> occurrences(const spec::Einsum& einsum) {
  std::map<spec::Index, Occurrence> places;
  for (std::size_t k = 0; k < einsum.operands.size(); ++k)
    for (const spec::Index& index : einsum.operands[k]) places[index].operands.push_back(k);
  for (const spec::Index& index : einsum.output) places[index].in_output = true;
  return places;
}

}  // namespace

IndexClasses::IndexClasses(const spec::Einsum& einsum) : operands_(einsum.operands.size()) {
  std::map<Occurrence, std::int64_t> classes;
  for (const auto& [index, place] : occurrences(einsum)) {
    if (einsum.sizes.at(index) == 1) continue;
    auto& size = classes.try_emplace(place, 1).first->second;
    size = capped_product(size, einsum.sizes.at(index));
  }
  if (classes.size() > kMostIndexClasses)
    throw base::ConfigError("einsum of " + std::to_string(classes.size()) +
                            " indices that differ in the operands they are in: paths go up to " +
                            std::to_string(kMostIndexClasses));
  for (const auto& [place, size] : classes) {
    const std::size_t number = sizes_.size();
    sizes_.push_back(size);
    for (std::size_t k : place.operands) operands_[k].insert(number);
    if (place.in_output) output_.insert(number);
    if (place.operands.size() == 2 && !place.in_output) bonds_.insert(number);
  }
  products_.resize((sizes_.size() + 7) / 8);
  for (std::size_t byte = 0; byte < products_.size(); ++byte) {
    products_[byte][0] = 1;
    for (std::size_t bits = 1; bits < 256; ++bits) {
      const auto lowest = static_cast<std::size_t>(__builtin_ctzll(bits));
      const std::size_t number = byte * 8 + lowest;
      products_[byte][bits] =
          number < sizes_.size() ? capped_product(products_[byte][bits & (bits - 1)], sizes_[number]) : 1;
    }
  }
}

std::int64_t IndexClasses::elements(const IndexMask& set) const {
  std::int64_t product = 1;
  std::size_t byte = 0;
  for (std::uint64_t word : set.words) {
    if (byte >= products_.size()) break;
    for (std::size_t b = byte; word != 0; ++b, word >>= 8) product = capped_product(product, products_[b][word & 255]);
    byte += 8;
  }
  return product;
}

std::int64_t IndexClasses::largest(const IndexMask& set) const {
  std::int64_t most = 1;
  for (std::size_t number = 0; number < sizes_.size(); ++number)
    if (set.has(number)) most = std::max(most, sizes_[number]);
  return most;
}

}  // namespace heat::offline
