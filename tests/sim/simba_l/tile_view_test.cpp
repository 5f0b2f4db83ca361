// Runs, words and spans of boxes against the enumeration of every element.
#include "sim/simba_l/tile_view.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "machines/simba/view_runs.h"
#include "sim/simba_l/global_buffer.h"
#include "tests/support/random.h"

namespace heat::simba {
namespace {

using test_support::Random;

spec::GlobalBufferSpec banked(int word_bytes, int banks) {
  spec::GlobalBufferSpec gb;
  gb.word_bytes = word_bytes;
  gb.banks = banks;
  return gb;
}

// A dense tensor of random axes, its axes dealt to the three groups in random order.
ViewSpec random_view(Random& random) {
  ViewSpec view;
  view.address = static_cast<std::uint64_t>(random.between(0, 4)) * 64;
  std::int64_t stride = 1;
  std::vector<StridedDim> axes;
  for (std::int64_t i = random.between(1, 5); i > 0; --i) {
    const std::int64_t size = random.between(1, 5);
    axes.push_back({size, stride});
    stride *= size;
  }
  while (!axes.empty()) {
    const auto at = axes.begin() + random.between(0, static_cast<std::int64_t>(axes.size()) - 1);
    view.groups[static_cast<std::size_t>(random.between(0, 2))].push_back(*at);
    axes.erase(at);
  }
  return view;
}

Box random_box(const ViewSpec& view, Random& random) {
  Box box;
  for (std::size_t g = 0; g < 3; ++g) {
    std::int64_t size = 1;
    for (const auto& d : view.groups[g]) size *= d.size;
    box.start[g] = random.between(0, size - 1);
    box.count[g] = random.between(1, size - box.start[g]);
  }
  return box;
}

std::set<std::int64_t> elements(const ViewSpec& view, const Box& box) {
  std::array<std::vector<std::int64_t>, 3> offsets;
  for (std::size_t g = 0; g < 3; ++g)
    for (std::int64_t i = box.start[g]; i < box.start[g] + box.count[g]; ++i) {
      std::int64_t rest = i, offset = 0;
      for (auto d = view.groups[g].rbegin(); d != view.groups[g].rend(); ++d) {
        offset += rest % d->size * d->stride;
        rest /= d->size;
      }
      offsets[g].push_back(offset);
    }
  std::set<std::int64_t> all;
  for (auto a : offsets[0])
    for (auto b : offsets[1])
      for (auto c : offsets[2]) all.insert(a + b + c);
  return all;
}

TEST(TileView, RandomBoxesThenRunsCoverEveryElementOnce) {
  Random random(1);
  for (int round = 0; round < 500; ++round) {
    const ViewSpec view = random_view(random);
    const Box box = random_box(view, random);
    std::set<std::int64_t> seen;
    const spec::GlobalBufferSpec gb = banked(4, static_cast<int>(random.between(1, 9)));
    const std::int64_t base = random.between(0, 50);
    std::int64_t words = 0;
    std::map<std::int64_t, std::int64_t> banks;
    for_each_run(view, box, [&](std::int64_t offset, std::int64_t length) {
      words += (length + 3) / 4;
      for (std::int64_t w = 0; w < (length + 3) / 4; ++w) ++banks[((base + offset) / 4 + w) % gb.banks];
      for (std::int64_t i = 0; i < length; ++i) ASSERT_TRUE(seen.insert(offset + i).second);
    });
    EXPECT_EQ(seen, elements(view, box));
    const machines::simba::WordCount count = count_words(view, box, base, gb);
    EXPECT_EQ(count.words, words);
    EXPECT_EQ(count.busiest, std::max_element(banks.begin(), banks.end(), [](const auto& x, const auto& y) {
                               return x.second < y.second;
                             })->second);
  }
}

TEST(TileView, RandomBoxesThenSpansAreTheTouchedBlocks) {
  Random random(2);
  for (int round = 0; round < 500; ++round) {
    const ViewSpec view = random_view(random);
    const Box box = random_box(view, random);
    std::set<std::uint64_t> blocks, spanned;
    for (auto e : elements(view, box)) blocks.insert((view.address + static_cast<std::uint64_t>(e)) / 8);
    std::uint64_t last = 0;
    for (const AddressSpan& s : covering_spans(view, box, 8)) {
      EXPECT_TRUE(spanned.empty() || s.begin > last) << "spans ascend and do not touch";
      for (std::uint64_t b = s.begin / 8; b < s.end / 8; ++b) spanned.insert(b);
      last = s.end;
    }
    EXPECT_EQ(spanned, blocks);
  }
}

TEST(TileView, RowsOfAMatrixThenOneRunARow) {
  ViewSpec view;
  view.groups = {{{}, {{10, 100}}, {{100, 1}}}};
  Box box;
  box.start = {0, 2, 5};
  box.count = {1, 3, 40};
  const spec::GlobalBufferSpec gb = banked(32, 4);
  EXPECT_EQ(count_words(view, box, 0, gb).words, 3 * 2);
  box.start[2] = 0;
  box.count[2] = 100;
  EXPECT_EQ(count_words(view, box, 0, gb).words, 10);  // 300 bytes in one run
  EXPECT_EQ(count_words(view, box, 0, gb).busiest, 3);
}

TEST(TileView, ColumnOfAMatrixThenItsStrideSaysHowManyBanksShareIt) {
  const spec::GlobalBufferSpec gb = banked(32, 16);
  Box box;
  box.count = {1, 64, 1};
  for (const auto& [row_bytes, busiest] : std::map<std::int64_t, std::int64_t>{
           {32, 4}, {64, 8}, {512, 64}, {768, 32}, {280, 4}, {544, 4}, {1, 4}, {0, 64}}) {
    ViewSpec view;
    view.groups = {{{}, {{64, row_bytes}}, {{1, 1}}}};
    const machines::simba::WordCount count = count_words(view, box, 0, gb);
    // Every byte is an access of its own, but where rows of one byte are one run.
    EXPECT_EQ(count.words, row_bytes == 1 ? 2 : 64) << row_bytes;
    EXPECT_EQ(count.busiest, row_bytes == 1 ? 1 : busiest) << row_bytes;
  }
}

// More boxes than the buffer remembers, in random order.
// Two heads of 16 rows of 32 bytes, each the same for 4 blocks: what a tile has of a head several times is read as often,
// in whole rows.
TEST(TileView, OperandThatStaysForSeveralValuesThenItsRowsAreReadAsOften) {
  ViewSpec view;
  view.groups = {{{{2, 512}, {4, 0}}, {{16, 32}}, {{32, 1}}}};
  const auto words = [&](std::int64_t first, std::int64_t count) {
    return count_words(view, {{first, 0, 0}, {count, 16, 32}}, 0, banked(32, 128)).words;
  };
  EXPECT_EQ(words(0, 1), 16);
  EXPECT_EQ(words(0, 2), 32);
  EXPECT_EQ(words(3, 2), 32);  // the last block of a head and the first of the next
  EXPECT_EQ(words(1, 7), 7 * 16);
  EXPECT_EQ(count_words(view, {{0, 0, 0}, {4, 16, 32}}, 0, banked(32, 128)).busiest, 4);
  const spec::TensorView same{spec::TensorId(0), {spec::two_digits("h.t", 2, 512, 4, 0), {"m", 16, 32}, {"k", 32, 1}}};
  const machines::simba::ViewRuns runs(same, {8, 16, 32});
  for (std::int64_t count = 1; count <= 8; ++count) {
    EXPECT_EQ(runs.words({count, 16, 32}, banked(32, 128)).words, words(0, count)) << count;
    EXPECT_EQ(runs.requests({count, 16, 32}, 64), count <= 4 ? 8 : 16) << count;  // those that it names
  }
}

TEST(GlobalBuffer, BoxesAskedForAgainThenTheirWordsAreThoseCounted) {
  Random random(3);
  const spec::GlobalBufferSpec spec = banked(4, 7);
  const GlobalBuffer gb(spec, false);
  std::vector<ViewSpec> views;
  for (int i = 0; i < 40; ++i) views.push_back(random_view(random));
  std::vector<std::tuple<const ViewSpec*, Box, std::int64_t>> asked;
  for (int i = 0; i < 3000; ++i) {
    const ViewSpec& view = views[static_cast<std::size_t>(random.between(0, 39))];
    asked.emplace_back(&view, random_box(view, random), random.between(0, 100));
  }
  for (int i = 0; i < 10000; ++i) {
    const auto& [view, box, base] = asked[static_cast<std::size_t>(random.between(0, 2999))];
    GbPlace place;
    place.base = base;
    place.view = view;
    place.view_id = static_cast<std::uint32_t>(view - views.data()) + 1;
    const WordCount got = gb.words(place, box), expected = count_words(*view, box, base, spec);
    ASSERT_EQ(got.words, expected.words);
    ASSERT_EQ(got.busiest, expected.busiest);
  }
}

TEST(TileView, NeighbouringDimsThenJoined) {
  const auto dims = joined({{3, 40}, {1, 7}, {4, 10}, {5, 1}});
  ASSERT_EQ(dims.size(), 2u);
  EXPECT_EQ(dims[0].size, 12);
  EXPECT_EQ(dims[0].stride, 10);
  EXPECT_EQ(dims[1].size, 5);
}

}  // namespace
}  // namespace heat::simba
