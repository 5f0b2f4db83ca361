#include "spec/form.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/errors.h"
#include "tests/support/error_of.h"

namespace heat::spec {
namespace {

TEST(Form, JsonThenTheSameForm) {
  const Form factorised{"some-method", {{8, 96}, {12, 64}}, {150, 12, 1}}, dense = dense_form(768, 3072);
  for (const Form& form : {factorised, dense}) EXPECT_EQ(form_from_json(to_json(form), "test"), form);
  EXPECT_EQ(to_json(factorised).dump(),
            R"({"method":"some-method","row_modes":[8,96],"col_modes":[12,64],"ranks":[150,12,1]})");
  const std::vector<LayerForm> layers{{"encoder.layer.0.output.dense", factorised}, {"query", dense}};
  EXPECT_EQ(layer_forms_from_json(to_json(layers), "test"), layers);
  EXPECT_EQ(to_json(layers[1]).dump(),
            R"({"layer":"query","method":"dense","row_modes":[768],"col_modes":[3072],"ranks":[]})");
}

TEST(Form, AnyPartDiffersThenNotEqualAndOrdered) {
  const Form form{"a", {{2, 3}, {4}}, {5}};
  for (const Form& other : {Form{"b", {{2, 3}, {4}}, {5}}, Form{"a", {{2, 4}, {4}}, {5}}, Form{"a", {{2, 3}, {4}}, {6}},
                            Form{"a", {{2, 3}, {5}}, {5}}}) {
    EXPECT_NE(form, other);
    EXPECT_LT(form, other);
    EXPECT_FALSE(other < form);
  }
  EXPECT_FALSE(form < form);
}

TEST(Form, WrongJsonThenEveryProblemWithItsPlace) {
  const auto json = nlohmann::json::parse(R"([{"layer": "x", "method": "dense", "row_modes": [4, 0], "col_modes": [],
    "ranks": [2], "rank": 3}, {"method": "m"}])");
  const std::string error =
      test::error_of<base::ConfigError>([&] { layer_forms_from_json(json, "plans.json: layers"); });
  for (const char* part : {"plans.json: layers[0]", "row_modes[1]", "col_modes: expected at least one mode",
                           "ranks: a dense matrix has none", "rank: unknown key", "layers[1]", "missing key 'layer'"})
    EXPECT_NE(error.find(part), std::string::npos) << part << "\n" << error;
  EXPECT_NE(test::error_of<base::ConfigError>([] {
              layer_forms_from_json(nlohmann::json::object(), "p");
            }).find("expected a list"),
            std::string::npos);
}

TEST(TensorShape, ProductsThenRowsAndColumnsAndTooLargeThenError) {
  const TensorShape shape{{8, 12}, {64}};
  EXPECT_EQ(shape.rows(), 96);
  EXPECT_EQ(shape.cols(), 64);
  EXPECT_EQ(shape.modes(), (std::vector<std::int64_t>{8, 12, 64}));
  EXPECT_THROW(product({std::int64_t{1} << 40, std::int64_t{1} << 40}), base::ConfigError);
}

}  // namespace
}  // namespace heat::spec
