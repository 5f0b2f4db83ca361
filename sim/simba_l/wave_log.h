// What waveforms show beyond the intervals of the timeline. Filled by hooks in what happens anyway, read when the run is
// over: it costs the kernel nothing.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "sim/simba_l/activity.h"
#include "sim/simba_l/calendar.h"
#include "sim/simba_l/deadlock.h"

namespace heat::simba {

struct WaveLog {
  struct Completed {
    UnitId unit;
    std::int64_t cycle = 0;
  };
  std::vector<Flowed> flowed;
  std::vector<Completed> completed;             // commands, in order of time
  std::map<std::string, Calendar::Spans> busy;  // of a port or link, by the name of its signal; in no order
};

}  // namespace heat::simba
