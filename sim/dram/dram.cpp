// The engine runs behind the kernel's time and is caught up whenever something can be seen from outside: a request
// arrives, a queue takes in a burst that somebody waits for, or data may be through. Between those no kernel event
// happens.
#include "sim/dram/dram.h"

#include <algorithm>
#include <cmath>

#include "base/errors.h"

namespace heat::dram {

using sc_core::sc_time;

Dram::Dram(sc_core::sc_module_name name, const spec::DramSpec& spec)
    : sc_module(name),
      socket("socket"),
      spec_(spec),
      mapping_(spec_),
      clock_(static_cast<double>(spec.clock_ps), sc_core::SC_PS),
      wake_("wake") {
  const double ticks = static_cast<double>(spec.clock_ps) * 1e-12 / sc_core::sc_get_time_resolution().to_seconds();
  if (clock_.value() == 0 || std::abs(ticks - static_cast<double>(clock_.value())) > 1e-6)
    throw base::ConfigError(spec.file + ": clock_ns: " + std::to_string(spec.clock_ns()) +
                            " is no multiple of the SystemC time resolution");
  for (int c = 0; c < spec_.organization.channels; ++c) {
    channels_.push_back(std::make_unique<Controller>(spec_));
    channels_.back()->report_acceptances(true);
  }
  events_.assign(channels_.size(), kNever);
  socket.register_b_transport(this, &Dram::b_transport);
  socket.register_nb_transport_fw(this, &Dram::nb_transport_fw);
  socket.register_transport_dbg(this, &Dram::transport_dbg);
  socket.register_get_direct_mem_ptr(this, &Dram::get_direct_mem_ptr);
  SC_HAS_PROCESS(Dram);
  SC_METHOD(on_wake);
  sensitive << wake_;
  dont_initialize();
}

Cycle Dram::now_cycle() const {
  return static_cast<Cycle>(sc_core::sc_time_stamp().value() / clock_.value());
}

Cycle Dram::cycle_at_or_after(const sc_time& t) const {
  return static_cast<Cycle>((t.value() + clock_.value() - 1) / clock_.value());
}

void Dram::on_wake() {
  advance();
  submit_due();
  end_requests();
  answer_due();
  schedule();
}

// Up to the cycle before the present one: requests of this time step may still come. Calls nobody back.
void Dram::advance() {
  const Cycle before = now_cycle() - 1;
  for (std::size_t c = 0; c < channels_.size(); ++c) {
    if (events_[c] > before) continue;
    channels_[c]->advance_to(before);
    collect(static_cast<int>(c));
  }
}

// After the channel's time moved on.
void Dram::collect(int channel) {
  Controller& controller = *channels_[static_cast<std::size_t>(channel)];
  note_event(channel);
  for (const Controller::Acceptance& a : controller.acceptances()) accepted(static_cast<int>(a.tag >> 32), a.at);
  controller.acceptances().clear();
  for (const Completion& done : controller.completions()) completed(channel, done);
  controller.completions().clear();
}

void Dram::note_event(int channel) {
  const auto c = static_cast<std::size_t>(channel);
  events_[c] = channels_[c]->idle() ? kNever : channels_[c]->next_event();
}

void Dram::accepted(int id, Cycle at) {
  Transaction& t = transactions_[static_cast<std::size_t>(id)];
  t.finish = std::max(t.finish, at + 1);
  if (--t.to_accept > 0) return;
  const bool posted = t.write && spec_.controller.posted_writes;
  if (t.port >= 0 || posted) --awaiting_entry_;
  if (posted) due_.push({t.finish, id});
  if (t.port >= 0) entered_.push_back(id);
}

void Dram::end_requests() {
  const std::vector<int> entered = std::move(entered_);
  entered_.clear();
  for (const int id : entered) {
    const Transaction& t = transactions_[static_cast<std::size_t>(id)];
    port_at(t.port).request_open = false;
    tlm::tlm_phase phase = tlm::END_REQ;
    sc_time delay = sc_core::SC_ZERO_TIME;
    socket[t.port]->nb_transport_bw(*t.payload, phase, delay);
  }
}

void Dram::completed(int channel, const Completion& done) {
  const int id = static_cast<int>(done.tag >> 32);
  Transaction& t = transactions_[static_cast<std::size_t>(id)];
  if (observer_) {
    const auto bytes = static_cast<std::uint64_t>(spec_.organization.access_bytes());
    AccessRecord r;
    r.address = t.address + (done.tag & 0xFFFFFFFFu) * bytes;
    r.bytes = static_cast<std::int64_t>(bytes);
    r.write = t.write;
    r.arrival = t.arrival;
    r.start = done.issue;
    r.finish = done.finish;
    r.row_result = done.row_result;
    r.channel = channel;
    r.place = done.place;
    r.node = t.node;
    r.tensor = t.tensor;
    observer_(r);
  }
  const bool posted = t.write && spec_.controller.posted_writes;
  if (!posted) t.finish = std::max(t.finish, done.finish);
  if (--t.to_finish > 0) return;
  if (!posted) due_.push({t.finish, id});
  free_if_done(id);
}

void Dram::free_if_done(int id) {
  Transaction& t = transactions_[static_cast<std::size_t>(id)];
  if (t.to_finish == 0 && t.payload == nullptr) free_transactions_.push_back(id);
}

void Dram::answer_due() {
  const Cycle now = now_cycle();
  while (!due_.empty() && due_.top().at <= now) {
    const int id = due_.top().transaction;
    due_.pop();
    answer(id);
  }
  for (std::size_t p = 0; ready_ > 0 && p < ports_.size(); ++p)
    if (!ports_[p].ready.empty()) respond(static_cast<int>(p));
}

void Dram::answer(int id) {
  Transaction& t = transactions_[static_cast<std::size_t>(id)];
  if (t.port >= 0) {
    port_at(t.port).ready.push_back(id);
    ++ready_;
    return;
  }
  t.done->notify();
  t.payload = nullptr;
  --unanswered_;
  free_if_done(id);
}

void Dram::respond(int port) {
  for (;;) {
    Port& p = port_at(port);
    if (p.responding >= 0 || p.ready.empty() || p.free_at > sc_core::sc_time_stamp()) return;
    p.responding = p.ready.front();
    p.ready.pop_front();
    --ready_;
    tlm::tlm_generic_payload& payload = *transactions_[static_cast<std::size_t>(p.responding)].payload;
    payload.set_response_status(tlm::TLM_OK_RESPONSE);
    tlm::tlm_phase phase = tlm::BEGIN_RESP;
    sc_time delay = sc_core::SC_ZERO_TIME;
    const tlm::tlm_sync_enum answer = socket[port]->nb_transport_bw(payload, phase, delay);
    const bool ended = answer == tlm::TLM_COMPLETED || (answer == tlm::TLM_UPDATED && phase == tlm::END_RESP);
    if (!ended) return;
    response_ended(port, delay);
  }
}

void Dram::response_ended(int port, const sc_time& delay) {
  Port& p = port_at(port);
  const int id = p.responding;
  p.responding = -1;
  p.free_at = sc_core::sc_time_stamp() + delay;
  Transaction& t = transactions_[static_cast<std::size_t>(id)];
  tlm::tlm_generic_payload* payload = t.payload;
  t.payload = nullptr;
  --unanswered_;
  free_if_done(id);
  payload->release();
  if (!p.ready.empty()) wake_.notify(delay);
}

void Dram::schedule() {
  Cycle next = due_.empty() ? kNever : due_.top().at;
  if (awaiting_entry_ > 0) {
    // What happens in a cycle is known when the next one begins.
    for (const Cycle event : events_) next = std::min(next, event + 1);
  } else {
    for (std::size_t c = 0; c < channels_.size(); ++c)
      if (events_[c] < kNever) next = std::min(next, channels_[c]->earliest_finish());
  }
  if (!entered_.empty()) next = 0;
  const sc_time now = sc_core::sc_time_stamp();
  if (next < kNever) {
    const sc_time at = sc_time::from_value(static_cast<sc_dt::uint64>(next) * clock_.value());
    wake_.notify(at > now ? at - now : sc_core::SC_ZERO_TIME);
  }
  if (!announced_.empty()) wake_.notify(announced_.top().at - now);
  if (ready_ == 0) return;
  for (const Port& p : ports_)
    if (p.responding < 0 && !p.ready.empty()) wake_.notify(p.free_at > now ? p.free_at - now : sc_core::SC_ZERO_TIME);
}

ChannelStatistics Dram::statistics() {
  ChannelStatistics sum;
  for (int c = 0; c < static_cast<int>(channels_.size()); ++c) sum += channel_statistics(c);
  return sum;
}

ChannelStatistics Dram::channel_statistics(int channel) {
  Controller& controller = *channels_.at(static_cast<std::size_t>(channel));
  controller.advance_to(now_cycle() - 1);
  collect(channel);
  schedule();
  return controller.statistics();
}

EnergyBreakdown Dram::energy() {
  EnergyBreakdown sum;
  Cycle end = now_cycle();
  for (int c = 0; c < static_cast<int>(channels_.size()); ++c) end = std::max(end, channel_statistics(c).last_finish);
  for (auto& controller : channels_) sum += controller->energy().total(end);
  return sum;
}

Cycle Dram::finish() {
  Cycle last = now_cycle();
  for (std::size_t c = 0; c < channels_.size(); ++c) {
    channels_[c]->drain();
    collect(static_cast<int>(c));
    last = std::max(last, channels_[c]->statistics().last_finish);
  }
  schedule();
  return last;
}

}  // namespace heat::dram
