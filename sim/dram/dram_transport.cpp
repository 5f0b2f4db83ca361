// The entries of the TLM-2.0 target: what an initiator calls. Each hands the request to the engine and returns; answers
// come from dram.cpp when the engine has them.
#include <algorithm>

#include "base/errors.h"
#include "sim/dram/dram.h"

namespace heat::dram {

using sc_core::sc_time;

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

int Dram::submit(tlm::tlm_generic_payload& payload, int port) {
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
  t.arrival = cycle_at_or_after(sc_core::sc_time_stamp());
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
    Controller& controller = *channels_[static_cast<std::size_t>(target.channel)];
    controller.enqueue({line, target.place, t.write, tag_of(id, line - first)}, t.arrival);
    if (controller.waiting() == 1) note_event(target.channel);
  }
  ++unanswered_;
  if (port >= 0 || (t.write && spec_.controller.posted_writes)) ++awaiting_entry_;
  return id;
}

// Those announced for the present moment came before any that is called now.
void Dram::submit_due() {
  while (!announced_.empty() && announced_.top().at <= sc_core::sc_time_stamp()) {
    const Announced a = announced_.top();
    announced_.pop();
    submit(*a.payload, a.port);
  }
}

void Dram::b_transport(int, tlm::tlm_generic_payload& payload, sc_time& delay) {
  if (!acceptable(payload)) return;
  if (delay > sc_core::SC_ZERO_TIME) sc_core::wait(delay);
  advance();
  submit_due();
  sc_core::sc_event done;
  const int id = submit(payload, -1);
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
    if (delay > sc_core::SC_ZERO_TIME) {
      announced_.push({sc_core::sc_time_stamp() + delay, calls_++, port, &payload});
    } else {
      advance();
      submit_due();
      submit(payload, port);
    }
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

}  // namespace heat::dram
