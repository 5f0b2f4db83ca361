// What the formats share: the unit of time, and that a file is there whole or not at all.
#include "traces/waveform.h"

#include <cmath>
#include <filesystem>
#include <stdexcept>

#include "base/atomic_file.h"

namespace heat::traces {

WaveTimescale wave_timescale(double clock_ghz) {
  WaveTimescale scale{-15, std::llround(1e6 / clock_ghz)};
  while (scale.exponent < 0 && scale.ticks_per_cycle % 10 == 0) {
    scale.ticks_per_cycle /= 10;
    ++scale.exponent;
  }
  return scale;
}

void write_waveform(const std::string& path, WaveFormat format, const Waveform& waveform) {
  const std::string temporary = base::temporary_name(path);
  try {
    switch (format) {
      case WaveFormat::kVcd:
        write_vcd(temporary, waveform);
        break;
      case WaveFormat::kFst:
        write_fst(temporary, waveform);
        break;
    }
    base::commit_file(temporary, path);
  } catch (...) {
    std::error_code ec;
    std::filesystem::remove(temporary, ec);
    throw;
  }
}

}  // namespace heat::traces
