// Bytes of a file, plain, gzip or Zstandard (told by its first bytes), in constant memory.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

namespace heat::dram {

class ByteSource {
 public:
  virtual ~ByteSource() = default;
  // Up to `size` bytes; 0 at the end. Throws FileError (cannot be read) or TraceError (corrupt compression).
  virtual std::size_t read(char* out, std::size_t size) = 0;
};

// Throws FileError when the file cannot be opened.
std::unique_ptr<ByteSource> open_byte_source(const std::string& path);
// Bytes in memory, not copied and never unpacked.
std::unique_ptr<ByteSource> memory_byte_source(const char* data, std::size_t size);

}  // namespace heat::dram
