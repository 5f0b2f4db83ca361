// Value change dump. Texts are GTKWave's extension of the format (type string, value s...), which other viewers read too;
// what would end a text (white space) is written as '_'.
#include <algorithm>
#include <array>
#include <cctype>
#include <fstream>
#include <stdexcept>

#include "base/errors.h"
#include "traces/waveform.h"

namespace heat::traces {
namespace {

// Short names of printable characters, as the format has them.
std::string identifier(std::size_t index) {
  std::string id;
  do {
    id += static_cast<char>('!' + index % 94);
    index /= 94;
  } while (index > 0);
  return id;
}

const char* declaration(SignalType type) {
  switch (type) {
    case SignalType::kBit:
      return "wire 1 ";
    case SignalType::kInteger:
      return "integer 32 ";
    case SignalType::kReal:
      return "real 64 ";
    case SignalType::kText:
      return "string 1 ";
  }
  throw std::logic_error("unknown signal type");
}

std::string binary(std::uint64_t value) {
  std::string digits;
  do {
    digits += static_cast<char>('0' + value % 2);
    value /= 2;
  } while (value > 0);
  std::reverse(digits.begin(), digits.end());
  return digits;
}

std::string value_text(const Waveform& w, const WaveChange& change) {
  const std::string id = identifier(change.signal);
  switch (w.signals[change.signal].type) {
    case SignalType::kBit:
      return (change.value != 0 ? "1" : "0") + id;
    case SignalType::kInteger:
      return "b" + binary(static_cast<std::uint64_t>(change.value)) + " " + id;
    case SignalType::kReal: {
      std::array<char, 40> digits{};
      std::snprintf(digits.data(), digits.size(), "r%.17g ", change.value);
      return digits.data() + id;
    }
    case SignalType::kText: {
      std::string text = w.texts[static_cast<std::size_t>(change.value)];
      std::replace_if(
          text.begin(), text.end(), [](unsigned char c) { return std::isspace(c) != 0; }, '_');
      return "s" + text + " " + id;
    }
  }
  throw std::logic_error("unknown signal type");
}

std::string timescale_text(int exponent) {
  static constexpr std::array<const char*, 6> kUnits{"fs", "ps", "ns", "us", "ms", "s"};
  const int above_fs = exponent + 15;
  return std::string("1") + std::string(static_cast<std::size_t>(above_fs % 3), '0') + " " +
         kUnits.at(static_cast<std::size_t>(above_fs / 3));
}

}  // namespace

void write_vcd(const std::string& path, const Waveform& w) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  if (!out) throw base::FileError(path + ": cannot open for writing");
  const WaveTimescale scale = wave_timescale(w.clock_ghz);
  out << "$version " << w.program << " $end\n$timescale " << timescale_text(scale.exponent) << " $end\n";
  visit_scopes(
      w.signals, [&](const std::string& scope) { out << "$scope module " << scope << " $end\n"; },
      [&] { out << "$upscope $end\n"; },
      [&](std::size_t i, const std::string& name) {
        out << "$var " << declaration(w.signals[i].type) << identifier(i) << " " << name << " $end\n";
      });
  out << "$enddefinitions $end\n";
  std::int64_t cycle = -1;
  for (const WaveChange& change : w.changes) {
    if (change.cycle != cycle) {
      if (cycle == 0) out << "$end\n";
      cycle = change.cycle;
      out << "#" << cycle * scale.ticks_per_cycle << "\n" << (cycle == 0 ? "$dumpvars\n" : "");
    }
    out << value_text(w, change) << "\n";
  }
  if (cycle == 0) out << "$end\n";
  if (cycle < w.end_cycle) out << "#" << w.end_cycle * scale.ticks_per_cycle << "\n";
  out.close();
  if (!out) throw base::FileError(path + ": the waveform cannot be written (disk full?)");
}

}  // namespace heat::traces
