// A run grows over the group of stride 1 (or, where dims of one group cross, over dims by stride), then over the next group as long as the one before is covered whole.
#include "machines/simba/view_runs.h"

#include <algorithm>
#include <numeric>

#include "base/checked.h"
#include "machines/simba/shares.h"

namespace heat::machines::simba {
namespace {
constexpr std::int64_t kBlock = spec::kDmaBlockBytes;
}

ViewRuns::ViewRuns(const spec::TensorView& view, const Sizes& extents) {
  std::size_t next = 0;
  for (std::size_t g = 0; g < 3; ++g) {
    Group& group = groups_[g];
    group.extent = extents[g];
    std::int64_t product = 1;
    bool uniform = true;
    std::vector<StridedDim> dims;
    while (next < view.dims.size() && product < extents[g]) {
      for (const spec::ViewDim& d : spec::digits(view.dims[next]))
        if (d.size > 1) dims.push_back({d.size, d.stride});
      product *= view.dims[next++].size;
    }
    for (; !dims.empty() && dims.size() > 1 && dims.back().stride == 0; dims.pop_back()) {
      group.repeats *= dims.back().size;
      group.extent /= dims.back().size;
    }
    for (auto d = dims.rbegin(); d != dims.rend(); ++d) {
      crossed_ = crossed_ || (!group.dims.empty() && d->stride < group.dims.back().stride);
      group.dims.push_back(*d);
      if (group.stride == 0) {
        group.stride = d->stride;
        group.inner = d->size;
      } else if (uniform && d->stride == group.stride * group.inner) {
        group.inner *= d->size;
      } else {
        uniform = false;
        group.outer_alignment = std::gcd(group.outer_alignment, d->stride);
      }
    }
  }
  order_ = {0, 1, 2};
  std::stable_sort(order_.begin(), order_.end(), [&](int x, int y) {
    const auto key = [&](int g) {
      const Group& group = groups_[static_cast<std::size_t>(g)];
      return group.extent == 1 || group.stride == 0 ? std::int64_t{0} : group.stride;
    };
    return key(x) < key(y);
  });
  const auto lies_between = [&](const Group& inside, const Group& around) {
    return std::any_of(inside.dims.begin(), inside.dims.end(), [&](const StridedDim& d) {
      return d.stride > around.dims.front().stride && d.stride < around.dims.back().stride;
    });
  };
  for (const Group& x : groups_)
    for (const Group& y : groups_)
      interleaved_ = interleaved_ || (&x != &y && x.dims.size() > 1 && x.inner < x.extent && lies_between(y, x));
}

bool ViewRuns::is_whole_turns(const Sizes& block) const {
  for (std::size_t g = 0; g < 3; ++g) {
    std::int64_t left = block[g];
    for (const StridedDim& d : groups_[g].dims) {
      if (left <= d.size) break;
      if (left % d.size != 0) return false;
      left /= d.size;
    }
  }
  return true;
}

ViewRuns::Sizes ViewRuns::distinct(const Sizes& block) const {
  Sizes named = block;
  for (std::size_t g = 0; g < 3; ++g) named[g] = base::ceil_div(block[g], groups_[g].repeats);
  return named;
}

const ViewRuns::Runs& ViewRuns::runs(const Sizes& block) const {
  if (runs_block_ != block) {
    runs_ = counted_runs(distinct(block));
    runs_block_ = block;
  }
  return runs_;
}

ViewRuns::Runs ViewRuns::crossed_runs(const Sizes& block) const {
  struct Dim {
    StridedDim whole;
    std::int64_t part = 1;  // values in the block
  };
  std::vector<Dim> dims;
  std::int64_t elements = 1;
  for (std::size_t g = 0; g < 3; ++g) {
    elements *= block[g];
    std::int64_t left = block[g];
    for (const StridedDim& d : groups_[g].dims) {
      if (d.stride > 0) dims.push_back({d, std::min(left, d.size)});
      left = base::ceil_div(left, d.size);
    }
  }
  std::stable_sort(dims.begin(), dims.end(),
                   [](const Dim& x, const Dim& y) { return x.whole.stride < y.whole.stride; });
  Runs r;
  r.length = 1;
  std::int64_t alignment = kBlock, around = 1;
  bool growing = true;
  for (const Dim& d : dims) {
    if (d.part < d.whole.size) alignment = std::gcd(alignment, d.part * d.whole.stride);
    if (growing && d.whole.stride == r.length) {
      r.length *= d.part;
      growing = d.part == d.whole.size;
      continue;
    }
    growing = false;
    if (r.span == 0) r.span = r.length;
    alignment = std::gcd(alignment, d.whole.stride);
    if (d.part == 1) continue;
    around *= d.part;
    if (r.level_count < 3) r.levels[static_cast<std::size_t>(r.level_count++)] = {d.part, d.whole.stride - r.span};
    r.span += (d.part - 1) * d.whole.stride;
  }
  r.full = std::min(around, base::ceil_div(elements, r.length));
  r.alignment = static_cast<int>(alignment);
  r.span = std::max(r.span, r.length);
  return r;
}

ViewRuns::Runs ViewRuns::counted_runs(const Sizes& block) const {
  if (crossed_ || (interleaved_ && is_whole_turns(block))) return crossed_runs(block);
  Runs r;
  r.full = 1;
  r.length = 1;
  std::int64_t alignment = kBlock, reach = 1;  // reach: stride at which the next group continues the run
  std::int64_t span = 0;                       // from the first byte to the last, once runs repeat
  bool regular = true;                         // every repeating group is one uniform stride
  bool growing = true;
  for (int o : order_) {
    const Group& g = groups_[static_cast<std::size_t>(o)];
    const std::int64_t size = block[static_cast<std::size_t>(o)];
    if (g.extent == 1 || g.stride == 0) continue;
    if (g.outer_alignment) alignment = std::gcd(alignment, g.outer_alignment);
    if (growing && g.stride == reach) {
      if (size < g.extent) alignment = std::gcd(alignment, size * g.stride);
      if (size <= g.inner) {
        r.length *= size;
        growing = size == g.inner && size == g.extent;
      } else {
        const std::int64_t rest = size % g.inner;
        r.full = size / g.inner;
        r.rest = rest ? 1 : 0;
        r.rest_length = r.length * rest;
        r.length *= g.inner;
        growing = false;
      }
      reach *= g.inner;
      continue;
    }
    growing = false;
    if (span == 0) span = r.length;
    if (size > 1) {
      regular = regular && size <= g.inner;
      if (size <= g.inner) r.levels[static_cast<std::size_t>(r.level_count++)] = {size, g.stride - span};
      span += (size - 1) * g.stride;
    }
    r.full *= size;
    r.rest *= size;
    alignment = std::gcd(alignment, g.stride);
  }
  r.alignment = static_cast<int>(alignment);
  r.span = regular && r.rest == 0 ? std::max(span, r.length) : 0;
  return r;
}

std::int64_t ViewRuns::accesses(const Sizes& block, std::int64_t unit) const {
  const Runs& r = runs(block);
  return r.full * packed_accesses(r.length, unit) + r.rest * packed_accesses(r.rest_length, unit);
}

namespace {

// Runs of `length` bytes around which `loops` turn, from the start of bank 0 on. The search asks for the same ones again
// and again: answers are kept in a table, each in the one place that its question falls on.
WordCount looped_words(const std::vector<StridedDim>& loops, std::int64_t length, const spec::GlobalBufferSpec& gb) {
  struct Answer {
    std::vector<std::int64_t> question;
    WordCount count;
  };
  static thread_local std::vector<Answer> table(1 << 14);
  static thread_local std::vector<std::int64_t> question;
  static thread_local BankCounter counter;
  question.assign({length, gb.word_bytes, gb.banks});
  for (const StridedDim& l : loops) question.insert(question.end(), {l.size, l.stride});
  std::uint64_t hash = 0;
  for (std::int64_t word : question) hash = (hash ^ static_cast<std::uint64_t>(word)) * 0x9E3779B97F4A7C15u;
  Answer& answer = table[hash >> 50];
  if (answer.question != question) {
    counter.start(gb);
    counter.add(0, loops, length);
    answer = {question, counter.count()};
  }
  return answer.count;
}

}  // namespace

WordCount ViewRuns::words(const Sizes& block, const spec::GlobalBufferSpec& gb) const {
  const std::uint64_t mixed =
      static_cast<std::uint64_t>(block[0] + 31 * block[1] + 961 * block[2]) * 0x9E3779B97F4A7C15u;
  KeptWords& kept = words_[mixed >> 60];
  if (kept.block != block || kept.word_bytes != gb.word_bytes || kept.banks != gb.banks)
    kept = {block, gb.word_bytes, gb.banks, counted_words(block, gb)};
  return kept.count;
}

// A flattened range that does not end at a border of its dims is taken as the whole turns that hold it, and its words as
// spread over the banks like theirs.
WordCount ViewRuns::counted_words(const Sizes& block, const spec::GlobalBufferSpec& gb) const {
  static thread_local std::vector<StridedDim> loops;
  loops.clear();
  const Sizes named = distinct(block);
  for (std::size_t g = 0; g < 3; ++g) {
    std::int64_t left = named[g];
    for (const StridedDim& d : groups_[g].dims) {
      if (left > 1 && d.stride > 0) loops.push_back({std::min(left, d.size), d.stride});
      left = base::ceil_div(left, d.size);
    }
  }
  std::stable_sort(loops.begin(), loops.end(),
                   [](const StridedDim& x, const StridedDim& y) { return x.stride < y.stride; });
  std::int64_t length = 1;
  std::size_t inside = 0;
  for (; inside < loops.size() && loops[inside].stride == length; ++inside) length *= loops[inside].size;
  loops.erase(loops.begin(), loops.begin() + static_cast<std::ptrdiff_t>(inside));
  const WordCount whole = looped_words(loops, length, gb);
  std::int64_t words = accesses(block, gb.word_bytes);
  // What a block names several times is read as often.
  for (std::size_t g = 0; g < 3; ++g) words = base::ceil_div(words * block[g], named[g]);
  return {words, base::ceil_div(whole.busiest * words, whole.words)};
}

namespace {
// Mean bursts of a run of `length` bytes that starts at a uniformly drawn multiple of `alignment`.
double mean_bursts(std::int64_t length, int alignment) {
  if (length == 0) return 0;
  const std::int64_t whole = (length - 1) / kBlock, rest = (length - 1) % kBlock + 1;  // rest in 1..kBlock
  const std::int64_t starts = kBlock / alignment, within = (kBlock - rest) / alignment + 1;
  return static_cast<double>(whole) + 1.0 + static_cast<double>(starts - within) / static_cast<double>(starts);
}

// Share of the starts at multiples of `alignment` for which a run's last byte and the byte `gap` behind it lie in one
// block.
double shared_block(std::int64_t length, std::int64_t gap, int alignment) {
  const std::int64_t last = (length - 1) % alignment;  // the smallest place of the last byte in its block
  if (gap + 1 + last >= kBlock) return 0;
  if (gap < 0) return 1;  // runs of one loop lie between those of another
  const std::int64_t starts = kBlock / alignment, within = (kBlock - 2 - gap - last) / alignment + 1;
  return static_cast<double>(within) / static_cast<double>(starts);
}
}  // namespace

double ViewRuns::requests(const Sizes& block, std::int64_t burst) const {
  const Runs& r = runs(block);
  std::int64_t count = r.full, length = r.length;
  for (int i = 0; i < r.level_count; ++i) {
    const Runs::Level& level = r.levels[static_cast<std::size_t>(i)];
    if (level.gap >= kBlock) break;
    length = std::max(length, level.count * length + (level.count - 1) * level.gap);
    count /= level.count;
  }
  return static_cast<double>(count * packed_accesses(length, burst) + r.rest * packed_accesses(r.rest_length, burst));
}

double ViewRuns::burst_bytes(const Sizes& block) const {
  const Runs& r = runs(block);
  double blocks = static_cast<double>(r.full) * mean_bursts(r.length, r.alignment) +
                  static_cast<double>(r.rest) * mean_bursts(r.rest_length, r.alignment);
  if (r.rest > 0) return static_cast<double>(kBlock) * blocks;
  // A block that one run ends and the next begins in was counted twice.
  double outside = static_cast<double>(r.full);
  for (int i = 0; i < r.level_count; ++i) {
    const Runs::Level& level = r.levels[static_cast<std::size_t>(i)];
    outside /= static_cast<double>(level.count);
    blocks -= outside * static_cast<double>(level.count - 1) * shared_block(r.length, level.gap, r.alignment);
  }
  // Interleaved runs share blocks in ways the loops do not tell: no fewer than the bytes fill, no more than lie between
  // the first byte and the last.
  const double bytes = static_cast<double>(r.full * r.length);
  if (r.span > 0) blocks = std::min(blocks, mean_bursts(r.span, r.alignment));
  return std::max(static_cast<double>(kBlock) * blocks, bytes);
}

}  // namespace heat::machines::simba
