// Modes and ranks travel as numbers: a text such as "768x12x64" needs the matrix's size to be split.
#include "spec/form.h"

#include <nlohmann/json.hpp>
#include <tuple>

#include "base/checked.h"

namespace heat::spec {
namespace {

constexpr std::int64_t kMostSize = std::int64_t{1} << 40;

}  // namespace

std::int64_t product(const std::vector<std::int64_t>& values) {
  return base::checked_product(values, "shape");
}

std::int64_t TensorShape::rows() const {
  return product(row_modes);
}
std::int64_t TensorShape::cols() const {
  return product(col_modes);
}

std::vector<std::int64_t> TensorShape::modes() const {
  std::vector<std::int64_t> all = row_modes;
  all.insert(all.end(), col_modes.begin(), col_modes.end());
  return all;
}

bool operator<(const TensorShape& x, const TensorShape& y) {
  return std::tie(x.row_modes, x.col_modes) < std::tie(y.row_modes, y.col_modes);
}
bool operator<(const Form& x, const Form& y) {
  return std::tie(x.method, x.shape, x.ranks) < std::tie(y.method, y.shape, y.ranks);
}

Form dense_form(std::int64_t rows, std::int64_t cols) {
  return {Form::kDense, {{rows}, {cols}}, {}};
}

nlohmann::ordered_json to_json(const Form& f) {
  return {{"method", f.method}, {"row_modes", f.shape.row_modes}, {"col_modes", f.shape.col_modes}, {"ranks", f.ranks}};
}

nlohmann::ordered_json to_json(const LayerForm& layer) {
  nlohmann::ordered_json json = {{"layer", layer.layer}};
  json.update(to_json(layer.form));
  return json;
}

nlohmann::ordered_json to_json(const std::vector<LayerForm>& layers) {
  auto list = nlohmann::ordered_json::array();
  for (const LayerForm& layer : layers) list.push_back(to_json(layer));
  return list;
}

Form read_form(base::ConfigReader& r) {
  Form form;
  form.method = r.text("method");
  form.shape.row_modes = r.integers("row_modes", {1, kMostSize});
  form.shape.col_modes = r.integers("col_modes", {1, kMostSize});
  form.ranks = r.integers("ranks", {1, kMostSize});
  for (const auto& [key, modes] :
       {std::pair("row_modes", &form.shape.row_modes), std::pair("col_modes", &form.shape.col_modes)})
    if (r.has(key) && modes->empty()) r.problems().add(r.place(key), "expected at least one mode");
  if (form.is_dense() && !form.ranks.empty()) r.problems().add(r.place("ranks"), "a dense matrix has none");
  return form;
}

LayerForm read_layer_form(base::ConfigReader& r) {
  std::string layer = r.text("layer");
  return {std::move(layer), read_form(r)};
}

Form form_from_json(const nlohmann::json& json, const std::string& place) {
  base::Problems problems;
  base::ConfigReader r = base::ConfigReader::parse(json.dump(), place, problems);
  Form form = read_form(r);
  r.finish();
  problems.throw_if_any();
  return form;
}

std::vector<LayerForm> layer_forms_from_json(const nlohmann::json& list, const std::string& place) {
  if (!list.is_array()) throw base::ConfigError(place + ": expected a list of layers");
  base::Problems problems;
  std::vector<LayerForm> layers;
  for (std::size_t i = 0; i < list.size(); ++i) {
    auto r = base::ConfigReader::parse(list[i].dump(), place + "[" + std::to_string(i) + "]", problems);
    layers.push_back(read_layer_form(r));
    r.finish();
  }
  problems.throw_if_any();
  return layers;
}

}  // namespace heat::spec
