// Sums stream: a PE adds what arrives in its accumulation buffer as it comes and sends on what is added, so the chain
// takes the latency of every way in it and the time of one pass. After Simba (Shao et al., MICRO 2019, section 3), whose
// PEs reduce over their neighbours.
#include "sim/simba_l/sum_chain.h"

#include <algorithm>

namespace heat::simba {

PassedSums pass_sums(const SumChain& chain, std::int64_t earliest, int node, ChipletCore& core, RunContext& context) {
  PassedSums passed{earliest, 0};
  if (chain.pes == 1) return passed;
  const machines::simba::PeTiming timing(context.arch.pe);
  const std::int64_t bytes = timing.sum_bytes(chain.sums), flits = core.noc.flits(bytes);
  passed.cycles = std::max(flits, timing.add_cycles(chain.sums));
  for (std::int64_t i = chain.pes - 1; i > 0; --i) {
    const bool has_all = i + 1 < chain.pes;  // what it sends has come from others too
    PeClock& pe = core.clock(chain.pe(i));
    const std::int64_t start = std::max({passed.first_there, pe.sums.there[chain.half], pe.ppu_free});
    const std::int64_t end = core.noc.transfer(start, {chain.pe(i), 0}, {chain.pe(i - 1), 0}, bytes);
    pe.sums.free[chain.half] = pe.ppu_free =
        start + (has_all ? passed.cycles : std::max(flits, timing.read_cycles(chain.sums)));
    passed.first_there = end - flits + 1;
    const std::int64_t hops = core.noc.hops(chain.pe(i), chain.pe(i - 1));
    context.meter.add(node, spec::Action::kAccumulatorRead, 2 * chain.sums);  // to send; by the receiver, to add
    context.meter.add(node, spec::Action::kAccumulatorWrite, chain.sums);
    context.meter.add(node, spec::Action::kNocByteHop, bytes * hops);
    context.activity.add(core.id, Flow::kNoc, start, end + 1, static_cast<double>(bytes * hops));
  }
  return passed;
}

void add_up(const SumChain& chain, ChipletCore& core) {
  std::vector<std::int32_t>& all = core.buffers(chain.first).sums[chain.half];
  for (std::int64_t i = 1; i < chain.pes; ++i) {
    const std::vector<std::int32_t>& part = core.buffers(chain.pe(i)).sums[chain.half];
    for (std::size_t s = 0; s < all.size(); ++s) all[s] += part[s];
  }
}

}  // namespace heat::simba
