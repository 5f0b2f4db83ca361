// Fewer, larger pieces for the least; sums over pieces are exact where the tiles are single values.
#include "offline/certificate/tiled_range.h"

#include <algorithm>

#include "base/checked.h"

namespace heat::offline::certificate {
namespace {

using base::ceil_div;

double d(std::int64_t value) {
  return static_cast<double>(value);
}

// Of `extent` elements in pieces of at most `largest`, and a rest smaller than that: the share in whole pieces, at least.
double share_in_whole(std::int64_t extent, std::int64_t largest) {
  const std::int64_t whole = extent / largest;
  return d(whole) / d(whole + 1);
}

// ceil(size / unit) / size, at least, for sizes in `range`.
double least_per_element(const Range& range, std::int64_t unit) {
  if (range.high / unit * unit >= range.low) return 1 / d(unit);  // a multiple of the unit is among them
  return d(ceil_div(range.high, unit)) / d(range.high);
}

}  // namespace

TiledRange::TiledRange(std::int64_t extent, const Range& split, const Range& pe_tile, const Range& gb_tile)
    : extent_(extent), split_(split), pe_(pe_tile), gb_(gb_tile) {
  pe_ = {std::min(pe_.low, extent), std::min(pe_.high, extent)};
  gb_ = {std::max(std::min(gb_.low, extent), pe_.low), std::min(gb_.high, extent)};
  pe_.high = std::min(pe_.high, gb_.high);
  if (!possible()) return;
  tiles_ = d(ceil_div(extent, gb_.high));
  most_tiles_ = d(ceil_div(extent, gb_.low));
  const auto in_tiles = [&](std::int64_t piece) {
    return d(extent / gb_.low) * d(ceil_div(gb_.low, piece)) + d(ceil_div(extent % gb_.low, piece));
  };
  pieces_ = exact() ? in_tiles(pe_.high) : std::max(d(ceil_div(extent, pe_.high)), tiles_);
  waves_ = exact() && split_.single() ? in_tiles(largest_wave())
                                      : std::max(d(ceil_div(extent, std::min(gb_.high, largest_wave()))), tiles_);
  pieces_ = std::max(pieces_, waves_);
  parts_ = d(std::min(split_.high, ceil_div(gb_.high, pe_.low)));
  used_ = d(std::min(split_.low, ceil_div(gb_.low, pe_.high)));
  first_wave_ = d(std::min(gb_.low, pe_.low * split_.low));
}

double TiledRange::share_of_many_waves() const {
  if (gb_.low <= largest_wave()) return many_waves() ? 1 : 0;
  if (gb_.single()) return d(extent_ / gb_.low * gb_.low) / d(extent_);
  return share_in_whole(extent_, gb_.high);
}

double TiledRange::blocks(std::int64_t unit) const {
  if (exact()) {
    const auto of = [&](std::int64_t size) {
      return size / pe_.low * ceil_div(pe_.low, unit) + ceil_div(size % pe_.low, unit);
    };
    return d(extent_ / gb_.low) * d(of(gb_.low)) + d(of(extent_ % gb_.low));
  }
  double whole = share_in_whole(gb_.low, pe_.high);
  if (gb_.low < extent_) whole *= share_in_whole(extent_, gb_.high);
  const double sum = d(extent_) * (whole * least_per_element(pe_, unit) + (1 - whole) / d(unit));
  return std::max({d(ceil_div(extent_, unit)), sum, pieces_});
}

double TiledRange::busiest(std::int64_t unit) const {
  if (exact() && split_.single()) {
    const std::int64_t wave = largest_wave();
    const auto of = [&](std::int64_t size) {
      const std::int64_t rest = size % wave;
      return size / wave * ceil_div(pe_.low, unit) + ceil_div(std::min(rest, pe_.low), unit);
    };
    return d(extent_ / gb_.low) * d(of(gb_.low)) + d(of(extent_ % gb_.low));
  }
  return std::max(waves_, blocks(unit) / parts_);
}

}  // namespace heat::offline::certificate
