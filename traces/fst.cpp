// FST through GTKWave's writer (fstapi, MIT licence), which Debian has in the package verilator.
#include <gtkwave/fstapi.h>

#include <bitset>
#include <memory>
#include <stdexcept>

#include "base/errors.h"
#include "traces/waveform.h"

namespace heat::traces {
namespace {

using Context = std::unique_ptr<void, decltype(&fstWriterClose)>;

fstHandle create(void* context, SignalType type, const std::string& name) {
  switch (type) {
    case SignalType::kBit:
      return fstWriterCreateVar(context, FST_VT_VCD_WIRE, FST_VD_IMPLICIT, 1, name.c_str(), 0);
    case SignalType::kInteger:
      return fstWriterCreateVar(context, FST_VT_VCD_INTEGER, FST_VD_IMPLICIT, 32, name.c_str(), 0);
    case SignalType::kReal:
      return fstWriterCreateVar(context, FST_VT_VCD_REAL, FST_VD_IMPLICIT, 8, name.c_str(), 0);
    case SignalType::kText:
      return fstWriterCreateVar(context, FST_VT_GEN_STRING, FST_VD_IMPLICIT, 0, name.c_str(), 0);
  }
  throw std::logic_error("unknown signal type");
}

void emit(void* context, fstHandle handle, const Waveform& w, const WaveChange& change) {
  switch (w.signals[change.signal].type) {
    case SignalType::kBit:
      return fstWriterEmitValueChange(context, handle, change.value != 0 ? "1" : "0");
    case SignalType::kInteger:
      return fstWriterEmitValueChange(context, handle,
                                      std::bitset<32>(static_cast<std::uint64_t>(change.value)).to_string().c_str());
    case SignalType::kReal:
      return fstWriterEmitValueChange(context, handle, &change.value);
    case SignalType::kText: {
      const std::string& text = w.texts[static_cast<std::size_t>(change.value)];
      return fstWriterEmitVariableLengthValueChange(context, handle, text.data(),
                                                    static_cast<std::uint32_t>(text.size()));
    }
  }
  throw std::logic_error("unknown signal type");
}

void write_to(const std::string& path, const Waveform& w, const WaveTimescale& scale) {
  const Context context(fstWriterCreate(path.c_str(), 1), fstWriterClose);
  if (!context) throw base::FileError(path + ": cannot open for writing");
  fstWriterSetDate(context.get(), "");  // the same run gives the same bytes
  fstWriterSetVersion(context.get(), w.program.c_str());
  fstWriterSetTimescale(context.get(), scale.exponent);
  std::vector<fstHandle> handles(w.signals.size());
  visit_scopes(
      w.signals,
      [&](const std::string& scope) { fstWriterSetScope(context.get(), FST_ST_VCD_MODULE, scope.c_str(), nullptr); },
      [&] { fstWriterSetUpscope(context.get()); },
      [&](std::size_t i, const std::string& name) { handles[i] = create(context.get(), w.signals[i].type, name); });
  std::int64_t cycle = -1;
  for (const WaveChange& change : w.changes) {
    if (change.cycle != cycle) {
      cycle = change.cycle;
      fstWriterEmitTimeChange(context.get(), static_cast<std::uint64_t>(cycle * scale.ticks_per_cycle));
    }
    emit(context.get(), handles[change.signal], w, change);
  }
  if (cycle < w.end_cycle)
    fstWriterEmitTimeChange(context.get(), static_cast<std::uint64_t>(w.end_cycle * scale.ticks_per_cycle));
}

}  // namespace

// The writer does not tell whether the disk took everything: the file's own index does.
void write_fst(const std::string& path, const Waveform& w) {
  const WaveTimescale scale = wave_timescale(w.clock_ghz);
  write_to(path, w, scale);
  const std::unique_ptr<void, decltype(&fstReaderClose)> reader(fstReaderOpen(path.c_str()), fstReaderClose);
  if (!reader || fstReaderGetVarCount(reader.get()) != w.signals.size() ||
      fstReaderGetEndTime(reader.get()) != static_cast<std::uint64_t>(w.end_cycle * scale.ticks_per_cycle))
    throw base::FileError(path + ": the waveform cannot be written (disk full?)");
}

}  // namespace heat::traces
