#include "offline/path/tensor_network.h"

#include <gtest/gtest.h>

#include "offline/decompose/decomposition.h"
#include "tests/offline/decompose/test_matrices.h"
#include "tests/offline/path/naive_einsum.h"

namespace heat::offline {
namespace {

// y = W' x by the network against the reconstructed matrix.
TEST(FactorizedLinearNetwork, EveryMethodThenEqualsReconstructedMatrixTimesInput) {
  struct Case {
    const char* method;
    TensorShape shape;
    std::vector<std::int64_t> ranks;
    bool weights;
  };
  const std::vector<Case> cases = {{"cp", {{12}, {3, 5}}, {4}, true},
                                   {"cp", {{3, 4}, {15}}, {7}, true},
                                   {"svd", {{12}, {15}}, {5}, true},
                                   {"tucker", {{3, 4}, {3, 5}}, {2, 3, 3, 2}, false},
                                   {"ttm", {{3, 4}, {5, 3}}, {1, 6, 1}, false},
                                   {"ttm", {{3, 2, 2}, {3, 5, 1}}, {1, 4, 2, 1}, false},
                                   {"tr", {{3, 4}, {5, 3}}, {2, 3, 2, 4}, false},
                                   {"tr", {{12}, {15}}, {2, 3}, false},
                                   {"ttm", {{12}, {15}}, {1, 1}, false}};
  const auto w = testing::formula_matrix(12, 15, 4);
  constexpr std::int64_t kTokens = 3;
  for (const Case& c : cases) {
    const Decomposition d = decompose(w, {c.method, c.shape, c.ranks}).decomposition;
    const TensorNetwork network = factorized_linear_network(d.form, kTokens, c.weights);
    ASSERT_EQ(network.size(), 1 + d.cores.size() + (c.weights ? 1 : 0));
    auto data = testing::random_operands(network, 6);
    for (std::size_t k = 0; k < d.cores.size(); ++k) {
      EXPECT_EQ(network.names[k + 1], d.cores[k].name);
      EXPECT_TRUE(network.is_static[k + 1]);
      EXPECT_EQ(data[k + 1].size(), d.cores[k].data.size());
      data[k + 1] = d.cores[k].data;
    }
    if (c.weights) data.back() = d.weights;
    const auto y = testing::stepwise(network, optimal_path(network), data);
    const auto full = reconstruct(d);
    for (std::int64_t t = 0; t < kTokens; ++t)
      for (std::int64_t i = 0; i < 12; ++i) {
        double sum = 0;
        for (std::int64_t j = 0; j < 15; ++j)
          sum += full[static_cast<std::size_t>(i * 15 + j)] * data[0][static_cast<std::size_t>(t * 15 + j)];
        EXPECT_NEAR(y[static_cast<std::size_t>(t * 12 + i)], sum, 1e-12) << c.method << network.einsum.text();
      }
  }
}

TEST(DenseLinearNetwork, SizesThenOneProduct) {
  const TensorNetwork network = dense_linear_network(768, 3072, 384);
  EXPECT_EQ(network.einsum.text(), "t n0, m0 n0 -> t m0");
  EXPECT_EQ(optimal_path(network).macs, 768LL * 3072 * 384);
  EXPECT_EQ(network.statics(), std::vector<int>{1});
}

}  // namespace
}  // namespace heat::offline
