// Memory traces, line by line, in constant memory. A file keeps to one of the formats; blank lines and lines that begin
// with # are skipped.
//
//   R 0xADDR | W 0xADDR            this project and Ramulator 2 (also LD / ST; hexadecimal with 0x, else decimal)
//   R 0,0,1,2,77,5                 Ramulator 2's ReadWriteTrace: channel, rank, bank group, bank, row, column
//   0xADDR READ|WRITE CYCLE        DRAMsim3 (also P_MEM_RD / P_MEM_WR)
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "sim/dram/line_reader.h"

namespace heat::dram {

struct TraceRequest {
  bool write = false;
  std::uint64_t address = 0;
  bool has_levels = false;      // the line names DRAM coordinates, not an address
  std::int64_t levels[6] = {};  // channel, rank, bank group, bank, row, column
  std::int64_t cycle = 0;       // not before; 0 when the format has none
};

class TraceReader {
 public:
  explicit TraceReader(const std::string& path) : TraceReader(open_byte_source(path), path) {}
  // `name` stands for the file in messages.
  TraceReader(std::unique_ptr<ByteSource> source, const std::string& name) : lines_(std::move(source), name) {}

  // The next request; false at the end. Throws TraceError "file:line: ..." for a line that is none of the formats.
  bool next(TraceRequest& request);
  std::int64_t line() const { return lines_.line(); }
  // "file:line"
  std::string place() const { return lines_.place(); }

 private:
  enum class Format { kUnknown, kKindFirst, kLevels, kAddressFirst };
  void parse(std::string_view text, TraceRequest& request);
  void parse_kind_first(std::string_view text, TraceRequest& request);
  void parse_address_first(std::string_view text, TraceRequest& request);
  void parse_levels(std::string_view text, TraceRequest& request);
  std::uint64_t number(std::string_view word, const char* what) const;
  void expect_format(Format format);
  [[noreturn]] void fail(const std::string& message, std::string_view text) const;

  LineReader lines_;
  std::int64_t last_cycle_ = 0;
  Format format_ = Format::kUnknown;
};

}  // namespace heat::dram
