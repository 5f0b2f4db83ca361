// The bursts of a transfer: where they are cut, whose they are, and what the command log keeps of them.
#include <algorithm>

#include "sim/simba_l/dma_engine.h"

namespace heat::simba {

void DmaEngine::cut_bursts(Job& job) const {
  const auto share = static_cast<std::uint64_t>(job.view->share_bytes);
  for (const AddressSpan& s : job.spans) {
    const std::uint64_t end = share == 0 ? s.end : std::min(s.end, static_cast<std::uint64_t>(job.view->tensor_bytes));
    for (std::uint64_t at = s.begin; at < end; at = job.bursts.back().end) {
      std::uint64_t next =
          share == 0 ? context_.arch.request_end(at) : at + static_cast<std::uint64_t>(context_.arch.dma.burst_bytes);
      if (share != 0) next = std::min(next, (at / share + 1) * share);
      job.bursts.push_back({at, std::min(next, end)});
    }
  }
}

// Its own share first, then the next chiplet's: so chiplets that all need something of all the others ask each another
// one at a time.
void DmaEngine::start_at_own_share(Job& job) const {
  const auto own = static_cast<std::uint64_t>(chiplet_.value) * static_cast<std::uint64_t>(job.view->share_bytes);
  const auto first =
      std::find_if(job.bursts.begin(), job.bursts.end(), [&](const AddressSpan& burst) { return burst.begin >= own; });
  std::rotate(job.bursts.begin(), first, job.bursts.end());
}

DmaEngine::AtHome DmaEngine::at_home(const Job& job, const AddressSpan& burst) const {
  const auto share = static_cast<std::uint64_t>(job.view->share_bytes);
  return {*fabric_.cores.at(burst.begin / share),
          job.view->share_address + static_cast<std::int64_t>(burst.begin % share)};
}

CommandLog::Burst DmaEngine::submitted(const Job& job, const AddressSpan& span, int port, std::int64_t cycle) const {
  CommandLog::Burst logged;
  logged.job = job.log;
  logged.chiplet = chiplet_.value;
  logged.engine = unit_;
  logged.port = port;
  logged.address = span.begin;
  logged.bytes = span.bytes();
  logged.write = unit_ == SIMBA_STORE;
  logged.submitted = cycle;
  return logged;
}

void DmaEngine::log_burst(const Job& job, Burst& burst, std::int64_t cycle) const {
  if (!context_.log.on) return;
  burst.log = static_cast<int>(context_.log.bursts.size());
  const AddressSpan span{burst.address, burst.address + static_cast<std::uint64_t>(burst.bytes)};
  context_.log.bursts.push_back(submitted(job, span, context_.arch.dram_ports.port_of(burst.address), cycle));
}

void DmaEngine::log_travel(const Job& job, const AddressSpan& span, std::int64_t cycle, std::int64_t free) const {
  if (!context_.log.on) return;
  CommandLog::Burst logged = submitted(job, span, -1 - at_home(job, span).core.id.value, cycle);
  logged.ready = logged.answered = logged.slot = cycle;
  logged.end = free;
  context_.log.bursts.push_back(logged);
}

}  // namespace heat::simba
