// Numbers are assembled from their bytes, so that the file means the same on every machine.
#include "offline/cli/matrix_file.h"

#include <bit>

#include "base/atomic_file.h"
#include "base/errors.h"

namespace heat::offline::cli {
namespace {

template <class Bits>
Bits little_endian(const char* bytes) {
  Bits bits = 0;
  for (std::size_t i = sizeof(Bits); i-- > 0;)
    bits = static_cast<Bits>(bits << 8) | static_cast<unsigned char>(bytes[i]);
  return bits;
}

}  // namespace

std::vector<double> read_matrix(const std::string& path, std::int64_t rows, std::int64_t cols,
                                const std::string& type) {
  if (type != "f32" && type != "f64") throw base::ConfigError("--dtype '" + type + "': expected f32 or f64");
  if (rows < 1 || cols < 1 || rows > (std::int64_t{1} << 31) || cols > (std::int64_t{1} << 31))
    throw base::ConfigError("--rows " + std::to_string(rows) + " --cols " + std::to_string(cols) +
                            ": expected 1 to 2^31 each");
  const std::string bytes = base::read_file(path);
  const std::size_t width = type == "f32" ? 4 : 8;
  const std::size_t expected = static_cast<std::size_t>(rows) * static_cast<std::size_t>(cols) * width;
  if (bytes.size() != expected)
    throw base::ConfigError(path + ": " + std::to_string(bytes.size()) + " bytes, a " + std::to_string(rows) + " x " +
                            std::to_string(cols) + " matrix of " + type + " has " + std::to_string(expected));
  std::vector<double> w(expected / width);
  for (std::size_t i = 0; i < w.size(); ++i)
    w[i] = width == 4 ? static_cast<double>(std::bit_cast<float>(little_endian<std::uint32_t>(bytes.data() + 4 * i)))
                      : std::bit_cast<double>(little_endian<std::uint64_t>(bytes.data() + 8 * i));
  return w;
}

}  // namespace heat::offline::cli
