// The engine runs behind the kernel's time and is caught up whenever something can be seen from outside: a request
// arrives, a queue takes in a burst that somebody waits for, or data may be through. Between those no kernel event
// happens.
#include "sim/dram/dram.h"

#include <algorithm>
#include <cmath>

#include "spec/errors.h"

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
    throw spec::ConfigError(spec.file + ": clock_ns: " + std::to_string(spec.clock_ns()) +
                            " is no multiple of the SystemC time resolution");
  for (int c = 0; c < spec_.organization.channels; ++c) {
    channels_.push_back(std::make_unique<Controller>(spec_));
    channels_.back()->report_acceptances(true);
  }
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

Dram::Port& Dram::port_at(int port) {
  if (static_cast<std::size_t>(port) >= ports_.size()) ports_.resize(static_cast<std::size_t>(port) + 1);
  return ports_[static_cast<std::size_t>(port)];
}

bool Dram::acceptable(tlm::tlm_generic_payload& payload) const {
  const std::uint64_t capacity = mapping_.capacity_bytes();
  const unsigned length = payload.get_data_length();
  payload.set_dmi_allowed(false);
  if (payload.get_command() == tlm::TLM_IGNORE_COMMAND)
    payload.set_response_status(tlm::TLM_OK_RESPONSE);
  else if (length == 0 || payload.get_streaming_width() < length)
    payload.set_response_status(tlm::TLM_BURST_ERROR_RESPONSE);
  else if (payload.get_address() >= capacity || length > capacity - payload.get_address())
    payload.set_response_status(tlm::TLM_ADDRESS_ERROR_RESPONSE);
  else if (payload.get_byte_enable_ptr() && payload.get_byte_enable_length() == 0)
    payload.set_response_status(tlm::TLM_BYTE_ENABLE_ERROR_RESPONSE);
  else
    return true;
  return false;
}

void Dram::move_data(tlm::tlm_generic_payload& payload) {
  unsigned char* data = payload.get_data_ptr();
  if (!data) return;
  const std::uint64_t address = payload.get_address();
  const unsigned length = payload.get_data_length();
  const unsigned char* enable = payload.get_byte_enable_ptr();
  if (!enable) {
    if (payload.is_write())
      memory_.write(address, data, length);
    else
      memory_.read(address, data, length);
    return;
  }
  for (unsigned i = 0; i < length; ++i) {
    if (enable[i % payload.get_byte_enable_length()] == TLM_BYTE_DISABLED) continue;
    if (payload.is_write())
      memory_.write(address + i, data + i, 1);
    else
      memory_.read(address + i, data + i, 1);
  }
}

int Dram::submit(tlm::tlm_generic_payload& payload, int port, const sc_time& delay) {
  // Contents change in the order of arrival, so that what a read returns does not depend on the scheduler.
  move_data(payload);
  if (free_transactions_.empty()) {
    free_transactions_.push_back(static_cast<int>(transactions_.size()));
    transactions_.emplace_back();
  }
  const int id = free_transactions_.back();
  free_transactions_.pop_back();
  Transaction& t = transactions_[static_cast<std::size_t>(id)];
  t = Transaction{};
  t.payload = &payload;
  t.port = port;
  t.write = payload.is_write();
  t.arrival = cycle_at_or_after(sc_core::sc_time_stamp() + delay);
  Requester* requester = nullptr;
  payload.get_extension(requester);
  if (requester) {
    t.node = requester->node;
    t.tensor = requester->tensor;
  }
  const int shift = mapping_.offset_bits();
  const std::uint64_t first = payload.get_address() >> shift;
  const std::uint64_t last = (payload.get_address() + payload.get_data_length() - 1) >> shift;
  t.address = first << shift;
  t.to_accept = t.to_finish = static_cast<int>(last - first + 1);
  for (std::uint64_t line = first; line <= last; ++line) {
    const AddressMapping::Target target = mapping_.decode(line << shift);
    channels_[static_cast<std::size_t>(target.channel)]->enqueue(
        {line, target.place, t.write, tag_of(id, line - first)}, t.arrival);
  }
  ++unanswered_;
  if (port >= 0 || (t.write && spec_.controller.posted_writes)) ++awaiting_entry_;
  return id;
}

void Dram::b_transport(int, tlm::tlm_generic_payload& payload, sc_time& delay) {
  if (!acceptable(payload)) return;
  advance();
  sc_core::sc_event done;
  const int id = submit(payload, -1, delay);
  transactions_[static_cast<std::size_t>(id)].done = &done;
  schedule();
  sc_core::wait(done);
  payload.set_response_status(tlm::TLM_OK_RESPONSE);
  delay = sc_core::SC_ZERO_TIME;
}

tlm::tlm_sync_enum Dram::nb_transport_fw(int port, tlm::tlm_generic_payload& payload, tlm::tlm_phase& phase,
                                         sc_time& delay) {
  Port& p = port_at(port);
  if (phase == tlm::BEGIN_REQ) {
    HEAT_CHECK(!p.request_open, "BEGIN_REQ before the END_REQ of the request before (TLM-2.0 request exclusion rule)");
    if (!acceptable(payload)) return tlm::TLM_COMPLETED;
    HEAT_CHECK(payload.has_mm(), "nb_transport needs a payload with a memory manager (TLM-2.0 base protocol)");
    payload.acquire();
    p.request_open = true;
    advance();
    submit(payload, port, delay);
    schedule();
    return tlm::TLM_ACCEPTED;
  }
  HEAT_CHECK(phase == tlm::END_RESP, "an initiator sends BEGIN_REQ and END_RESP only");
  HEAT_CHECK(p.responding >= 0 && transactions_[static_cast<std::size_t>(p.responding)].payload == &payload,
             "END_RESP for a transaction without BEGIN_RESP");
  response_ended(port, delay);
  return tlm::TLM_COMPLETED;
}

unsigned int Dram::transport_dbg(int, tlm::tlm_generic_payload& payload) {
  const std::uint64_t capacity = mapping_.capacity_bytes();
  if (payload.get_address() >= capacity || !payload.get_data_ptr() || payload.get_command() == tlm::TLM_IGNORE_COMMAND)
    return 0;
  const auto length =
      static_cast<unsigned>(std::min<std::uint64_t>(payload.get_data_length(), capacity - payload.get_address()));
  if (payload.is_write())
    memory_.write(payload.get_address(), payload.get_data_ptr(), length);
  else
    memory_.read(payload.get_address(), payload.get_data_ptr(), length);
  payload.set_response_status(tlm::TLM_OK_RESPONSE);
  return length;
}

bool Dram::get_direct_mem_ptr(int, tlm::tlm_generic_payload&, tlm::tlm_dmi& dmi) {
  dmi.init();
  dmi.set_start_address(0);
  dmi.set_end_address(mapping_.capacity_bytes() - 1);
  return false;
}

void Dram::on_wake() {
  advance();
  end_requests();
  answer_due();
  schedule();
}

// Up to the cycle before the present one: requests of this time step may still come. Calls nobody back.
void Dram::advance() {
  const Cycle before = now_cycle() - 1;
  for (std::size_t c = 0; c < channels_.size(); ++c) {
    Controller& controller = *channels_[c];
    if (!controller.idle()) controller.advance_to(before);
    collect(static_cast<int>(c));
  }
}

void Dram::collect(int channel) {
  Controller& controller = *channels_[static_cast<std::size_t>(channel)];
  for (const Controller::Acceptance& a : controller.acceptances()) accepted(static_cast<int>(a.tag >> 32), a.at);
  controller.acceptances().clear();
  for (const Completion& done : controller.completions()) completed(channel, done);
  controller.completions().clear();
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
  for (std::size_t p = 0; p < ports_.size(); ++p) respond(static_cast<int>(p));
}

void Dram::answer(int id) {
  Transaction& t = transactions_[static_cast<std::size_t>(id)];
  if (t.port >= 0) {
    port_at(t.port).ready.push_back(id);
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
  for (auto& controller : channels_) {
    if (controller->idle()) continue;
    // What happens in a cycle is known when the next one begins.
    const Cycle event = awaiting_entry_ > 0 ? controller->next_event() + 1 : controller->earliest_finish();
    next = std::min(next, event);
  }
  if (!entered_.empty()) next = 0;
  const sc_time now = sc_core::sc_time_stamp();
  if (next < kNever) {
    const sc_time at = sc_time::from_value(static_cast<sc_dt::uint64>(next) * clock_.value());
    wake_.notify(at > now ? at - now : sc_core::SC_ZERO_TIME);
  }
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
