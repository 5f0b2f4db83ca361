// The waveforms of a run: which signals a machine has, and what they did.
//
// Use: all = wave_signals(arch, dram); chosen = choose_signals(all, "chiplet0.*,dram.*");
//      traces::write_waveform(path, traces::WaveFormat::kFst, waveform_of(run, chosen));
#pragma once

#include <string>
#include <vector>

#include "sim/simba_l/run_database.h"
#include "traces/waveform.h"

namespace heat::simba {

// The states of all units, their queues, and the rates of the DRAM and the NoP.
constexpr const char* kDefaultSignals = "*.state,*.queued_commands,dram.*_per_cycle,nop.*_per_cycle";

// Every signal there is. Names are those of the run database: unit.counter, in a scope for each chiplet.
std::vector<traces::WaveSignal> wave_signals(const spec::ArchSpec& arch, const spec::DramSpec& dram);

// Those that any of the patterns matches (shell wildcards, separated by commas), in the order of `all`. Throws
// ConfigError for a pattern that matches none.
std::vector<traces::WaveSignal> choose_signals(const std::vector<traces::WaveSignal>& all, const std::string& patterns);

// Whether one of them needs FinishedRun::accesses.
bool need_accesses(const std::vector<traces::WaveSignal>& signals);

// What the signals did in a run with RunOptions::waves.
traces::Waveform waveform_of(const FinishedRun& run, const std::vector<traces::WaveSignal>& signals);

}  // namespace heat::simba
