// How a weight matrix is seen as a tensor, and the text grammar of shapes and ranks.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace heat::offline {

// The methods a matrix can be decomposed with. kSvd is the plain truncated SVD (an order-2 CP).
enum class Method { kCp, kTucker, kTtm, kSvd };

const char* method_name(Method method);
// "cp", "tucker", "ttm" or "svd". Throws spec::ConfigError with a suggestion on another word.
Method method_from_name(const std::string& name);

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
  bool operator==(const TensorShape&) const = default;
};

// Reads a shape for a matrix [rows, cols]: "768x12x64" (row modes, then column modes; the prefix whose product is
// `rows` ends the row modes) or "24x32,48x64" (row modes, column modes; the only form for ttm, which needs as many of
// each). Throws spec::ConfigError when a product does not match, and when size-1 modes at the border leave the split
// open.
TensorShape parse_shape(const std::string& text, Method method, std::int64_t rows, std::int64_t cols);

// "768x12x64", or the comma form for ttm.
std::string shape_text(const TensorShape& shape, Method method);

// Reads ranks: "280" (cp, svd), "150,12,64" (tucker, one a mode), "1,16,1" (ttm, r0..rd with r0 = rd = 1).
// Throws spec::ConfigError on a wrong count, a rank below 1, or one no decomposition of this shape can have: svd above
// min(rows, cols), tucker above its mode. TTM ranks above what their unfolding allows are clipped to it, as TT-SVD
// does.
std::vector<std::int64_t> parse_ranks(const std::string& text, Method method, const TensorShape& shape);

// The checks and the clipping of parse_ranks on numbers.
std::vector<std::int64_t> feasible_ranks(const std::vector<std::int64_t>& ranks, Method method,
                                         const TensorShape& shape);

// "280" or "150,12,64".
std::string ranks_text(const std::vector<std::int64_t>& ranks);

// Values the decomposition stores when deployed: all cores; CP's weights are folded into a core then and not counted.
std::int64_t parameter_count(Method method, const TensorShape& shape, const std::vector<std::int64_t>& ranks);

// Parses "a<sep>b<sep>c" into positive integers. `what` names the text in the error.
std::vector<std::int64_t> parse_list(const std::string& text, char separator, const std::string& what);

std::int64_t product(const std::vector<std::int64_t>& values);

}  // namespace heat::offline
