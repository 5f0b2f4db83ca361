// The safetensors file format: an 8-byte little-endian header length, a JSON header (name -> dtype, shape,
// data_offsets), then the tensors' bytes, little-endian, row-major. Read and written here without LibTorch.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace heat::offline {

enum class DType { kF64, kF32, kF16, kI8, kI32 };
const char* dtype_name(DType dtype);
std::int64_t dtype_bytes(DType dtype);

struct RawTensor {
  DType dtype = DType::kF32;
  std::vector<std::int64_t> shape;
  std::string bytes;  // little-endian, row-major; its size is the shape's product times dtype_bytes

  std::int64_t elements() const;
  // The values of an F64, F32 or F16 tensor. Throws Error for another type.
  std::vector<float> floats() const;
  std::vector<double> doubles() const;
  static RawTensor from_floats(const std::vector<float>& values, std::vector<std::int64_t> shape, DType dtype);
  static RawTensor from_doubles(const std::vector<double>& values, std::vector<std::int64_t> shape);
};

struct Safetensors {
  std::map<std::string, RawTensor> tensors;
  std::map<std::string, std::string> metadata;  // the header's "__metadata__"

  // Throws FileError when the file cannot be read, ConfigError (with the file's and the tensor's name) when it is
  // malformed: header length beyond the file, no JSON, an unknown dtype, a shape that does not match its bytes, offsets
  // outside the data, overlapping or with holes. BF16 and I64 are converted to F32 and I32 when they fit.
  static Safetensors load(const std::string& path);
  // One tensor of a file, alone. Also throws ConfigError where the file has none of that name, with the nearest one.
  static RawTensor load_tensor(const std::string& path, const std::string& tensor);
  static Safetensors parse(const std::string& bytes, const std::string& name);
  std::string serialize() const;
  void save(const std::string& path) const;  // whole or not at all
};

float half_to_float(std::uint16_t half);
float bfloat_to_float(std::uint16_t bfloat);
// Rounds to nearest, ties to even; beyond the largest finite half gives infinity.
std::uint16_t float_to_half(float value);

}  // namespace heat::offline
