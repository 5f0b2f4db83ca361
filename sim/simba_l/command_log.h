// When commands of the engines were pushed, began and ended, what they waited for, and when their bursts passed the DRAM:
// enough to tell what a run with another DRAM would have taken (traces/run_replay.h).
#pragma once

#include <cstdint>
#include <vector>

namespace heat::simba {

struct CommandLog {
  struct Wait {
    int engine = 0;
    std::uint32_t number = 0;  // the command of that engine, counted from 1
    bool settled = false;      // for its times to be known, not for its completion
  };
  struct Entry {
    int chiplet = 0, engine = 0, node = -1;
    // Pushed; all it waits for is there; its times are known; it begins to work; the engine is free for the next; done.
    std::int64_t pushed = 0, start = 0, settled = 0, begin = 0, freed = 0, done = 0;
    std::int64_t results = -1;  // cycle in which the signals came that it waits for
    int job = -1;               // transfer that it is, or shares with other chiplets
    std::vector<Wait> waits;
  };
  struct Burst {
    // Port of the DRAM; -1 - chiplet: of the global buffer there, and only `submitted` and `end` differ.
    int port = 0;
    int job = 0, chiplet = 0, engine = 0;  // chiplet and engine whose window it takes a place of
    std::uint64_t address = 0;
    std::int64_t bytes = 0;
    bool write = false;
    // Takes its place; may enter the DRAM; the DRAM has answered; its slot of the port begins; all receivers have it.
    std::int64_t submitted = 0, ready = 0, answered = 0, slot = 0, end = 0;
  };

  bool on = false;
  std::vector<Entry> entries;
  std::vector<Burst> bursts;
  int jobs = 0;

  Burst* burst(int index) { return index >= 0 ? &bursts[static_cast<std::size_t>(index)] : nullptr; }
  Entry* entry(int index) { return index >= 0 ? &entries[static_cast<std::size_t>(index)] : nullptr; }
};

}  // namespace heat::simba
