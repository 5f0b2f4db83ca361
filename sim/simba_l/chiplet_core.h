// The storage and the network of a chiplet that its engines share. Plain, no processes.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "sim/simba_l/engine.h"
#include "sim/simba_l/global_buffer.h"
#include "sim/simba_l/mesh.h"

namespace heat::simba {

// Contents of a PE's buffers, two halves each. Empty without data.
struct PeBuffers {
  std::array<std::vector<std::int16_t>, 2> weight, input;
  std::array<std::vector<std::int32_t>, 2> sums;
};

struct ChipletCore {
  ChipletCore(const spec::ArchSpec& arch, int number, bool data)
      : id(number), gb(arch.global_buffer, data), noc(arch.noc, 2), pes(static_cast<std::size_t>(arch.pes())) {}
  int id;
  GlobalBuffer gb;
  Mesh noc;  // port 0: PEs; port 1 of router 0: the global buffer
  std::vector<PeBuffers> pes;
};

constexpr Endpoint kGlobalBufferPort{0, 1};

// The PE tiles of a wave, as a command describes it.
struct WaveShape {
  explicit WaveShape(const Command& c) {
    for (std::size_t i = 0; i < 4; ++i) {
      wave[i] = c[SIMBA_CMD_WAVE + i];
      tile[i] = c[SIMBA_CMD_TILE + i];
    }
    for (std::size_t i = 0; i < 3; ++i) spatial[i] = c[SIMBA_CMD_SPATIAL + i];
  }
  // Elements along `dim` (0 b, 1 m, 2 n) of the i-th PE.
  std::int64_t part(std::size_t dim, std::int64_t i) const {
    return std::max<std::int64_t>(0, std::min(tile[dim], wave[dim] - i * tile[dim]));
  }
  // PEs with work along `dim`.
  std::int64_t active(std::size_t dim) const { return (wave[dim] + tile[dim] - 1) / tile[dim]; }
  int pe(std::int64_t b, std::int64_t m, std::int64_t n) const {
    return static_cast<int>((b * spatial[1] + m) * spatial[2] + n);
  }
  std::int64_t k() const { return wave[3]; }
  std::array<std::int64_t, 4> wave{}, tile{};
  std::array<std::int64_t, 3> spatial{};
};

// Where the command's tile lies in the global buffer.
inline GbPlace gb_place(const RunContext& context, const Command& c) {
  GbPlace place;
  place.base = c[SIMBA_CMD_GB];
  if (c[SIMBA_CMD_VIEW] != 0) {
    place.view = &context.image.view(c[SIMBA_CMD_VIEW]);
  } else {
    place.pitch_x = c[SIMBA_CMD_PITCH];
    place.pitch_y = c[SIMBA_CMD_PITCH + 1];
  }
  return place;
}

}  // namespace heat::simba
