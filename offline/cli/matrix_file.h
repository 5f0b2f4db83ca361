// A matrix from a file: raw numbers without a header, or a tensor of a safetensors file.
#pragma once

#include <boost/program_options.hpp>
#include <cstdint>
#include <string>
#include <vector>

namespace heat::offline::cli {

struct Matrix {
  std::int64_t rows = 0, cols = 0;
  std::vector<double> data;  // row-major
};

// Throws base::ConfigError unless --rows and --cols are sizes of a matrix that a machine can hold.
void check_matrix_size(std::int64_t rows, std::int64_t cols);

// Reads rows x cols little-endian numbers of type "f64", "f32", "f16" or "bf16", row-major. Throws base::FileError when
// the file cannot be read, base::ConfigError on another size (with the one expected) or an unknown type.
std::vector<double> read_matrix(const std::string& path, std::int64_t rows, std::int64_t cols, const std::string& type);

// A tensor of a safetensors file as a matrix: its first dimension the rows, all others the columns. Without a name the
// file's only tensor.
Matrix read_tensor(const std::string& path, const std::string& tensor);

// The options of a command that works on one matrix.
struct MatrixOptions {
  std::string path, tensor, type;
  std::int64_t rows = 0, cols = 0;

  // --matrix, --tensor, --rows, --cols, --dtype.
  void add_to(boost::program_options::options_description& options);
  // A path that ends in .safetensors is such a file, any other one raw. Throws base::ConfigError where options are
  // missing, contradict each other or the file.
  Matrix read() const;
};

}  // namespace heat::offline::cli
