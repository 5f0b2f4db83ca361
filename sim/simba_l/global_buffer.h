// A chiplet's global buffer: its bytes (with data), its read and write port, and how tiles lie in it. Plain class.
#pragma once

#include <cstdint>
#include <vector>

#include "machines/simba/gb_words.h"
#include "sim/simba_l/calendar.h"
#include "sim/simba_l/tile_view.h"
#include "spec/arch_spec.h"

namespace heat::simba {

// A box in the global buffer: through a view of a resident tensor, or within a packed tile [b][x][y] of given pitches.
struct GbPlace {
  std::int64_t base = 0;
  const ViewSpec* view = nullptr;  // null: packed
  std::uint32_t view_id = 0;       // which view of the program image it is; 0: of none, so its words are not remembered
  std::int64_t pitch_x = 1, pitch_y = 1;
};

using machines::simba::WordCount;

class GlobalBuffer {
 public:
  GlobalBuffer(const spec::GlobalBufferSpec& spec, bool data);

  // Words that a box takes, which are what it costs: by runs through a view; a packed tile is stored contiguously.
  WordCount words(const GbPlace& place, const Box& box) const;
  WordCount packed_words(std::int64_t bytes) const { return machines::simba::packed_words(spec_, bytes); }
  std::int64_t packed_accesses(std::int64_t bytes) const { return packed_words(bytes).words; }
  // Cycles of the read or the write port for a set of accesses.
  std::int64_t read_cycles(const WordCount& words) const { return machines::simba::read_cycles(spec_, words); }
  std::int64_t write_cycles(const WordCount& words) const { return machines::simba::write_cycles(spec_, words); }
  std::int64_t read_cycles(std::int64_t packed_bytes) const { return read_cycles(packed_words(packed_bytes)); }
  std::int64_t write_cycles(std::int64_t packed_bytes) const { return write_cycles(packed_words(packed_bytes)); }
  // First byte beyond the box.
  std::int64_t end_of(const GbPlace& place, const Box& box) const;

  // Copies a box to or from a dense array [b][x][y].
  void read(const GbPlace& place, const Box& box, std::int8_t* out) const;
  void write(const GbPlace& place, const Box& box, const std::int8_t* in);
  std::int8_t* at(std::int64_t address) { return bytes_.data() + address; }
  const std::int8_t* at(std::int64_t address) const { return bytes_.data() + address; }
  std::int64_t capacity() const { return spec_.capacity.value(); }

  Calendar read_port, write_port;

 private:
  // Words through a view that were counted before: the same box is sent and drained again and again.
  struct Counted {
    std::uint32_t view_id = 0;
    std::int64_t base = 0;
    Box box;
    WordCount words;
  };
  static constexpr std::size_t kCounted = 1024;
  Counted& counted(const GbPlace& place, const Box& box) const;
  template <class Copy>
  void each_row(const GbPlace& place, const Box& box, const Copy& copy) const;

  spec::GlobalBufferSpec spec_;
  std::vector<std::int8_t> bytes_;
  mutable std::vector<Counted> counted_;  // by a hash of what was asked for
};

}  // namespace heat::simba
