// Runs, words and spans of boxes against the enumeration of every element.
#include "sim/simba_l/tile_view.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "tests/support/random.h"

namespace heat::simba {
namespace {

using test_support::Random;

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
    std::int64_t words = 0;
    for_each_run(view, box, [&](std::int64_t offset, std::int64_t length) {
      words += (length + 3) / 4;
      for (std::int64_t i = 0; i < length; ++i) ASSERT_TRUE(seen.insert(offset + i).second);
    });
    EXPECT_EQ(seen, elements(view, box));
    EXPECT_EQ(count_words(view, box, 4), words);
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
  EXPECT_EQ(count_words(view, box, 32), 3 * 2);
  box.start[2] = 0;
  box.count[2] = 100;
  EXPECT_EQ(count_words(view, box, 32), 10);  // 300 bytes in one run
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
