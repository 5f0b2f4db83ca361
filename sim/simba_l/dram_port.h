// A port of the package to the DRAM: carries bursts over TLM-2.0 (four phases) and shares the port's bandwidth.
//
// A burst enters at its ready time; bursts enter one after another, as the target takes them (END_REQ). When a burst's
// response has come the owner is called, at that very time.
#pragma once

#include <tlm_utils/simple_initiator_socket.h>
#include <cstdint>
#include <deque>
#include <memory>
#include <systemc>
#include <tlm>
#include <vector>

#include "sim/dram/requester.h"
#include "sim/simba_l/calendar.h"
#include "sim/simba_l/run_context.h"

namespace heat::simba {

class BurstOwner;

struct Burst {
  std::uint64_t address = 0;
  std::int64_t bytes = 0;
  bool write = false;
  int node = -1, tensor = -1;
  std::int64_t sent = 0;           // cycle in which the port hands it to the DRAM
  std::uint8_t* data = nullptr;    // null without data
  std::uint8_t* enable = nullptr;  // byte enables of a write, or null
  BurstOwner* owner = nullptr;
  void* job = nullptr;  // the owner's
  int log = -1;         // its entry of the command log
};

class BurstOwner {
 public:
  virtual ~BurstOwner() = default;
  // The DRAM has answered. `cycle`: the present one.
  virtual void answered(const Burst& burst, std::int64_t cycle) = 0;
};

class DramPort : public sc_core::sc_module, public tlm::tlm_mm_interface {
 public:
  SC_HAS_PROCESS(DramPort);
  // The `index`th of spec::DramPortsSpec.
  DramPort(sc_core::sc_module_name name, RunContext& context, int index);
  ~DramPort() override;

  tlm_utils::simple_initiator_socket<DramPort> socket;

  // The burst may enter the DRAM from `ready` on.
  void submit(const Burst& burst, std::int64_t ready);
  // Start of the port's next free slot for so many bytes at or after `cycle`.
  std::int64_t reserve(std::int64_t cycle, std::int64_t bytes) { return lane_.reserve(cycle, cycles(bytes)); }
  std::int64_t cycles(std::int64_t bytes) const;
  // Cycles of its slots that were reserved.
  std::int64_t used() const { return lane_.used(); }
  // At whose NoP router it is.
  spec::ChipletId chiplet() const { return chiplet_; }
  int outstanding() const { return outstanding_; }
  // Nobody refers to the payload any more.
  void free(tlm::tlm_generic_payload* payload) override;

 private:
  struct Request;
  // A burst that has not entered the DRAM yet.
  struct Waiting {
    std::int64_t ready = 0;
    Request* request = nullptr;
  };
  void send();
  tlm::tlm_sync_enum nb_transport_bw(tlm::tlm_generic_payload& payload, tlm::tlm_phase& phase, sc_core::sc_time& delay);
  void respond(Request& request, const sc_core::sc_time& delay);
  Request& take();

  RunContext& context_;
  const spec::ChipletId chiplet_;
  Calendar lane_;
  std::deque<Waiting> waiting_;  // by ready cycle, then in order of submission
  std::vector<std::unique_ptr<Request>> requests_;
  std::vector<Request*> free_;
  Request* entering_ = nullptr;  // between BEGIN_REQ and END_REQ
  Alarm kick_;
  int outstanding_ = 0;
};

}  // namespace heat::simba
