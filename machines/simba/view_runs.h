// Contiguous runs of a strided view: how many accesses or DRAM bursts a block of it takes.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <vector>

#include "machines/simba/gb_words.h"
#include "spec/arch_spec.h"
#include "spec/tensor.h"

namespace heat::machines::simba {

// A view reduced to what counting runs needs. The three groups are b, then m or n, then k (two for vector nodes and
// outputs: the missing group has extent 1). A block covers a range of each flattened group, starting at a multiple of
// its own size. Exact when each group is one uniform stride, or when blocks start and end at inner dimensions' borders.
class ViewRuns {
 public:
  using Sizes = std::array<std::int64_t, 3>;

  // The view of a single element.
  ViewRuns() = default;
  // `extents`: the groups' extents; dims of the view are taken in order to fill them.
  ViewRuns(const spec::TensorView& view, const Sizes& extents);

  // Runs of a block: `full` of them `length` bytes long and `rest` of them `rest_length` bytes (rest may be 0).
  struct Runs {
    std::int64_t full = 0, length = 0, rest = 0, rest_length = 0;
    // Strided loops around the full runs, innermost first: how often, and the gap from one's end to the next's start.
    struct Level {
      std::int64_t count = 1, gap = 0;
    };
    std::array<Level, 3> levels{};
    int level_count = 0;
    std::int64_t span = 0;                 // from the first byte to the last, 0: not known
    int alignment = spec::kDmaBlockBytes;  // runs start at multiples of this (a power of two up to the block)
  };
  const Runs& runs(const Sizes& block) const;

  // Sum over runs of ceil(run / unit).
  std::int64_t accesses(const Sizes& block, std::int64_t unit) const;
  // Words of the global buffer, for a block that begins at the start of a word in bank 0.
  WordCount words(const Sizes& block, const spec::GlobalBufferSpec& gb) const;
  // Bytes in whole DRAM blocks, each counted once; the mean over the runs' possible alignments.
  double burst_bytes(const Sizes& block) const;

  // DRAM requests of at most `burst` bytes that fetch the block; runs that share or touch blocks go together.
  double requests(const Sizes& block, std::int64_t burst) const;
  // Appends what distinguishes this view.
  void append_key(std::vector<std::int64_t>& key) const {
    for (const Group& g : groups_) {
      key.insert(key.end(), {g.extent, g.inner, g.stride, g.outer_alignment, g.repeats});
      for (const StridedDim& d : g.dims) key.insert(key.end(), {d.size, d.stride});
    }
  }

 private:
  struct Group {
    std::int64_t extent = 1;           // of the flattened group
    std::int64_t inner = 1;            // extent of the innermost uniform stretch
    std::int64_t stride = 0;           // byte stride within that stretch
    std::int64_t outer_alignment = 0;  // gcd of the strides outside it, 0: none
    std::int64_t repeats = 1;          // neighbouring values that name the same element
    std::vector<StridedDim> dims;      // all of it, innermost first
  };
  // Of a block that begins where its elements do: those that it names.
  Sizes distinct(const Sizes& block) const;
  Runs counted_runs(const Sizes& block) const;
  // Whether a block takes whole turns of all dims but the outermost that it cuts, in every group.
  bool is_whole_turns(const Sizes& block) const;
  // The same where a group has a smaller stride outside a larger one, or a stride between two of another. Blocks of whole
  // turns of the inner dims are exact.
  Runs crossed_runs(const Sizes& block) const;
  WordCount counted_words(const Sizes& block, const spec::GlobalBufferSpec& gb) const;

  std::array<Group, 3> groups_;
  std::array<int, 3> order_{0, 1, 2};  // groups by ascending stride
  bool crossed_ = false;               // a group's dims do not rise in stride from the innermost on
  bool interleaved_ = false;           // a group has a dim between two of another
  // The last answers: a search asks for few blocks, again and again.
  struct KeptWords {
    Sizes block{};
    std::int64_t word_bytes = 0, banks = 0;
    WordCount count;
  };
  mutable Sizes runs_block_{};
  mutable Runs runs_;
  mutable std::array<KeptWords, 16> words_;
};

// Bytes of a packed block in whole units.
constexpr std::int64_t packed_accesses(std::int64_t bytes, std::int64_t unit) {
  return (bytes + unit - 1) / unit;
}

// Bytes in whole blocks of the DRAM.
inline double whole_blocks(double bytes) {
  constexpr double kBlock = spec::kDmaBlockBytes;
  return kBlock * std::ceil(bytes / kBlock);
}

}  // namespace heat::machines::simba
