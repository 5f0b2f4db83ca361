// An initiator that knows nothing of our DRAM: plain TLM-2.0 base protocol, with a memory manager, and a check of every
// transition against the base protocol's rules (IEEE 1666-2011 section 15.2).
#pragma once

#include <tlm_utils/simple_initiator_socket.h>

#include <map>
#include <string>
#include <systemc>
#include <tlm>
#include <vector>

namespace heat::dram::testing {

class MemoryManager : public tlm::tlm_mm_interface {
 public:
  ~MemoryManager() override {
    for (auto* p : free_) delete p;
  }
  tlm::tlm_generic_payload* allocate() {
    ++live;
    if (free_.empty()) return new tlm::tlm_generic_payload(this);
    auto* p = free_.back();
    free_.pop_back();
    return p;
  }
  void free(tlm::tlm_generic_payload* p) override {
    p->reset();
    free_.push_back(p);
    --live;
  }
  int live = 0;

 private:
  std::vector<tlm::tlm_generic_payload*> free_;
};

struct GeneratedRequest {
  bool write = false;
  std::uint64_t address = 0;
  unsigned length = 64;
  sc_core::sc_time at;          // not before
  sc_core::sc_time early = {};  // BEGIN_REQ is called so long before `at`, with the rest as its delay
};

class TrafficGenerator : public sc_core::sc_module {
 public:
  tlm_utils::simple_initiator_socket<TrafficGenerator> socket;
  struct Seen {
    sc_core::sc_time begin_req, end_req, begin_resp;
    tlm::tlm_response_status status = tlm::TLM_INCOMPLETE_RESPONSE;
  };
  std::vector<GeneratedRequest> requests;
  std::vector<Seen> seen;
  std::vector<std::string> violations;
  sc_core::sc_time response_delay;  // END_RESP so long after BEGIN_RESP; zero: at once, by TLM_UPDATED
  MemoryManager manager;

  explicit TrafficGenerator(sc_core::sc_module_name name) : sc_module(name), socket("socket"), peq_("peq") {
    socket.register_nb_transport_bw(this, &TrafficGenerator::nb_transport_bw);
    SC_HAS_PROCESS(TrafficGenerator);
    SC_THREAD(run);
    SC_THREAD(end_responses);
  }

 private:
  void run() {
    seen.resize(requests.size());
    for (std::size_t i = 0; i < requests.size(); ++i) {
      const GeneratedRequest& r = requests[i];
      const sc_core::sc_time call = r.at > r.early ? r.at - r.early : sc_core::SC_ZERO_TIME;
      if (call > sc_core::sc_time_stamp()) wait(call - sc_core::sc_time_stamp());
      tlm::tlm_generic_payload* p = manager.allocate();
      p->acquire();
      p->set_command(r.write ? tlm::TLM_WRITE_COMMAND : tlm::TLM_READ_COMMAND);
      p->set_address(r.address);
      p->set_data_ptr(nullptr);
      p->set_data_length(r.length);
      p->set_streaming_width(r.length);
      p->set_byte_enable_ptr(nullptr);
      p->set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
      phase_[p] = {i, tlm::BEGIN_REQ};
      seen[i].begin_req = sc_core::sc_time_stamp();
      tlm::tlm_phase phase = tlm::BEGIN_REQ;
      sc_core::sc_time delay =
          r.at > sc_core::sc_time_stamp() ? r.at - sc_core::sc_time_stamp() : sc_core::SC_ZERO_TIME;
      const auto answer = socket->nb_transport_fw(*p, phase, delay);
      if (answer == tlm::TLM_COMPLETED) {
        finish(p);
        continue;
      }
      if (answer == tlm::TLM_UPDATED) wait(delay);
      while (phase_.count(p) && phase_[p].phase == tlm::BEGIN_REQ) wait(request_ended_);
    }
  }
  void end_responses() {
    for (;;) {
      while (to_end_.empty()) wait(response_begun_);
      tlm::tlm_generic_payload* p = to_end_.front();
      to_end_.erase(to_end_.begin());
      wait(response_delay);
      tlm::tlm_phase phase = tlm::END_RESP;
      sc_core::sc_time delay = sc_core::SC_ZERO_TIME;
      open_response_ = nullptr;
      finish(p);
      socket->nb_transport_fw(*p, phase, delay);
      p->release();
    }
  }
  void finish(tlm::tlm_generic_payload* p) {
    seen[phase_[p].index].status = p->get_response_status();
    phase_.erase(p);
    if (p->get_ref_count() == 1 && p->get_response_status() != tlm::TLM_OK_RESPONSE) p->release();
  }
  void broken(const std::string& rule) { violations.push_back(sc_core::sc_time_stamp().to_string() + ": " + rule); }

  tlm::tlm_sync_enum nb_transport_bw(tlm::tlm_generic_payload& payload, tlm::tlm_phase& phase,
                                     sc_core::sc_time& delay) {
    const auto found = phase_.find(&payload);
    if (found == phase_.end()) {
      broken("a phase for a transaction that is not open");
      return tlm::TLM_COMPLETED;
    }
    State& state = found->second;
    if (phase == tlm::END_REQ) {
      if (state.phase != tlm::BEGIN_REQ) broken("END_REQ without BEGIN_REQ, or twice");
      state.phase = tlm::END_REQ;
      seen[state.index].end_req = sc_core::sc_time_stamp() + delay;
      request_ended_.notify(delay);
      return tlm::TLM_ACCEPTED;
    }
    if (phase != tlm::BEGIN_RESP) {
      broken("a phase that a target must not send");
      return tlm::TLM_ACCEPTED;
    }
    if (state.phase == tlm::BEGIN_RESP) broken("BEGIN_RESP twice");
    if (open_response_) broken("BEGIN_RESP before the END_RESP of the response before");
    if (payload.get_response_status() == tlm::TLM_INCOMPLETE_RESPONSE) broken("BEGIN_RESP without a response status");
    state.phase = tlm::BEGIN_RESP;
    seen[state.index].begin_resp = sc_core::sc_time_stamp() + delay;
    request_ended_.notify(delay);
    if (response_delay == sc_core::SC_ZERO_TIME) {
      finish(&payload);
      phase = tlm::END_RESP;
      to_release_.push_back(&payload);
      payload.release();
      return tlm::TLM_UPDATED;
    }
    open_response_ = &payload;
    to_end_.push_back(&payload);
    response_begun_.notify();
    return tlm::TLM_ACCEPTED;
  }

  struct State {
    std::size_t index;
    tlm::tlm_phase phase;
  };
  std::map<tlm::tlm_generic_payload*, State> phase_;
  std::vector<tlm::tlm_generic_payload*> to_end_, to_release_;
  tlm::tlm_generic_payload* open_response_ = nullptr;
  sc_core::sc_event peq_, request_ended_, response_begun_;
};

}  // namespace heat::dram::testing
