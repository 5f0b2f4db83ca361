// Signals over time as waveform viewers read them (GTKWave, Surfer): VCD (IEEE 1364-2005, clause 18) and FST, GTKWave's
// compressed format.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace heat::traces {

enum class WaveFormat { kVcd, kFst };

enum class SignalType {
  kBit,
  kInteger,  // 0 to 2^32 - 1
  kReal,
  kText
};

struct WaveSignal {
  std::string name;  // "chiplet0.dma_load.state": scopes and the signal in them, joined by dots
  SignalType type = SignalType::kBit;
};

// From `cycle` on the signal has this value.
struct WaveChange {
  std::int64_t cycle = 0;
  std::size_t signal = 0;  // its place in Waveform::signals
  double value = 0;        // of a text: its place in Waveform::texts
};

struct Waveform {
  std::string program;  // what made it: "simba-sim 0.1.0"
  double clock_ghz = 1;
  std::vector<WaveSignal> signals;
  std::vector<std::string> texts;
  std::vector<WaveChange> changes;  // ordered by cycle; every signal has one at cycle 0
  std::int64_t end_cycle = 0;
};

// The file's unit of time, 10^exponent seconds, and how many of it a cycle takes.
struct WaveTimescale {
  int exponent = -9;
  std::int64_t ticks_per_cycle = 1;
};
// The coarsest unit (at least 1 fs) in which a cycle is whole; the cycle is rounded to whole femtoseconds.
WaveTimescale wave_timescale(double clock_ghz);

// Writes the file whole or not at all; the same waveform gives the same bytes. Throws FileError.
void write_waveform(const std::string& path, WaveFormat format, const Waveform& waveform);

// The formats, into a file that is there afterwards even when they throw.
void write_vcd(const std::string& path, const Waveform& waveform);
void write_fst(const std::string& path, const Waveform& waveform);

// Calls enter(scope), leave() and declare(index) so that every signal is declared in the scopes of its name.
template <typename Enter, typename Leave, typename Declare>
void visit_scopes(const std::vector<WaveSignal>& signals, const Enter& enter, const Leave& leave,
                  const Declare& declare) {
  std::vector<std::string> open;
  for (std::size_t i = 0; i < signals.size(); ++i) {
    std::vector<std::string> scopes;
    std::size_t at = 0;
    for (std::size_t dot; (dot = signals[i].name.find('.', at)) != std::string::npos; at = dot + 1)
      scopes.push_back(signals[i].name.substr(at, dot - at));
    std::size_t common = 0;
    while (common < open.size() && common < scopes.size() && open[common] == scopes[common]) ++common;
    for (; open.size() > common; open.pop_back()) leave();
    for (; open.size() < scopes.size(); open.push_back(scopes[open.size()])) enter(scopes[open.size()]);
    declare(i, signals[i].name.substr(at));
  }
  for (; !open.empty(); open.pop_back()) leave();
}

}  // namespace heat::traces
