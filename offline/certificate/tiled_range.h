// A dimension of a node's loop nest (b, m, n or k) whose tiles and split are known to lie in ranges: how many pieces it
// falls into at each level, at least.
#pragma once

#include "offline/certificate/choice_box.h"

namespace heat::offline::certificate {

class TiledRange {
 public:
  // Ranges are clipped to what the extent allows: pe_tile <= gb_tile <= extent.
  TiledRange(std::int64_t extent, const Range& split, const Range& pe_tile, const Range& gb_tile);

  double extent() const { return static_cast<double>(extent_); }
  // False: no choice is left.
  bool possible() const { return pe_.low <= pe_.high && gb_.low <= gb_.high; }
  const Range& split() const { return split_; }
  const Range& pe_tile() const { return pe_; }
  const Range& gb_tile() const { return gb_; }
  std::int64_t largest_wave() const { return pe_.high * split_.high; }
  // Tiles of the global buffer, at least and at most.
  double tiles() const { return tiles_; }
  double most_tiles() const { return most_tiles_; }
  // Waves, and PE tiles, at least.
  double waves() const { return waves_; }
  double pieces() const { return pieces_; }
  // PEs with work along it in any wave, at most.
  double parts() const { return parts_; }
  // PEs with work along it in the first wave, at least.
  double used() const { return used_; }
  // Elements of the first wave, at least.
  double first_wave() const { return first_wave_; }
  // True when every tile takes several waves.
  bool many_waves() const { return most_tiles_ == 1 && waves_ > 1; }
  // Of the elements, those in tiles of the global buffer that take several waves, at least.
  double share_of_many_waves() const;
  // Sum over PE tiles of ceil(size / unit), at least.
  double blocks(std::int64_t unit) const;
  // Sum over waves of ceil(largest PE tile / unit), at least.
  double busiest(std::int64_t unit) const;

 private:
  // All but the tiles' rests is exact.
  bool exact() const { return pe_.single() && gb_.single(); }
  std::int64_t extent_;
  Range split_, pe_, gb_;
  double tiles_ = 1, most_tiles_ = 1, waves_ = 1, pieces_ = 1, parts_ = 1, used_ = 1, first_wave_ = 1;
};

}  // namespace heat::offline::certificate
