#include "offline/decompose/decomposition.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "base/errors.h"
#include "offline/decompose/form_text.h"
#include "tests/offline/decompose/test_matrices.h"

namespace heat::offline {
namespace {

using Modes = std::vector<std::int64_t>;

// Element (i, j) of W' straight from the definition of the method.
double element(const Decomposition& d, std::int64_t i, std::int64_t j) {
  const Modes modes = d.form.shape.modes();
  Modes index(modes.size());
  for (std::size_t k = d.form.shape.row_modes.size(); k-- > 0; i /= modes[k]) index[k] = i % modes[k];
  for (std::size_t k = modes.size(); k-- > d.form.shape.row_modes.size(); j /= modes[k]) index[k] = j % modes[k];
  const auto at = [](const Core& c, const Modes& position) {
    std::int64_t offset = 0;
    for (std::size_t k = 0; k < position.size(); ++k) offset = offset * c.dims[k] + position[k];
    return c.data[static_cast<std::size_t>(offset)];
  };
  double sum = 0;
  if (d.form.method == "tr") {  // the trace of the product of a slice of every core
    for (std::int64_t closing = 0; closing < d.form.ranks[0]; ++closing) {
      std::vector<double> row(static_cast<std::size_t>(d.form.ranks[0]), 0.0);
      row[static_cast<std::size_t>(closing)] = 1;
      for (std::size_t k = 0; k < modes.size(); ++k) {
        const std::int64_t from = d.form.ranks[k], to = d.form.ranks[(k + 1) % modes.size()];
        std::vector<double> next(static_cast<std::size_t>(to), 0.0);
        for (std::int64_t a = 0; a < from; ++a)
          for (std::int64_t b = 0; b < to; ++b)
            next[static_cast<std::size_t>(b)] += row[static_cast<std::size_t>(a)] * at(d.cores[k], {a, index[k], b});
        row = next;
      }
      sum += row[static_cast<std::size_t>(closing)];
    }
  } else if (d.form.method == "cp" || d.form.method == "svd") {
    for (std::int64_t r = 0; r < d.form.ranks[0]; ++r) {
      double term = d.weights[static_cast<std::size_t>(r)];
      for (std::size_t n = 0; n < modes.size(); ++n) term *= at(d.cores[n], {index[n], r});
      sum += term;
    }
  } else if (d.form.method == "tucker") {
    Modes r(modes.size(), 0);
    for (std::int64_t left = product(d.form.ranks); left > 0; --left) {
      double term = at(d.cores[0], r);
      for (std::size_t n = 0; n < modes.size(); ++n) term *= at(d.cores[n + 1], {index[n], r[n]});
      sum += term;
      for (std::size_t k = r.size(); k-- > 0 && ++r[k] == d.form.ranks[k];) r[k] = 0;
    }
  } else {
    std::vector<double> row{1.0};
    const std::size_t cores = d.cores.size();
    for (std::size_t k = 0; k < cores; ++k) {
      std::vector<double> next(static_cast<std::size_t>(d.form.ranks[k + 1]), 0.0);
      for (std::int64_t a = 0; a < d.form.ranks[k]; ++a)
        for (std::int64_t b = 0; b < d.form.ranks[k + 1]; ++b)
          next[static_cast<std::size_t>(b)] +=
              row[static_cast<std::size_t>(a)] * at(d.cores[k], {a, index[k], index[cores + k], b});
      row = next;
    }
    sum = row[0];
  }
  return sum;
}

using Case = Form;

// Primes, size-1 modes, one mode a side, four modes a side.
const std::vector<Case> kCases = {{"cp", {{7, 5}, {3, 11}}, {6}},
                                  {"cp", {{13}, {17}}, {4}},
                                  {"cp", {{1, 7}, {5, 1}}, {3}},
                                  {"cp", {{2, 3, 2}, {3, 2, 2}}, {9}},
                                  {"cp", {{3}, {4}}, {30}},
                                  {"tucker", {{7, 5}, {3, 11}}, {4, 3, 2, 6}},
                                  {"tucker", {{13}, {17}}, {5, 5}},
                                  {"tucker", {{1, 7}, {5, 1}}, {1, 3, 2, 1}},
                                  {"tucker", {{11}, {2, 3}}, {11, 1, 2}},
                                  {"ttm", {{7, 5}, {3, 11}}, {1, 6, 1}},
                                  {"ttm", {{2, 3, 5}, {3, 2, 1}}, {1, 4, 3, 1}},
                                  {"ttm", {{13}, {17}}, {1, 1}},
                                  {"tr", {{7, 5}, {3, 11}}, {2, 4, 3, 5}},
                                  {"tr", {{1, 7}, {5, 1}}, {2, 2, 3, 2}},
                                  {"tr", {{13}, {17}}, {2, 3}},
                                  {"tr", {{12}, {3, 2, 5}}, {3, 2, 3, 2}},
                                  {"svd", {{13}, {17}}, {5}},
                                  {"svd", {{17}, {1}}, {1}}};

std::vector<double> random_matrix(const TensorShape& shape, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<double> w(static_cast<std::size_t>(shape.elements()));
  for (double& x : w) x = static_cast<double>(random() >> 11) * 0x1p-53 - 0.5;
  return w;
}

TEST(Decompose, AnyShapeThenReconstructionFollowsTheDefinitionAndErrorIsTrue) {
  for (const Case& c : kCases) {
    const auto w = random_matrix(c.shape, 11);
    const DecomposeResult r = decompose(w, c);
    const auto rebuilt = reconstruct(r.decomposition);
    double difference = 0, norm = 0;
    for (std::int64_t i = 0; i < c.shape.rows(); ++i)
      for (std::int64_t j = 0; j < c.shape.cols(); ++j) {
        const auto at = static_cast<std::size_t>(i * c.shape.cols() + j);
        const double expected = element(r.decomposition, i, j);
        ASSERT_NEAR(rebuilt[at], expected, 1e-12) << form_text(c);
        difference += (w[at] - expected) * (w[at] - expected);
        norm += w[at] * w[at];
      }
    EXPECT_NEAR(r.relative_error, std::sqrt(difference / norm), 1e-10) << form_text(c);
    std::int64_t stored = 0;
    for (const Core& core : r.decomposition.cores) {
      EXPECT_EQ(static_cast<std::int64_t>(core.data.size()), product(core.dims));
      stored += product(core.dims);
    }
    EXPECT_EQ(stored, parameter_count(r.decomposition.form));
    EXPECT_LT(r.relative_error, 1.0);
  }
}

TEST(Decompose, MatrixOfThatRankThenExact) {
  for (const Case& c : kCases) {
    // CP and the ring may stop in a local minimum.
    if ((c.method == "cp" && c.ranks[0] > 4) || (c.method == "tr" && c.ranks[0] > 2)) continue;
    const DecomposeResult first = decompose(random_matrix(c.shape, 3), c);
    const auto w = reconstruct(first.decomposition);
    DecomposeOptions options;
    options.max_iterations = 2000;
    options.tolerance = 1e-14;
    const double limit = c.method == "cp" || c.method == "tr" ? 1e-3 : 1e-9;
    EXPECT_LT(decompose(w, c, options).relative_error, limit) << form_text(c);
  }
}

TEST(Decompose, ZeroMatrixThenZeroErrorAndFiniteCores) {
  for (const Case& c : kCases) {
    const std::vector<double> w(static_cast<std::size_t>(c.shape.elements()), 0.0);
    const DecomposeResult r = decompose(w, c);
    EXPECT_EQ(r.relative_error, 0.0);
    for (const Core& core : r.decomposition.cores)
      for (double v : core.data) ASSERT_TRUE(std::isfinite(v)) << form_text(c);
  }
}

TEST(Decompose, NanOrWrongSizeThenErrorNamesThePlace) {
  const TensorShape shape{{2, 3}, {4}};
  auto w = random_matrix(shape, 1);
  w[9] = std::nan("");
  try {
    decompose(w, {"cp", shape, {2}});
    FAIL() << "NaN accepted";
  } catch (const base::ConfigError& e) {
    EXPECT_NE(std::string(e.what()).find("[2, 1]"), std::string::npos) << e.what();
  }
  w.pop_back();
  EXPECT_THROW(decompose(w, {"cp", shape, {2}}), base::ConfigError);
}

TEST(Decompose, ThreadsThenSameBytesSeedsThenSameBytes) {
  const auto w = testing::formula_matrix(96, 120, 9);
  for (const Case& c : {Case{"cp", {{96}, {10, 12}}, {150}}, Case{"tucker", {{8, 12}, {120}}, {5, 7, 30}},
                        Case{"ttm", {{8, 12}, {10, 12}}, {1, 20, 1}}, Case{"tr", {{8, 12}, {10, 12}}, {4, 10, 8, 30}},
                        Case{"svd", {{96}, {120}}, {20}}}) {
    DecomposeOptions one, three;
    one.threads = 1;
    three.threads = 3;
    one.restarts = three.restarts = 2;
    const auto a = decompose(w, c, one), b = decompose(w, c, three);
    EXPECT_EQ(a.relative_error, b.relative_error);
    ASSERT_EQ(a.decomposition.cores.size(), b.decomposition.cores.size());
    for (std::size_t k = 0; k < a.decomposition.cores.size(); ++k)
      EXPECT_EQ(a.decomposition.cores[k].data, b.decomposition.cores[k].data) << form_text(c);
  }
}

TEST(Decompose, CpThenUnitColumnsAndFallingWeights) {
  const auto w = testing::formula_matrix(96, 120, 9);
  const Decomposition d = decompose(w, {"cp", {{96}, {10, 12}}, {40}}).decomposition;
  for (std::size_t r = 1; r < d.weights.size(); ++r) EXPECT_LE(d.weights[r], d.weights[r - 1]);
  for (const Core& core : d.cores)
    for (std::size_t r = 0; r < 40; ++r) {
      double sum = 0;
      for (std::size_t i = r; i < core.data.size(); i += 40) sum += core.data[i] * core.data[i];
      EXPECT_NEAR(sum, 1.0, 1e-10);
    }
}

TEST(Decompose, OrderTwoCpThenReachesTheSvd) {
  const auto w = testing::formula_matrix(96, 120, 9);
  const double best = decompose(w, {"svd", {{96}, {120}}, {20}}).relative_error;
  EXPECT_NEAR(decompose(w, {"cp", {{96}, {120}}, {20}}).relative_error, best, 1e-6);
}

TEST(Truncate, HalfTheCpComponentsThenErrorNearAFreshDecomposition) {
  // The Rank SuperNet takes the first components: they must not lean on later ones that cancel them.
  const auto w = testing::formula_matrix(96, 120, 9);
  const TensorShape shape{{96}, {10, 12}};
  const Decomposition d = decompose(w, {"cp", shape, {48}}).decomposition;
  double squares = 0, norm = 0;
  for (double weight : d.weights) squares += weight * weight;
  for (double v : w) norm += v * v;
  EXPECT_LT(squares, 2 * norm);
  EXPECT_LT(relative_error(w, reconstruct(truncate(d, {24}))), 1.35 * decompose(w, {"cp", shape, {24}}).relative_error);
}

TEST(Truncate, SmallerRanksThenSameAsDefinitionAndErrors) {
  const auto w = testing::formula_matrix(30, 42, 5);
  for (const auto& [c, smaller] : {std::pair<Case, Modes>{{"cp", {{5, 6}, {42}}, {12}}, {5}},
                                   {{"tucker", {{5, 6}, {6, 7}}, {4, 5, 6, 5}}, {2, 5, 3, 1}},
                                   {{"ttm", {{5, 6}, {6, 7}}, {1, 12, 1}}, {1, 7, 1}},
                                   {{"svd", {{30}, {42}}, {12}}, {4}}}) {
    const Decomposition d = decompose(w, c).decomposition;
    const Decomposition t = truncate(d, smaller);
    EXPECT_EQ(t.form.ranks, smaller);
    const auto rebuilt = reconstruct(t);
    EXPECT_NEAR(rebuilt[7 * 42 + 13], element(t, 7, 13), 1e-12);
    std::int64_t stored = 0;
    for (const Core& core : t.cores) stored += static_cast<std::int64_t>(core.data.size());
    EXPECT_EQ(stored, parameter_count(t.form));
    EXPECT_THROW(truncate(t, c.ranks), base::ConfigError);
  }
  const Decomposition svd = decompose(w, {"svd", {{30}, {42}}, {12}}).decomposition;
  EXPECT_NEAR(relative_error(w, reconstruct(truncate(svd, {4}))),
              decompose(w, {"svd", {{30}, {42}}, {4}}).relative_error, 1e-9);
}

}  // namespace
}  // namespace heat::offline
