// A window of 256 KiB slides over the bytes. The length of a line is bounded, so that no input makes the window grow.
#include "sim/dram/line_reader.h"

#include <cstring>

#include "base/errors.h"

namespace heat::dram {
namespace {

constexpr std::size_t kWindow = 256 * 1024;
constexpr std::size_t kMaxLine = 4096;

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

}  // namespace

LineReader::LineReader(std::unique_ptr<ByteSource> source, std::string name)
    : source_(std::move(source)), name_(std::move(name)), buffer_(kWindow) {}

void LineReader::too_long() const {
  throw base::TraceError(place() + ": line longer than 4096 characters");
}

bool LineReader::refill() {
  if (at_end_) return false;
  std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
  end_ -= begin_;
  begin_ = 0;
  const std::size_t got = source_->read(buffer_.data() + end_, buffer_.size() - end_);
  at_end_ = got == 0;
  end_ += got;
  return got > 0;
}

bool LineReader::next_raw(std::string_view& text) {
  std::size_t searched = 0;
  for (;;) {
    const char* from = buffer_.data() + begin_;
    const void* newline = std::memchr(from + searched, '\n', end_ - begin_ - searched);
    if (!newline) {
      searched = end_ - begin_;
      if (searched <= kMaxLine && refill()) continue;
      if (searched == 0) return false;
      from = buffer_.data() + begin_;
    }
    const std::size_t length = newline ? static_cast<std::size_t>(static_cast<const char*>(newline) - from) : searched;
    ++line_;
    if (length > kMaxLine) too_long();
    text = std::string_view(from, length);
    begin_ += length + (newline ? 1 : 0);
    return true;
  }
}

bool LineReader::next(std::string_view& text) {
  while (next_raw(text)) {
    while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
    if (!text.empty() && text.front() != '#') return true;
  }
  return false;
}

}  // namespace heat::dram
