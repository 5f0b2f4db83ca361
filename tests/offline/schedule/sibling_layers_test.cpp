// In which order the nodes of query, key and value come.
#include "offline/schedule/sibling_layers.h"

#include <gtest/gtest.h>

#include "spec/schedule_checks.h"
#include "tests/offline/schedule/networks.h"

namespace heat::offline {
namespace {

// Names of the first nodes, without what they share.
std::vector<std::string> first_nodes(const NetworkForms& forms, std::size_t count) {
  const LoweredNetwork lowered = lower_network(test::encoder(1, 24, 3, 40), {"small", "mixed", 10}, forms);
  std::vector<std::string> names;
  const std::string shared = "encoder.layer.0.attention.self.";
  for (const spec::Node& node : lowered.network.workload.nodes)
    if (names.size() < count) names.push_back(node.name.substr(shared.size()));
  base::Problems problems;
  spec::check_structure(test::one_group_a_node(lowered.network), problems);
  EXPECT_EQ(problems.list(), std::vector<std::string>{});
  return names;
}

NetworkForms forms_of(const std::string& method, const std::string& shape, const std::vector<std::int64_t>& ranks) {
  NetworkForms forms = test::random_forms(5);
  const auto dense = forms.linear;
  forms.linear = [=](const LinearLayer& l) {
    return l.in == l.out ? test::random_factorized(l.name, method, shape, ranks, l.in, l.out, 5) : dense(l);
  };
  return forms;
}

using Names = std::vector<std::string>;

TEST(SiblingLayers, OfTwoNodesThenTheyTakeTurns) {
  EXPECT_EQ(first_nodes(forms_of("svd", "24x24", {7}), 6),
            (Names{"query/1", "key/1", "value/1", "query/2", "key/2", "value/2"}));
  EXPECT_EQ(first_nodes(test::random_forms(5), 3), (Names{"query", "key", "value"}));
}

TEST(SiblingLayers, OfMoreNodesThanAGroupShouldPartThenEachStaysTogether) {
  const Names names = first_nodes(forms_of("tucker", "4x6x4x6", {3, 5, 3, 5}), 5);
  EXPECT_EQ(names[0], "query/1");
  EXPECT_EQ(names[1], "query/2");
  EXPECT_EQ(names[2], "query/3");
}

}  // namespace
}  // namespace heat::offline
