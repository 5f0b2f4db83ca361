// TLM-2.0 base protocol, IEEE 1666 clause 15.2: one request between BEGIN_REQ and END_REQ; a BEGIN_RESP that comes
// first implies END_REQ; responses are accepted at once (TLM_COMPLETED).
#include "sim/simba_l/dram_port.h"

#include "machines/simba/transfer.h"

namespace heat::simba {

// Every payload of the port is one of these.
struct DramPort::Request : tlm::tlm_generic_payload {
  dram::Requester requester;
  Burst burst;
};

DramPort::DramPort(sc_core::sc_module_name name, RunContext& context, int index)
    : sc_core::sc_module(name),
      socket("socket"),
      context_(context),
      chiplet_(context.arch.dram_ports.chiplets[static_cast<std::size_t>(index)]),
      kick_(context) {
  socket.register_nb_transport_bw(this, &DramPort::nb_transport_bw);
  SC_METHOD(send);
  sensitive << kick_.event();
  dont_initialize();
}

DramPort::~DramPort() {
  for (auto& r : requests_) r->clear_extension(&r->requester);
}

std::int64_t DramPort::cycles(std::int64_t bytes) const {
  return machines::simba::transfer_cycles(bytes, context_.arch.dram_ports.bytes_per_cycle);
}

// Bursts come nearly in the order in which they get ready.
void DramPort::submit(const Burst& burst, std::int64_t ready) {
  Request& r = take();
  r.burst = burst;
  if (auto* logged = context_.log.burst(burst.log)) logged->ready = ready;
  auto behind = waiting_.end();
  while (behind != waiting_.begin() && std::prev(behind)->ready > ready) --behind;
  waiting_.insert(behind, {ready, &r});
  if (!entering_) kick_.set(waiting_.front().ready);
}

DramPort::Request& DramPort::take() {
  if (free_.empty()) {
    requests_.push_back(std::make_unique<Request>());
    requests_.back()->set_mm(this);
    requests_.back()->set_extension(&requests_.back()->requester);
    return *requests_.back();
  }
  Request* r = free_.back();
  free_.pop_back();
  return *r;
}

void DramPort::free(tlm::tlm_generic_payload* payload) {
  free_.push_back(static_cast<Request*>(payload));
}

void DramPort::send() {
  kick_.rang();
  try {
    while (!entering_ && !waiting_.empty()) {
      const std::int64_t now = context_.now(), ready = waiting_.front().ready;
      if (ready > now) {
        kick_.set(ready);
        return;
      }
      lane_.forget_before(now);
      Request& r = *waiting_.front().request;
      waiting_.pop_front();
      r.burst.sent = now;
      ++outstanding_;
      context_.pending.add();
      tlm::tlm_generic_payload& p = r;
      p.set_command(r.burst.write ? tlm::TLM_WRITE_COMMAND : tlm::TLM_READ_COMMAND);
      p.set_address(r.burst.address);
      p.set_data_ptr(r.burst.data);
      p.set_data_length(static_cast<unsigned>(r.burst.bytes));
      p.set_streaming_width(static_cast<unsigned>(r.burst.bytes));
      p.set_byte_enable_ptr(r.burst.enable);
      p.set_byte_enable_length(r.burst.enable ? static_cast<unsigned>(r.burst.bytes) : 0);
      p.set_dmi_allowed(false);
      p.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
      r.requester.node = spec::NodeId(r.burst.node);
      r.requester.tensor = spec::TensorId(r.burst.tensor);
      p.acquire();
      entering_ = &r;
      tlm::tlm_phase phase = tlm::BEGIN_REQ;
      sc_core::sc_time delay = sc_core::SC_ZERO_TIME;
      const tlm::tlm_sync_enum status = socket->nb_transport_fw(p, phase, delay);
      if (status == tlm::TLM_COMPLETED || (status == tlm::TLM_UPDATED && phase == tlm::BEGIN_RESP)) {
        entering_ = nullptr;
        respond(r, delay);
      } else if (status == tlm::TLM_UPDATED) {
        entering_ = nullptr;  // END_REQ
      }
    }
  } catch (...) {
    context_.fail(std::current_exception());
  }
}

tlm::tlm_sync_enum DramPort::nb_transport_bw(tlm::tlm_generic_payload& payload, tlm::tlm_phase& phase,
                                             sc_core::sc_time& delay) {
  const bool was_entering = entering_ == &payload;
  if (was_entering) {
    entering_ = nullptr;
    if (!waiting_.empty()) kick_.set(waiting_.front().ready);
  }
  if (phase != tlm::BEGIN_RESP) return tlm::TLM_ACCEPTED;
  respond(static_cast<Request&>(payload), delay);
  phase = tlm::END_RESP;
  return tlm::TLM_COMPLETED;
}

void DramPort::respond(Request& request, const sc_core::sc_time& delay) {
  try {
    --outstanding_;
    context_.pending.remove();
    const Burst burst = request.burst;
    if (request.get_response_status() != tlm::TLM_OK_RESPONSE)
      throw base::ScheduleError(context_.schedule.file + ": node '" + context_.node_name(burst.node) + "': " + name() +
                                ": " + std::to_string(burst.bytes) + " bytes at address " +
                                std::to_string(burst.address) + ": the DRAM answers " + request.get_response_string());
    request.release();
    const std::int64_t cycle = context_.cycle_at(sc_core::sc_time_stamp() + delay);
    context_.activity.add({}, Flow::kDramOutstanding, burst.sent, cycle, static_cast<double>(cycle - burst.sent));
    burst.owner->answered(burst, cycle);
  } catch (...) {
    context_.fail(std::current_exception());
  }
}

}  // namespace heat::simba
