// The text grammar of shapes and ranks, and what ranks a shape allows.
#include "offline/decompose/tensor_shape.h"

#include <algorithm>
#include <charconv>
#include <functional>
#include <numeric>

#include "base/config_reader.h"
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

}  // namespace

std::int64_t product(const Modes& values) {
  std::int64_t result = 1;
  for (std::int64_t v : values)
    if (__builtin_mul_overflow(result, v, &result))
      throw base::ConfigError("shape " + joined(values, 'x') + " is too large");
  return result;
}

std::int64_t TensorShape::rows() const {
  return product(row_modes);
}
std::int64_t TensorShape::cols() const {
  return product(col_modes);
}

Modes TensorShape::modes() const {
  Modes all = row_modes;
  all.insert(all.end(), col_modes.begin(), col_modes.end());
  return all;
}

const char* method_name(Method method) {
  switch (method) {
    case Method::kCp:
      return "cp";
    case Method::kTucker:
      return "tucker";
    case Method::kTtm:
      return "ttm";
    case Method::kSvd:
      return "svd";
  }
  throw std::logic_error("unknown decomposition method");
}

Method method_from_name(const std::string& name) {
  for (Method m : {Method::kCp, Method::kTucker, Method::kTtm, Method::kSvd})
    if (name == method_name(m)) return m;
  const auto near = base::nearest_word(name, {"cp", "tucker", "ttm", "svd"});
  throw base::ConfigError("unknown method '" + name + "'" +
                          (near ? " (did you mean '" + *near + "'?)" : std::string()) +
                          ": expected cp, tucker, ttm or svd");
}

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

TensorShape parse_shape(const std::string& text, Method method, std::int64_t rows, std::int64_t cols) {
  const std::size_t comma = text.find(',');
  if (comma == std::string::npos) {
    if (method == Method::kTtm)
      throw base::ConfigError("shape '" + text + "': ttm takes row modes, a comma, column modes, such as 24x32,48x64");
    TensorShape shape = split_modes(text, parse_list(text, 'x', "shape"), rows, cols);
    if (method == Method::kSvd && shape.order() != 2)
      throw base::ConfigError("shape '" + text + "': svd takes the matrix itself, " + std::to_string(rows) + "x" +
                              std::to_string(cols));
    return shape;
  }
  TensorShape shape{parse_list(text.substr(0, comma), 'x', "shape"), parse_list(text.substr(comma + 1), 'x', "shape")};
  require_product(text, "row", shape.row_modes, rows);
  require_product(text, "column", shape.col_modes, cols);
  if (method == Method::kTtm && shape.row_modes.size() != shape.col_modes.size())
    throw base::ConfigError("shape '" + text + "': ttm needs as many row modes as column modes, got " +
                            std::to_string(shape.row_modes.size()) + " and " + std::to_string(shape.col_modes.size()));
  if (method == Method::kSvd && shape.order() != 2)
    throw base::ConfigError("shape '" + text + "': svd takes one row mode and one column mode");
  return shape;
}

std::string shape_text(const TensorShape& shape, Method method) {
  if (method == Method::kTtm) return joined(shape.row_modes, 'x') + "," + joined(shape.col_modes, 'x');
  return joined(shape.modes(), 'x');
}

std::string ranks_text(const Modes& ranks) {
  return joined(ranks, ',');
}

Modes parse_ranks(const std::string& text, Method method, const TensorShape& shape) {
  return feasible_ranks(parse_list(text, ',', "rank"), method, shape);
}

namespace {

[[noreturn]] void reject(const Modes& ranks, Method method, const std::string& reason) {
  throw base::ConfigError(std::string("rank '") + ranks_text(ranks) + "' for " + method_name(method) + ": " + reason);
}

void require_count(const Modes& ranks, Method method, std::size_t count, const char* meaning) {
  if (ranks.size() != count)
    reject(ranks, method,
           "expected " + std::to_string(count) + " (" + meaning + "), got " + std::to_string(ranks.size()));
}

// TT ranks bounded by the sizes left and right of the cut, from the left as TT-SVD finds them.
Modes clipped_ttm_ranks(Modes ranks, const TensorShape& shape) {
  const std::size_t cores = shape.row_modes.size();
  if (ranks.front() != 1 || ranks.back() != 1) reject(ranks, Method::kTtm, "the first and the last must be 1");
  std::int64_t right = shape.elements();
  for (std::size_t k = 0; k + 1 < cores; ++k) {
    const std::int64_t mode = shape.row_modes[k] * shape.col_modes[k];
    right /= mode;
    ranks[k + 1] = std::min({ranks[k + 1], ranks[k] * mode, right});
  }
  return ranks;
}

}  // namespace

Modes feasible_ranks(const Modes& ranks, Method method, const TensorShape& shape) {
  for (std::int64_t r : ranks)
    if (r < 1) reject(ranks, method, "ranks start at 1");
  switch (method) {
    case Method::kCp:
      require_count(ranks, method, 1, "the number of components");
      return ranks;
    case Method::kSvd: {
      require_count(ranks, method, 1, "the number of singular values");
      const std::int64_t most = std::min(shape.rows(), shape.cols());
      if (ranks[0] > most) reject(ranks, method, "at most " + std::to_string(most) + " = min(rows, columns)");
      return ranks;
    }
    case Method::kTucker: {
      const Modes modes = shape.modes();
      require_count(ranks, method, modes.size(), "one a mode");
      for (std::size_t n = 0; n < modes.size(); ++n)
        if (ranks[n] > modes[n])
          reject(ranks, method,
                 "rank " + std::to_string(ranks[n]) + " of mode " + std::to_string(n) + " is above its size " +
                     std::to_string(modes[n]));
      return ranks;
    }
    case Method::kTtm:
      require_count(ranks, method, shape.row_modes.size() + 1, "r0 to rd");
      return clipped_ttm_ranks(ranks, shape);
  }
  throw std::logic_error("unknown decomposition method");
}

std::int64_t parameter_count(Method method, const TensorShape& shape, const Modes& ranks) {
  const Modes modes = shape.modes();
  std::int64_t count = 0;
  switch (method) {
    case Method::kSvd:
      return ranks[0] * (shape.rows() + shape.cols());
    case Method::kCp:
      return ranks[0] * std::accumulate(modes.begin(), modes.end(), std::int64_t{0});
    case Method::kTucker:
      for (std::size_t n = 0; n < modes.size(); ++n) count += modes[n] * ranks[n];
      return count + product(ranks);
    case Method::kTtm:
      for (std::size_t k = 0; k < shape.row_modes.size(); ++k)
        count += ranks[k] * shape.row_modes[k] * shape.col_modes[k] * ranks[k + 1];
      return count;
  }
  throw std::logic_error("unknown decomposition method");
}

}  // namespace heat::offline
