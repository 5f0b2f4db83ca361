// TLM-2.0 base protocol, IEEE 1666 clause 15.2: one request between BEGIN_REQ and END_REQ; a BEGIN_RESP that comes
// first implies END_REQ; responses are accepted at once (TLM_COMPLETED).
#include "sim/simba_l/dram_port.h"

#include <cmath>

namespace heat::simba {

struct DramPort::Request {
  tlm::tlm_generic_payload payload;
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
  for (auto& r : requests_) r->payload.clear_extension(&r->requester);
}

std::int64_t DramPort::cycles(std::int64_t bytes) const {
  return static_cast<std::int64_t>(std::ceil(static_cast<double>(bytes) / context_.arch.dram_ports.bytes_per_cycle));
}

void DramPort::submit(const Burst& burst, std::int64_t ready) {
  waiting_.emplace(ready, burst);
  if (!entering_) kick_.set(waiting_.begin()->first);
}

DramPort::Request& DramPort::take() {
  if (free_.empty()) {
    requests_.push_back(std::make_unique<Request>());
    requests_.back()->payload.set_mm(this);
    requests_.back()->payload.set_extension(&requests_.back()->requester);
    return *requests_.back();
  }
  Request* r = free_.back();
  free_.pop_back();
  return *r;
}

void DramPort::free(tlm::tlm_generic_payload* payload) {
  for (auto& r : requests_)
    if (&r->payload == payload) free_.push_back(r.get());
}

void DramPort::send() {
  kick_.rang();
  try {
    while (!entering_ && !waiting_.empty()) {
      const std::int64_t now = context_.now(), ready = waiting_.begin()->first;
      if (ready > now) {
        kick_.set(ready);
        return;
      }
      lane_.forget_before(now);
      Request& r = take();
      r.burst = waiting_.begin()->second;
      waiting_.erase(waiting_.begin());
      r.burst.sent = now;
      ++outstanding_;
      context_.pending.add();
      tlm::tlm_generic_payload& p = r.payload;
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
  const bool was_entering = entering_ && &entering_->payload == &payload;
  if (was_entering) {
    entering_ = nullptr;
    if (!waiting_.empty()) kick_.set(waiting_.begin()->first);
  }
  if (phase != tlm::BEGIN_RESP) return tlm::TLM_ACCEPTED;
  for (auto& r : requests_)
    if (&r->payload == &payload) {
      respond(*r, delay);
      break;
    }
  phase = tlm::END_RESP;
  return tlm::TLM_COMPLETED;
}

void DramPort::respond(Request& request, const sc_core::sc_time& delay) {
  try {
    --outstanding_;
    context_.pending.remove();
    const Burst burst = request.burst;
    if (request.payload.get_response_status() != tlm::TLM_OK_RESPONSE)
      throw base::ScheduleError(context_.schedule.file + ": node '" + context_.node_name(burst.node) + "': " + name() +
                                ": " + std::to_string(burst.bytes) + " bytes at address " +
                                std::to_string(burst.address) + ": the DRAM answers " +
                                request.payload.get_response_string());
    request.payload.release();
    const std::int64_t cycle = context_.cycle_at(sc_core::sc_time_stamp() + delay);
    context_.activity.add({}, Flow::kDramOutstanding, burst.sent, cycle, static_cast<double>(cycle - burst.sent));
    burst.owner->answered(burst, cycle);
  } catch (...) {
    context_.fail(std::current_exception());
  }
}

}  // namespace heat::simba
