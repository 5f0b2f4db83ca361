// The closed forms against the elements one by one, over random small views.
#include "spec/view_bytes.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "tests/support/random.h"

namespace heat::spec {
namespace {

using test_support::Random;

// Calls `visit` with the values and the byte of every element.
void each_element(const TensorView& view,
                  const std::function<void(const std::vector<std::int64_t>&, std::int64_t)>& visit) {
  std::vector<std::int64_t> values(view.dims.size(), 0);
  while (true) {
    std::int64_t byte = 0;
    for (std::size_t d = 0; d < values.size(); ++d) {
      const ViewDim& dim = view.dims[d];
      byte += values[d] / dim.inner * dim.stride + values[d] % dim.inner * dim.inner_stride;
    }
    visit(values, byte);
    std::size_t d = values.size();
    while (d > 0 && ++values[d - 1] == view.dims[d - 1].size) values[--d] = 0;
    if (d == 0) return;
  }
}

bool covers_once(const TensorView& view, std::int64_t bytes) {
  std::vector<int> count(static_cast<std::size_t>(bytes), 0);
  bool inside = true;
  each_element(view, [&](const auto&, std::int64_t byte) {
    inside = inside && byte < bytes;
    if (byte < bytes) ++count[static_cast<std::size_t>(byte)];
  });
  return inside && std::all_of(count.begin(), count.end(), [](int c) { return c == 1; });
}

// Row-major over the dims in a random order, so that it covers `bytes` once.
TensorView covering_view(Random& random, std::int64_t* bytes) {
  TensorView view;
  *bytes = 1;
  for (const char* index : {"a", "b", "c"}) {
    const std::int64_t size = random.between(1, 5);
    view.dims.push_back({index, size, *bytes});
    *bytes *= size;
  }
  for (std::size_t i = view.dims.size(); i > 1; --i)
    std::swap(view.dims[i - 1],
              view.dims[static_cast<std::size_t>(random.between(0, static_cast<std::int64_t>(i) - 1))]);
  return view;
}

TEST(ViewBytes, RandomViewsThenFaultExactlyWhereAByteIsNotNamedOnce) {
  Random random(7);
  int sound = 0, faulty = 0;
  for (int i = 0; i < 4000; ++i) {
    std::int64_t bytes = 0;
    TensorView view = covering_view(random, &bytes);
    if (random.chance(60)) view.dims[static_cast<std::size_t>(random.between(0, 2))].stride = random.between(0, 12);
    if (random.chance(20)) bytes += random.between(0, 2);
    if (random.chance(50) && view.dims[1].size > 1) {  // the first two dims as digits of one index
      const ViewDim outer = view.dims[0], inner = view.dims[1];
      view.dims.erase(view.dims.begin());
      view.dims[0] = {"ab", outer.size * inner.size, outer.stride, inner.size, inner.stride};
    }
    const bool expected = covers_once(view, bytes);
    EXPECT_EQ(!coverage_fault(view, bytes).has_value(), expected);
    ++(expected ? sound : faulty);
  }
  EXPECT_GT(sound, 500);
  EXPECT_GT(faulty, 500);
}

TEST(ViewBytes, StrideZeroThenTheTextNamesIndexAndStrides) {
  const TensorView view{TensorId(0), {{"m", 4, 6}, {"n", 6, 0}}};
  EXPECT_EQ(coverage_fault(view, 24), "index 'n' of size 6 has stride 0 where 1 would name every byte once");
  EXPECT_EQ(coverage_fault({TensorId(0), {{"m", 4, 1}}}, 8), "it names 4 of 8 bytes");
  EXPECT_EQ(coverage_fault({TensorId(0), {{"m", 1, 0}, {"n", 8, 1}}}, 8), std::nullopt);
}

// A view of the same tensor with index "a": a permutation of the written one's strides, or random ones that stay inside.
TensorView reading_view(Random& random, const TensorView& written, std::int64_t bytes) {
  TensorView read = written;
  if (random.chance(50)) std::swap(read.dims[0].stride, read.dims[1].stride);
  if (random.chance(30)) read.dims[2].stride = random.between(0, 9);
  if (random.chance(30)) read.dims.push_back({"d", random.between(1, 4), random.between(0, bytes)});
  return read;
}

TEST(ViewBytes, RandomReadsThenStrayExactlyWhereAValueReadsWhatAnotherWrote) {
  Random random(11);
  int at_home = 0, strays = 0;
  for (int i = 0; i < 6000; ++i) {
    std::int64_t bytes = 0;
    const TensorView written = covering_view(random, &bytes);
    const TensorView read = reading_view(random, written, bytes);
    const ViewDim& home = *dim_of(written, "a");
    std::int64_t largest = 0;
    bool expected = false;
    each_element(read, [&](const std::vector<std::int64_t>& values, std::int64_t byte) {
      largest = std::max(largest, byte);
      for (std::size_t d = 0; d < values.size(); ++d)
        if (read.dims[d].index == "a") expected = expected || byte / home.stride % home.size != values[d];
    });
    if (largest >= bytes) continue;  // check_workload refuses it
    const auto stray = stray_element(written, read, "a");
    EXPECT_EQ(stray.has_value(), expected);
    ++(expected ? strays : at_home);
    if (!stray) continue;
    std::int64_t byte = 0;
    for (std::size_t d = 0; d < read.dims.size(); ++d) {
      EXPECT_LT(stray->values[d], read.dims[d].size);
      byte += stray->values[d] * read.dims[d].stride;
    }
    EXPECT_EQ(stray->byte, byte);
    EXPECT_EQ(stray->writer, byte / home.stride % home.size);
    EXPECT_NE(stray->writer, stray->value);
  }
  EXPECT_GT(at_home, 500);
  EXPECT_GT(strays, 500);
}

}  // namespace
}  // namespace heat::spec
