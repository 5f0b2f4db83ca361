// How one weight matrix is computed: dense, or by which method, of which shape and at which ranks.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "base/config_reader.h"

namespace heat::spec {

// Throws base::ConfigError when the product does not fit 63 bits.
std::int64_t product(const std::vector<std::int64_t>& values);

// A matrix [rows, cols] reshaped row-major into modes: first the row modes (product = rows), then the column modes.
struct TensorShape {
  std::vector<std::int64_t> row_modes;
  std::vector<std::int64_t> col_modes;

  std::int64_t rows() const;
  std::int64_t cols() const;
  std::int64_t elements() const { return rows() * cols(); }
  std::size_t order() const { return row_modes.size() + col_modes.size(); }
  // Row modes followed by column modes.
  std::vector<std::int64_t> modes() const;
  friend bool operator==(const TensorShape& x, const TensorShape& y) {
    return x.row_modes == y.row_modes && x.col_modes == y.col_modes;
  }
  friend bool operator!=(const TensorShape& x, const TensorShape& y) { return !(x == y); }
  friend bool operator<(const TensorShape& x, const TensorShape& y);
};

// A method by its name (offline/decompose/methods.h) with its shape and ranks; kDense: the matrix itself, without
// ranks. Whether the ranks are feasible is the method's business.
struct Form {
  static constexpr const char* kDense = "dense";

  std::string method = kDense;
  TensorShape shape;
  std::vector<std::int64_t> ranks;

  bool is_dense() const { return method == kDense; }
  friend bool operator==(const Form& x, const Form& y) {
    return x.method == y.method && x.shape == y.shape && x.ranks == y.ranks;
  }
  friend bool operator!=(const Form& x, const Form& y) { return !(x == y); }
  friend bool operator<(const Form& x, const Form& y);
};

Form dense_form(std::int64_t rows, std::int64_t cols);

// The form of a linear layer ("encoder.layer.0.intermediate.dense") of a network; the weight is [out, in].
struct LayerForm {
  std::string layer;
  Form form;
  friend bool operator==(const LayerForm& x, const LayerForm& y) { return x.layer == y.layer && x.form == y.form; }
};

// {"method", "row_modes", "col_modes", "ranks"}, of a layer with "layer" before them.
nlohmann::ordered_json to_json(const Form& form);
nlohmann::ordered_json to_json(const LayerForm& layer);
nlohmann::ordered_json to_json(const std::vector<LayerForm>& layers);
// Read the keys of such a map; problems go to the reader. A reader of a whole map calls finish() itself.
Form read_form(base::ConfigReader& reader);
LayerForm read_layer_form(base::ConfigReader& reader);
// Whole values; throw base::ConfigError naming `place` and all that is wrong.
Form form_from_json(const nlohmann::json& json, const std::string& place);
std::vector<LayerForm> layer_forms_from_json(const nlohmann::json& list, const std::string& place);

}  // namespace heat::spec
