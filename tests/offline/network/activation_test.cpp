#include "offline/network/activation.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/errors.h"

namespace heat::offline {
namespace {

TEST(Activation, NamesGoBothWays) {
  for (const std::string& name : activation_names()) EXPECT_EQ(activation_name(activation_from_name(name)), name);
  EXPECT_EQ(activation_from_name("gelu_new"), Activation::kGeluTanh);
}

TEST(Activation, UnknownNameThenSuggestion) {
  try {
    activation_from_name("rellu");
    FAIL();
  } catch (const base::ConfigError& e) {
    EXPECT_NE(std::string(e.what()).find("did you mean 'relu'?"), std::string::npos) << e.what();
  }
}

// Values of Hendrycks & Gimpel's function, from its definition by the normal distribution.
TEST(Activation, ClosedForms) {
  EXPECT_EQ(activate(Activation::kNone, -2), -2);
  EXPECT_EQ(activate(Activation::kRelu, -2), 0);
  EXPECT_NEAR(activate(Activation::kGelu, 1), 0.8413447460685429, 1e-15);
  EXPECT_NEAR(activate(Activation::kGeluTanh, 1), 0.8411919906082768, 1e-15);
  EXPECT_NEAR(activate(Activation::kTanh, 0.5), 0.46211715726000973, 1e-15);
}

}  // namespace
}  // namespace heat::offline
