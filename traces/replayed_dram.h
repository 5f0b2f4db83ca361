// The DRAM of a replayed run: bursts in, answers out, in the run's clock. Plain class over the engine of sim/dram.
#pragma once

#include <memory>
#include <vector>

#include "sim/dram/address_mapping.h"
#include "sim/dram/controller.h"

namespace heat::traces {

class ReplayedDram {
 public:
  static constexpr std::int64_t kNever = INT64_MAX / 4;
  ReplayedDram(const spec::DramSpec& spec, double clock_ghz);

  // A burst enters in run cycle `now`; cycles never fall from call to call.
  void enter(int burst, std::uint64_t address, std::int64_t bytes, bool write, std::int64_t now);
  // The run cycle in which the DRAM next has something to tell; kNever when nothing is under way.
  std::int64_t next() const;
  // Goes on to there. What it tells: bursts that have entered whole, and those that are answered, each with the cycle.
  struct News {
    int burst = 0;
    bool answered = false;
    std::int64_t cycle = 0;
  };
  std::vector<News> advance();

 private:
  struct Burst {
    int to_accept = 0, to_finish = 0;
    dram::Cycle finish = 0;
    bool write = false;
  };
  std::int64_t run_cycle(dram::Cycle t) const;
  void note_event(std::size_t channel);

  const spec::DramSpec spec_;
  const double run_cycles_per_clock_;
  dram::AddressMapping mapping_;
  std::vector<std::unique_ptr<dram::Controller>> channels_;
  std::vector<dram::Cycle> events_;
  std::vector<Burst> bursts_;
};

}  // namespace heat::traces
