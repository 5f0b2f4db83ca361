// Forms as text: "768x12x64" for a shape, "150,12,64" for ranks, "tucker 768x12x64 r150,12,64" for the whole.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "offline/decompose/methods.h"

namespace heat::offline {

// Reads a shape for a matrix [rows, cols]: "768x12x64" (row modes, then column modes; the prefix whose product is
// `rows` ends the row modes) or "24x32,48x64" (row modes, column modes; the only form for methods that pair them).
// Throws base::ConfigError when a product does not match, when size-1 modes at the border leave the split open, and when
// the method does not take such a shape.
TensorShape parse_shape(const std::string& text, const Method& method, std::int64_t rows, std::int64_t cols);
// "768x12x64", or the comma form for a method that pairs row and column modes.
std::string shape_text(const TensorShape& shape, const Method& method);
std::string shape_text(const Form& form);

// The numbers of "280" or "150,12,64" as feasible ranks: the method checks and clips them.
Ranks parse_ranks(const std::string& text, const Method& method, const TensorShape& shape);
std::string ranks_text(const Ranks& ranks);

// The form with its ranks checked and clipped. Throws base::ConfigError on a shape or ranks that the method does not take.
Form feasible(const Form& form);

// "tucker 768x12x64 r150,12,64"; "dense 768x768".
std::string form_text(const Form& form);
// From its parts and the size of its matrix.
Form parse_form(const std::string& method, const std::string& shape, const std::string& ranks, std::int64_t rows,
                std::int64_t cols);

// Parses "a<sep>b<sep>c" into positive integers. `what` names the text in the error.
std::vector<std::int64_t> parse_list(const std::string& text, char separator, const std::string& what);

}  // namespace heat::offline
