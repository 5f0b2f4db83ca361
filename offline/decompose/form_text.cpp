// The text grammar of shapes and ranks.
#include "offline/decompose/form_text.h"

#include <algorithm>
#include <charconv>

#include "base/errors.h"

namespace heat::offline {
namespace {

using Modes = std::vector<std::int64_t>;

std::string joined(const Modes& values, char separator) {
  std::string text;
  for (std::int64_t v : values) {
    if (!text.empty()) text += separator;
    text += std::to_string(v);
  }
  return text;
}

void require_product(const std::string& text, const char* side, const Modes& modes, std::int64_t expected) {
  if (product(modes) == expected) return;
  throw base::ConfigError("shape '" + text + "': the " + side + " modes " + joined(modes, 'x') + " multiply to " +
                          std::to_string(product(modes)) + ", the matrix has " + std::to_string(expected) + " " + side +
                          "s");
}

// The prefix of `modes` whose product is `rows`, when there is exactly one with cols as the product of the rest.
TensorShape split_modes(const std::string& text, const Modes& modes, std::int64_t rows, std::int64_t cols) {
  std::vector<std::size_t> ends;
  for (std::size_t end = 1; end < modes.size(); ++end) {
    const Modes left(modes.begin(), modes.begin() + static_cast<std::ptrdiff_t>(end));
    const Modes right(modes.begin() + static_cast<std::ptrdiff_t>(end), modes.end());
    if (product(left) == rows && product(right) == cols) ends.push_back(end);
  }
  const std::string matrix = std::to_string(rows) + " x " + std::to_string(cols);
  if (ends.empty())
    throw base::ConfigError("shape '" + text + "' does not fit the matrix " + matrix +
                            ": no prefix of its modes multiplies to the rows with the rest multiplying to the columns");
  if (ends.size() > 1)
    throw base::ConfigError("shape '" + text + "' is ambiguous for the matrix " + matrix +
                            ": a mode of size 1 may be a row or a column mode; write row modes, a comma, column modes");
  const auto border = modes.begin() + static_cast<std::ptrdiff_t>(ends.front());
  return {Modes(modes.begin(), border), Modes(border, modes.end())};
}

void check_shape(const std::string& text, const Method& method, const TensorShape& shape) {
  switch (method.tensorization()) {
    case Tensorization::kFree:
      return;
    case Tensorization::kMatrix:
      if (shape.order() != 2)
        throw base::ConfigError("shape '" + text + "': " + method.name() + " takes the matrix itself, " +
                                std::to_string(shape.rows()) + "x" + std::to_string(shape.cols()));
      return;
    case Tensorization::kPaired:
      if (shape.row_modes.size() != shape.col_modes.size())
        throw base::ConfigError(
            "shape '" + text + "': " + method.name() + " needs as many row modes as column modes, got " +
            std::to_string(shape.row_modes.size()) + " and " + std::to_string(shape.col_modes.size()));
      return;
  }
  throw std::logic_error("tensorization out of range");
}

bool is_paired(const Method& method) {
  return method.tensorization() == Tensorization::kPaired;
}

}  // namespace

Modes parse_list(const std::string& text, char separator, const std::string& what) {
  Modes values;
  std::size_t begin = 0;
  while (true) {
    const std::size_t end = std::min(text.find(separator, begin), text.size());
    std::int64_t value = 0;
    const auto [stop, error] = std::from_chars(text.data() + begin, text.data() + end, value);
    if (error != std::errc() || stop != text.data() + end || value < 1)
      throw base::ConfigError(what + " '" + text + "': '" + text.substr(begin, end - begin) +
                              "' is not a positive integer (expected numbers joined by '" + separator + "')");
    values.push_back(value);
    if (end == text.size()) return values;
    begin = end + 1;
  }
}

TensorShape parse_shape(const std::string& text, const Method& method, std::int64_t rows, std::int64_t cols) {
  const std::size_t comma = text.find(',');
  TensorShape shape;
  if (comma == std::string::npos) {
    if (is_paired(method))
      throw base::ConfigError("shape '" + text + "': " + method.name() +
                              " takes row modes, a comma, column modes, such as 24x32,48x64");
    shape = split_modes(text, parse_list(text, 'x', "shape"), rows, cols);
  } else {
    shape = {parse_list(text.substr(0, comma), 'x', "shape"), parse_list(text.substr(comma + 1), 'x', "shape")};
    require_product(text, "row", shape.row_modes, rows);
    require_product(text, "column", shape.col_modes, cols);
  }
  check_shape(text, method, shape);
  return shape;
}

std::string shape_text(const TensorShape& shape, const Method& method) {
  if (is_paired(method)) return joined(shape.row_modes, 'x') + "," + joined(shape.col_modes, 'x');
  return joined(shape.modes(), 'x');
}

std::string shape_text(const Form& form) {
  return form.is_dense() ? joined(form.shape.modes(), 'x') : shape_text(form.shape, method_of(form));
}

std::string ranks_text(const Ranks& ranks) {
  return joined(ranks, ',');
}

Ranks parse_ranks(const std::string& text, const Method& method, const TensorShape& shape) {
  return feasible({method.name(), shape, parse_list(text, ',', "rank")}).ranks;
}

Form feasible(const Form& form) {
  if (form.is_dense()) return form;
  const Method& method = method_of(form);
  check_shape(shape_text(form), method, form.shape);
  for (std::int64_t r : form.ranks)
    if (r < 1)
      throw base::ConfigError("rank '" + ranks_text(form.ranks) + "' for " + form.method + ": ranks start at 1");
  return {form.method, form.shape, method.feasible_ranks(form.ranks, form.shape)};
}

std::string form_text(const Form& form) {
  return form.method + " " + shape_text(form) + (form.ranks.empty() ? "" : " r" + ranks_text(form.ranks));
}

Form parse_form(const std::string& method, const std::string& shape, const std::string& ranks, std::int64_t rows,
                std::int64_t cols) {
  if (method == Form::kDense) {
    const Form form = spec::dense_form(rows, cols);
    if (shape != shape_text(form) || !ranks.empty())
      throw base::ConfigError("form '" + method + " " + shape + "': a dense " + shape_text(form) +
                              " matrix has that shape and no ranks");
    return form;
  }
  const Method& m = method_named(method);
  Form form{method, parse_shape(shape, m, rows, cols), {}};
  form.ranks = parse_ranks(ranks, m, form.shape);
  return form;
}

}  // namespace heat::offline
