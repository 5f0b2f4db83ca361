// Tensors of exactly rank R: decompose() with default options must find the components, whatever swamps lie on the way.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "offline/decompose/cholesky.h"
#include "offline/decompose/decomposition.h"

namespace heat::offline {
namespace {

using Modes = std::vector<std::int64_t>;

std::string text(const Modes& modes, std::int64_t rank) {
  std::string out = "rank " + std::to_string(rank) + " of";
  for (std::int64_t m : modes) out += " " + std::to_string(m);
  return out;
}

// The first mode the rows. Columns of a factor share a part: `collinear` is about the cosine between them, squared.
std::vector<double> exact_tensor(const Modes& modes, std::int64_t rank, double collinear, std::mt19937_64& random) {
  std::normal_distribution<double> normal;
  std::vector<double> w(static_cast<std::size_t>(product(modes)), 0.0);
  std::vector<std::vector<double>> common;
  for (std::int64_t m : modes) {
    common.emplace_back();
    for (std::int64_t i = 0; i < m; ++i) common.back().push_back(normal(random));
  }
  for (std::int64_t r = 0; r < rank; ++r) {
    std::vector<double> term{1.0};
    for (std::size_t n = 0; n < modes.size(); ++n) {
      std::vector<double> next;
      std::vector<double> column;
      for (const double shared : common[n])
        column.push_back(collinear * shared + std::sqrt(1 - collinear * collinear) * normal(random));
      for (const double t : term)
        for (const double c : column) next.push_back(t * c);
      term = std::move(next);
    }
    for (std::size_t i = 0; i < w.size(); ++i) w[i] += term[i];
  }
  return w;
}

DecomposeResult cp_of(const std::vector<double>& w, const Modes& modes, std::int64_t rank, int restarts = 1) {
  DecomposeOptions options;
  options.restarts = restarts;
  return decompose(w, {"cp", {{modes[0]}, {modes.begin() + 1, modes.end()}}, {rank}}, options);
}

void expect_found(const Modes& modes, std::int64_t rank, double collinear, std::uint64_t seed, bool in_single = false) {
  std::mt19937_64 random(seed);
  std::vector<double> w = exact_tensor(modes, rank, collinear, random);
  if (in_single)
    for (double& x : w) x = static_cast<float>(x);
  EXPECT_LT(cp_of(w, modes, rank).relative_error, 1e-6) << text(modes, rank) << ", " << collinear << ", seed " << seed;
}

TEST(CpExact, CubesThatSwampAlternatingLeastSquaresThenFound) {
  for (std::uint64_t seed : {1, 2}) {
    expect_found({24, 24, 24}, 20, 0, seed);
    expect_found({20, 20, 20}, 18, 0, seed);
    expect_found({2, 2, 2}, 2, 0, seed);
  }
}

TEST(CpExact, RankAboveEveryModeThenFound) {
  expect_found({20, 20, 20}, 22, 0, 3);
  expect_found({20, 20, 20}, 21, 0.9, 3);
  expect_found({10, 10, 10}, 12, 0, 3);
  expect_found({5, 5, 5}, 6, 0, 3);
  expect_found({6, 6, 6, 6}, 10, 0.5, 3);
}

TEST(CpExact, FiftyRandomTensorsThenFound) {
  std::mt19937_64 random(17);
  const auto between = [&](std::int64_t least, std::int64_t most) {
    return least + static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(most - least + 1));
  };
  for (int i = 0; i < 50; ++i) {
    const bool four = i % 5 == 0;
    Modes modes(four ? 4 : 3);
    for (std::int64_t& m : modes) m = between(2, four ? 9 : 30);
    Modes sorted = modes;
    std::sort(sorted.begin(), sorted.end());
    const std::int64_t rank = between(1, std::min<std::int64_t>(25, sorted[sorted.size() - 2]));
    expect_found(modes, rank, std::vector<double>{0, 0.5, 0.9, 0.97}[static_cast<std::size_t>(i) % 4], random(), i % 2);
  }
}

// Beyond the size of a Newton step the pencil alone gives them.
TEST(CpExact, LargeTensorOfLowRankThenFound) {
  expect_found({60, 50, 40}, 35, 0, 5);
  expect_found({60, 50, 40}, 35, 0, 6, true);
}

// Strassen's seven products.
TEST(CpExact, ProductOfTwoByTwoMatricesThenRankSeven) {
  std::vector<double> w(64, 0.0);
  for (int i = 0; i < 2; ++i)
    for (int j = 0; j < 2; ++j)
      for (int k = 0; k < 2; ++k) w[static_cast<std::size_t>((i * 2 + j) * 16 + (j * 2 + k) * 4 + k * 2 + i)] = 1;
  EXPECT_LT(cp_of(w, {4, 4, 4}, 7).relative_error, 1e-6);
  EXPECT_GT(cp_of(w, {4, 4, 4}, 6).relative_error, 0.01);
}

// e0 e0 e1 + e0 e1 e0 + e1 e0 e0 has rank 3; tensors of rank 2 come as near as one likes, and nested SVDs start on a saddle.
TEST(CpExact, TensorOnTheBorderOfTheRankThenMet) {
  const std::vector<double> w{0, 1, 1, 0, 1, 0, 0, 0};
  EXPECT_LT(cp_of(w, {2, 2, 2}, 2).relative_error, 1e-6);
  EXPECT_LT(cp_of(w, {2, 2, 2}, 3).relative_error, 1e-6);
}

TEST(CpExact, MoreStartsThenNeverALargerError) {
  for (std::uint64_t seed : {1, 2, 3}) {
    std::mt19937_64 random(seed);
    std::vector<double> w = exact_tensor({8, 9, 10}, 12, 0.5, random);
    std::normal_distribution<double> noise(0, 1);
    for (double& x : w) x += noise(random);
    const double one = cp_of(w, {8, 9, 10}, 8).relative_error;
    EXPECT_LE(cp_of(w, {8, 9, 10}, 8, 2).relative_error, one);
    EXPECT_LE(cp_of(w, {8, 9, 10}, 8, 6).relative_error, one);
  }
  std::mt19937_64 random(4);
  EXPECT_LT(cp_of(exact_tensor({20, 20, 20}, 18, 0, random), {20, 20, 20}, 18, 10).relative_error, 1e-6);
}

TEST(CpExact, ThreadsThenSameBytes) {
  std::mt19937_64 random(9);
  const std::vector<double> w = exact_tensor({14, 15, 16}, 17, 0.5, random);
  DecomposeOptions one, three;
  one.threads = 1;
  three.threads = 3;
  const Form form{"cp", {{14}, {15, 16}}, {17}};
  const auto a = decompose(w, form, one), b = decompose(w, form, three);
  for (std::size_t k = 0; k < 3; ++k) EXPECT_EQ(a.decomposition.cores[k].data, b.decomposition.cores[k].data);
  EXPECT_EQ(a.decomposition.weights, b.decomposition.weights);
}

TEST(Cholesky, AnySizeThenTheLowerFactor) {
  std::mt19937_64 random(2);
  std::normal_distribution<double> normal;
  for (const std::int64_t n : {1, 5, 128, 129, 300, 421}) {
    const auto size = static_cast<std::size_t>(n);
    std::vector<double> factor(size * size, 0.0), a(size * size, 0.0);
    for (std::size_t i = 0; i < size; ++i)
      for (std::size_t j = 0; j <= i; ++j) factor[i * size + j] = i == j ? 20 + normal(random) : normal(random);
    for (std::size_t i = 0; i < size; ++i)
      for (std::size_t j = 0; j <= i; ++j)
        for (std::size_t k = 0; k <= j; ++k) a[i * size + j] += factor[i * size + k] * factor[j * size + k];
    ASSERT_TRUE(cholesky_in_place(a.data(), n, 2));
    for (std::size_t i = 0; i < size; ++i)
      for (std::size_t j = 0; j <= i; ++j) ASSERT_NEAR(a[i * size + j], factor[i * size + j], 1e-9) << n;
    a[0] = -1;
    EXPECT_FALSE(cholesky_in_place(a.data(), n, 2));
  }
}

}  // namespace
}  // namespace heat::offline
