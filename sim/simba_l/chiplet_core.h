// The storage and the network of a chiplet that its engines share. Plain, no processes.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "firmware/include/simba_shares.h"
#include "sim/simba_l/engine.h"
#include "sim/simba_l/global_buffer.h"
#include "sim/simba_l/mesh.h"
#include "spec/mapping.h"

namespace heat::simba {

// Contents of a PE's buffers, two halves each. Empty without data.
struct PeBuffers {
  std::array<std::vector<std::int16_t>, 2> weight, input;
  std::array<std::vector<std::int32_t>, 2> sums;
};

// From which cycles on a PE's parts are free, and its halves hold what was sent or computed last. PEs progress by
// themselves: times are known as soon as those of the commands before are, so they may lie ahead.
struct PeClock {
  struct Operand {
    std::int64_t port_free = 0;                   // the buffer's write port
    std::array<std::int64_t, 2> there{}, free{};  // of each half: filled; read for the last time
  };
  struct Sums {
    std::array<std::int64_t, 2> there{}, free{};  // of each half: computed; drained
  };
  Operand weight, input;
  Sums sums;
  std::int64_t macs_free = 0, ppu_free = 0;
  std::int64_t macs_used = 0, ppu_used = 0;  // cycles of work so far
};

struct ChipletCore {
  ChipletCore(const spec::ArchSpec& arch, spec::ChipletId number, bool data)
      : id(number),
        gb(arch.global_buffer, data),
        noc(arch.noc, 2),
        pes_(static_cast<std::size_t>(arch.pes())),
        clocks_(static_cast<std::size_t>(arch.pes())) {}
  // Keeps when the ports of the global buffer and the links of the NoC are busy, by the names of their signals.
  void keep(std::map<std::string, Calendar::Spans>& busy) {
    const std::string prefix = "chiplet" + std::to_string(id.value) + ".";
    gb.read_port.keep(busy[prefix + "global_buffer.read_port"]);
    gb.write_port.keep(busy[prefix + "global_buffer.write_port"]);
    noc.keep(busy, prefix + "noc.");
  }
  // Adds the PEs, the ports of the global buffer and the links of the NoC, by the names of their signals.
  void add_use(spec::BusiestUnits& units) const {
    const std::string prefix = "chiplet" + std::to_string(id.value) + ".";
    for (std::size_t pe = 0; pe < clocks_.size(); ++pe) {
      const std::string name = prefix + "pe" + std::to_string(pe);
      units.add("mac_array", name, clocks_[pe].macs_used);
      units.add("ppu", name, clocks_[pe].ppu_used);
    }
    units.add("gb_read_port", prefix + "global_buffer.read_port", gb.read_port.used());
    units.add("gb_write_port", prefix + "global_buffer.write_port", gb.write_port.used());
    units.add("vector_unit", prefix + "vector_unit", vector_used);
    noc.add_use(units, "noc", prefix + "noc.");
  }
  spec::ChipletId id;
  GlobalBuffer gb;
  Noc noc;                       // port 0: PEs; port 1 of router 0: the global buffer
  std::int64_t vector_used = 0;  // cycles of row operations so far
  PeBuffers& buffers(spec::PeId pe) { return pes_[static_cast<std::size_t>(pe.value)]; }
  const PeBuffers& buffers(spec::PeId pe) const { return pes_[static_cast<std::size_t>(pe.value)]; }
  PeClock& clock(spec::PeId pe) { return clocks_[static_cast<std::size_t>(pe.value)]; }

 private:
  std::vector<PeBuffers> pes_;
  std::vector<PeClock> clocks_;
};

constexpr spec::PeId kNearestPe{0};
constexpr Noc::Endpoint kGlobalBufferPort{kNearestPe, 1};

// The PE tiles of a wave, as a command describes it.
struct WaveShape {
  explicit WaveShape(const Command& c) {
    for (std::size_t i = 0; i < 4; ++i) {
      wave[i] = c[SIMBA_CMD_WAVE + i];
      tile[i] = c[SIMBA_CMD_TILE + i];
      spatial[i] = c[SIMBA_CMD_SPATIAL + i];
    }
  }
  // Elements along `dim` (0 b, 1 m, 2 n, 3 k) of the i-th PE.
  std::int64_t part(std::size_t dim, std::int64_t i) const { return simba_piece_size(wave[dim], tile[dim], i); }
  // PEs with work along `dim`.
  std::int64_t active(std::size_t dim) const { return simba_pieces(wave[dim], tile[dim]); }
  spec::PeId pe(std::int64_t b, std::int64_t m, std::int64_t n, std::int64_t k) const {
    const std::int64_t output_tile = simba_output_tile(b, m, n, spatial[1], spatial[2]);
    return spec::PeId(static_cast<std::int32_t>(simba_pe(output_tile, k, spatial[3])));
  }
  // Calls visit(PE, its tile b, m, n, k) for every PE with work.
  template <class Visit>
  void each_pe(const Visit& visit) const {
    for (std::int64_t b = 0; b < active(0); ++b)
      for (std::int64_t m = 0; m < active(1); ++m)
        for (std::int64_t n = 0; n < active(2); ++n)
          for (std::int64_t k = 0; k < active(3); ++k)
            visit(pe(b, m, n, k), spec::Extents{part(0, b), part(1, m), part(2, n), part(3, k)});
  }
  std::array<std::int64_t, 4> wave{}, tile{}, spatial{};
};

// Where the command's tile lies in the global buffer.
inline GbPlace gb_place(const RunContext& context, const Command& c) {
  GbPlace place;
  place.base = c[SIMBA_CMD_GB];
  if (c[SIMBA_CMD_VIEW] != 0) {
    place.view_id = c[SIMBA_CMD_VIEW];
    place.view = &context.image.view(place.view_id);
  } else {
    place.pitch_x = c[SIMBA_CMD_PITCH];
    place.pitch_y = c[SIMBA_CMD_PITCH + 1];
  }
  return place;
}

}  // namespace heat::simba
