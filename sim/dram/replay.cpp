// Channels are independent: only the one a request goes to has to be advanced to the cycle it is offered in.
#include "sim/dram/replay.h"

#include <algorithm>
#include <cstdio>
#include <string>

#include "base/errors.h"

namespace heat::dram {

Replay::Replay(const spec::DramSpec& spec) : spec_(spec), mapping_(spec_) {
  for (int c = 0; c < spec_.organization.channels; ++c) controllers_.push_back(std::make_unique<Controller>(spec_));
}

AddressMapping::Target Replay::target_of(const TraceRequest& request, const TraceReader& trace, bool wrap) const {
  const spec::DramOrganization& o = spec_.organization;
  if (!request.has_levels) {
    std::uint64_t address = request.address;
    if (address >= mapping_.capacity_bytes()) {
      if (!wrap) {
        char text[160];
        std::snprintf(
            text, sizeof text, ": address 0x%llx lies beyond the capacity of 0x%llx bytes (--wrap-addresses folds it)",
            static_cast<unsigned long long>(address), static_cast<unsigned long long>(mapping_.capacity_bytes()));
        throw base::TraceError(trace.place() + text);
      }
      address &= mapping_.capacity_bytes() - 1;
    }
    return mapping_.decode(address);
  }
  const std::int64_t counts[6] = {o.channels, o.ranks, o.bank_groups, o.banks_per_group, o.rows, o.columns};
  const char* names[6] = {"channel", "rank", "bank group", "bank", "row", "column"};
  for (int i = 0; i < 6; ++i)
    if (request.levels[i] >= counts[i])
      throw base::TraceError(trace.place() + ": " + names[i] + " " + std::to_string(request.levels[i]) +
                             " does not exist (there are " + std::to_string(counts[i]) + ")");
  AddressMapping::Target t;
  t.channel = static_cast<int>(request.levels[0]);
  t.place.rank = static_cast<std::int32_t>(request.levels[1]);
  t.place.bank_group = t.place.rank * o.bank_groups + static_cast<std::int32_t>(request.levels[2]);
  t.place.bank = t.place.bank_group * o.banks_per_group + static_cast<std::int32_t>(request.levels[3]);
  t.place.row = request.levels[4];
  t.place.column = request.levels[5];
  return t;
}

ReplayResult Replay::run(TraceReader& trace, const ReplayOptions& options) {
  ReplayResult result;
  TraceRequest request;
  Cycle offer_cycle = 0;
  int offered = 0;  // in offer_cycle
  const auto limit = options.limit ? static_cast<std::uint64_t>(*options.limit) : UINT64_MAX;
  while (result.requests < limit && trace.next(request)) {
    const AddressMapping::Target target = target_of(request, trace, options.wrap_addresses);
    Access access;
    access.place = target.place;
    access.line = request.has_levels ? mapping_.encode(target) >> mapping_.offset_bits()
                                     : (request.address & (mapping_.capacity_bytes() - 1)) >> mapping_.offset_bits();
    access.write = request.write;
    const Cycle paced = options.pace ? *options.pace * static_cast<Cycle>(result.requests) : request.cycle;
    Controller& controller = *controllers_[static_cast<std::size_t>(target.channel)];
    const Cycle entry = controller.offer(access, std::max(paced, offer_cycle));
    offered = entry == offer_cycle ? offered + 1 : 1;
    offer_cycle = entry;
    if (offered >= options.width) {
      ++offer_cycle;
      offered = 0;
    }
    controller.completions().clear();
    ++result.requests;
  }
  Cycle last = -1;
  for (auto& controller : controllers_) {
    controller->drain();
    controller->completions().clear();
    if (controller->statistics().reads + controller->statistics().writes > 0)
      last = std::max(last, controller->statistics().last_finish);
  }
  result.total_cycles = last + 1;
  for (auto& controller : controllers_) {
    controller->advance_to(result.total_cycles - 1);
    result.channels.push_back(controller->statistics());
    result.channels.back().longest_wait.channel = static_cast<int>(result.channels.size()) - 1;
    result.statistics += result.channels.back();
    result.energy += controller->energy().total(result.total_cycles);
    for (int b = 0; b < spec_.organization.banks(); ++b) result.bank_energy.push_back(controller->energy().of_bank(b));
    for (int r = 0; r < spec_.organization.ranks; ++r) {
      const auto cycles = controller->energy().residency(r, result.total_cycles);
      for (std::size_t s = 0; s < cycles.size(); ++s) result.residency_cycles[s] += cycles[s];
    }
  }
  return result;
}

}  // namespace heat::dram
