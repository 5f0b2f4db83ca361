// Lines of a byte source as views into a window of fixed size: constant memory for files of any length.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sim/dram/byte_source.h"

namespace heat::dram {

class LineReader {
 public:
  // `name` stands for the file in messages.
  LineReader(std::unique_ptr<ByteSource> source, std::string name);

  // The next line that is neither blank nor a comment (#), without its leading blanks; the view holds until the next
  // call. False at the end. Throws TraceError for a line longer than 4096 characters.
  bool next(std::string_view& text);
  std::int64_t line() const { return line_; }
  // "file:line"
  std::string place() const { return name_ + ":" + std::to_string(line_); }

 private:
  bool next_raw(std::string_view& text);
  bool refill();
  [[noreturn]] void too_long() const;

  std::unique_ptr<ByteSource> source_;
  std::string name_;
  std::vector<char> buffer_;
  std::size_t begin_ = 0, end_ = 0;
  bool at_end_ = false;
  std::int64_t line_ = 0;
};

}  // namespace heat::dram
