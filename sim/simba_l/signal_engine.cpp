// A message is a packet of one flit to every other chiplet that takes part in the plan. It waits for no link: it is small beside what else travels.
#include "sim/simba_l/signal_engine.h"

#include <algorithm>
#include <functional>

#include "machines/simba/mesh_route.h"

namespace heat::simba {

SignalBoard::SignalBoard(sc_core::sc_module_name name, RunContext& context)
    : sc_core::sc_module(name),
      context_(context),
      sent_by_(static_cast<std::size_t>(context.image.chiplets()), 0),
      due_(context) {
  SC_METHOD(deliver);
  sensitive << due_.event();
  dont_initialize();
}

void SignalBoard::sent(spec::ChipletId from, std::int64_t cycle) {
  const auto chiplets = sent_by_.size(), sender = static_cast<std::size_t>(from.value);
  const std::size_t n = sent_by_[sender]++;
  if (n >= cycles_.size()) {
    cycles_.emplace_back(chiplets, 0);
    senders_.push_back(0);
  }
  cycles_[n][sender] = cycle;
  if (++senders_[n] < chiplets) return;
  const spec::MeshSpec& nop = context_.arch.nop;
  for (std::size_t to = 0; to < chiplets; ++to) {
    std::int64_t last = 0;
    for (std::size_t f = 0; f < chiplets; ++f) {
      const int hops = machines::simba::mesh_hops(nop, static_cast<int>(f), static_cast<int>(to));
      const std::int64_t way = f == to ? 0 : nop.base_cycles + static_cast<std::int64_t>(nop.hop_cycles) * hops;
      last = std::max(last, cycles_[n][f] + way);
    }
    arrivals_.push_back({last, to});
    std::push_heap(arrivals_.begin(), arrivals_.end(), std::greater<>());
  }
  cycles_[n] = {};
  due_.set(arrivals_.front().cycle);
}

std::vector<spec::ChipletId> SignalBoard::missing(std::uint32_t n) const {
  std::vector<spec::ChipletId> list;
  for (std::size_t c = 0; c < sent_by_.size(); ++c)
    if (sent_by_[c] <= n) list.emplace_back(static_cast<std::int32_t>(c));
  return list;
}

void SignalBoard::deliver() {
  due_.rang();
  while (!arrivals_.empty() && arrivals_.front().cycle <= context_.now()) {
    Scoreboard& board = *scoreboards_[arrivals_.front().chiplet];
    ++board.results;
    board.result_cycles.push_back(context_.now());
    board.changed.notify();
    std::pop_heap(arrivals_.begin(), arrivals_.end(), std::greater<>());
    arrivals_.pop_back();
  }
  if (!arrivals_.empty()) due_.set(arrivals_.front().cycle);
}

SignalEngine::SignalEngine(sc_core::sc_module_name name, RunContext& context, Scoreboard& scoreboard,
                           spec::ChipletId chiplet, SignalBoard& board)
    : Engine(name, context, scoreboard, chiplet, SIMBA_SIGNAL), board_(board) {
  board.attach(scoreboard);
}

void SignalEngine::execute(InFlight& entry) {
  const std::int64_t done = context_.now() + context_.arch.signal_cycles;
  std::int64_t hops = 0;
  for (int to = 0; to < context_.image.chiplets(); ++to)
    hops += machines::simba::mesh_hops(context_.arch.nop, chiplet_.value, to);
  context_.meter.add(entry.command.node(), spec::Action::kNopByteHop, SIMBA_SIGNAL_BYTES * hops);
  context_.activity.add({}, Flow::kNop, done, done, static_cast<double>(SIMBA_SIGNAL_BYTES * hops));
  complete(entry, done);
  context_.wait_until(done);
  board_.sent(chiplet_, done);
}

}  // namespace heat::simba
