// A raw matrix file: little-endian numbers, row-major, no header.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace heat::offline::cli {

// Reads rows x cols numbers of type "f32" or "f64". Throws spec::FileError when it cannot be read, spec::ConfigError on
// another size (with the one expected) or an unknown type.
std::vector<double> read_matrix(const std::string& path, std::int64_t rows, std::int64_t cols, const std::string& type);

}  // namespace heat::offline::cli
