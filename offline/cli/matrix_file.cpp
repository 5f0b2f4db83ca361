// Raw numbers are assembled from their bytes, so that the file means the same on every machine.
#include "offline/cli/matrix_file.h"

#include <bit>

#include "base/atomic_file.h"
#include "base/config_reader.h"
#include "base/errors.h"
#include "offline/model/safetensors.h"

namespace heat::offline::cli {
namespace {

constexpr std::int64_t kMostSide = std::int64_t{1} << 31, kMostElements = std::int64_t{1} << 59;

template <class Bits>
Bits little_endian(const char* bytes) {
  Bits bits = 0;
  for (std::size_t i = sizeof(Bits); i-- > 0;)
    bits = static_cast<Bits>(bits << 8) | static_cast<unsigned char>(bytes[i]);
  return bits;
}

struct NumberType {
  const char* name;
  std::size_t width;
  double (*value)(const char* bytes);
};

constexpr NumberType kTypes[] = {
    {"f32", 4, [](const char* b) { return double{std::bit_cast<float>(little_endian<std::uint32_t>(b))}; }},
    {"f64", 8, [](const char* b) { return std::bit_cast<double>(little_endian<std::uint64_t>(b)); }},
    {"f16", 2, [](const char* b) { return double{half_to_float(little_endian<std::uint16_t>(b))}; }},
    {"bf16", 2, [](const char* b) { return double{bfloat_to_float(little_endian<std::uint16_t>(b))}; }}};

const NumberType& type_named(const std::string& name) {
  std::string names;
  for (const NumberType& type : kTypes) {
    if (name == type.name) return type;
    names += (names.empty() ? "" : ", ") + std::string(type.name);
  }
  throw base::ConfigError("--dtype '" + name + "': expected one of " + names);
}

std::string only_tensor(const std::string& path) {
  const Safetensors file = Safetensors::load(path);
  if (file.tensors.size() == 1) return file.tensors.begin()->first;
  std::string names;
  for (const auto& [name, tensor] : file.tensors)
    if (tensor.shape.size() > 1 && names.size() < 300) names += "\n  " + name;
  throw base::ConfigError(path + ": has " + std::to_string(file.tensors.size()) +
                          " tensors, --tensor must name one. Of two dimensions or more:" + names);
}

}  // namespace

void check_matrix_size(std::int64_t rows, std::int64_t cols) {
  base::Problems problems;
  for (const auto& [option, size] : {std::pair("--rows ", rows), std::pair("--cols ", cols)})
    if (size < 1 || size > kMostSide) problems.add(option + std::to_string(size), "expected 1 to 2^31");
  if (problems.empty() && rows > kMostElements / cols)
    problems.add("--rows " + std::to_string(rows) + " --cols " + std::to_string(cols),
                 "expected at most 2^59 elements");
  problems.throw_if_any();
}

std::vector<double> read_matrix(const std::string& path, std::int64_t rows, std::int64_t cols,
                                const std::string& type_name) {
  const NumberType& type = type_named(type_name);
  check_matrix_size(rows, cols);
  const std::string bytes = base::read_file(path);
  const std::size_t expected = static_cast<std::size_t>(rows) * static_cast<std::size_t>(cols) * type.width;
  if (bytes.size() != expected)
    throw base::ConfigError(path + ": " + std::to_string(bytes.size()) + " bytes, a " + std::to_string(rows) + " x " +
                            std::to_string(cols) + " matrix of " + type.name + " has " + std::to_string(expected));
  std::vector<double> w(expected / type.width);
  for (std::size_t i = 0; i < w.size(); ++i) w[i] = type.value(bytes.data() + type.width * i);
  return w;
}

Matrix read_tensor(const std::string& path, const std::string& tensor) {
  const std::string name = tensor.empty() ? only_tensor(path) : tensor;
  const RawTensor raw = Safetensors::load_tensor(path, name);
  const std::string where = path + ": tensor '" + name + "'";
  if (raw.dtype != DType::kF64 && raw.dtype != DType::kF32 && raw.dtype != DType::kF16)
    throw base::ConfigError(where + " is of " + dtype_name(raw.dtype) + ": expected F64, F32, F16 or BF16");
  if (raw.shape.size() < 2 || raw.elements() == 0)
    throw base::ConfigError(where + " has " + std::to_string(raw.shape.size()) + " dimensions and " +
                            std::to_string(raw.elements()) + " elements: expected a matrix, or more dimensions");
  return {raw.shape[0], raw.elements() / raw.shape[0], raw.doubles()};
}

void MatrixOptions::add_to(boost::program_options::options_description& options) {
  namespace po = boost::program_options;
  auto add = options.add_options();
  add("matrix", po::value(&path), "little-endian numbers, row-major [rows, cols], or a .safetensors file");
  add("tensor", po::value(&tensor), "name of the tensor in a .safetensors file (default: its only one)");
  add("rows", po::value(&rows), "rows (output features); a tensor has its own");
  add("cols", po::value(&cols), "columns (input features); a tensor has its own");
  add("dtype", po::value(&type), "of a raw file: f32 (default) | f64 | f16 | bf16");
}

Matrix MatrixOptions::read() const {
  if (path.ends_with(".safetensors")) {
    if (!type.empty()) throw base::ConfigError("--dtype: " + path + " has types of its own");
    Matrix m = read_tensor(path, tensor);
    if ((rows != 0 && rows != m.rows) || (cols != 0 && cols != m.cols))
      throw base::ConfigError("--rows " + std::to_string(rows) + " --cols " + std::to_string(cols) +
                              ": the tensor of " + path + " is " + std::to_string(m.rows) + " x " +
                              std::to_string(m.cols));
    return m;
  }
  base::Problems problems;
  if (!tensor.empty()) problems.add("--tensor " + tensor, path + " is no .safetensors file");
  if (rows == 0) problems.add("--rows", "missing or 0: a raw matrix needs it");
  if (cols == 0) problems.add("--cols", "missing or 0: a raw matrix needs it");
  problems.throw_if_any();
  return {rows, cols, read_matrix(path, rows, cols, type.empty() ? "f32" : type)};
}

}  // namespace heat::offline::cli
