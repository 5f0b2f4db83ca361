// The DRAM as a TLM-2.0 target: an event-driven wrapper over the cycle engine (controller.h), one engine a channel.
//
//   heat::spec::DramSpec spec = heat::spec::load_dram_spec("configs/dram/hbm2.yaml");
//   heat::dram::Dram dram("dram", spec);
//   initiator.socket.bind(dram.socket);                  // any number of initiators
//   Requester who{node, tensor}; payload.set_extension(&who);   // optional, sim/dram/requester.h
//
// b_transport, the four-phase nb_transport (END_REQ comes when the whole burst is in the queues: that is the
// back-pressure; responses of one initiator may come out of order), transport_dbg. DMI is refused.
//
// A payload may have any length up to the capacity; it is split into column accesses (DramOrganization::access_bytes)
// over all channels and done when the last access is. Reads are answered when their data are through; writes, when
// `posted_writes` is on (the default), one cycle after the whole payload is queued. The data pointer may be null: then
// only time and energy are counted and no memory is allocated. Byte enables are obeyed. Memory cycle n begins at n x
// clock_ns; a request between two edges waits for the next. A request with a delay (temporal decoupling) comes at the end
// of it: requests are queued, and the contents change, in the order of those times, whatever the order of the calls.
// Requests of one time step are served together, whatever the order in which the kernel runs their processes. Modelled: everything in docs/dram.md. Not modelled: data errors,
// streaming bursts (answered with a burst error).
#pragma once

#include <tlm_utils/multi_passthrough_target_socket.h>
#include <deque>
#include <functional>
#include <memory>
#include <queue>
#include <systemc>
#include <tlm>
#include <vector>

#include "sim/dram/address_mapping.h"
#include "sim/dram/controller.h"
#include "sim/dram/functional_memory.h"
#include "sim/dram/requester.h"
#include "spec/dram_spec.h"

namespace heat::dram {

// One finished column access, for traces. Cycles are memory cycles (clock_ns).
struct AccessRecord {
  std::uint64_t address = 0;
  std::int64_t bytes = 0;
  bool write = false;
  Cycle arrival = 0;  // the payload reached the module
  Cycle start = 0;    // column command
  Cycle finish = 0;   // data through
  RowResult row_result = RowResult::kHit;
  int channel = 0;
  Place place;
  spec::NodeId node;
  spec::TensorId tensor;
};

class Dram : public sc_core::sc_module {
 public:
  tlm_utils::multi_passthrough_target_socket<Dram> socket;

  // Throws ConfigError when the clock's period is no multiple of the SystemC time resolution.
  Dram(sc_core::sc_module_name name, const spec::DramSpec& spec);

  // Called for every finished column access, in no particular order of channels.
  using Observer = std::function<void(const AccessRecord&)>;
  void set_observer(Observer observer) { observer_ = std::move(observer); }
  void set_command_sink(int channel, CommandSink* sink) {
    channels_.at(static_cast<std::size_t>(channel))->set_command_sink(sink);
  }

  const spec::DramSpec& spec() const { return spec_; }
  // Everything up to the present moment.
  ChannelStatistics statistics();
  ChannelStatistics channel_statistics(int channel);
  EnergyBreakdown energy();
  // Payloads that are not answered yet.
  int outstanding() const { return unanswered_ + static_cast<int>(announced_.size()); }
  // Carries out what is still queued (posted writes that are answered already) ahead of the present moment, so that the
  // totals of a finished run are whole. Returns the cycle in which the last data are through.
  Cycle finish();
  Cycle now_cycle() const;
  // Direct access to the contents, without time.
  FunctionalMemory& memory() { return memory_; }

 private:
  struct Transaction {
    tlm::tlm_generic_payload* payload = nullptr;  // null once answered
    int port = -1;                                // -1: b_transport
    sc_core::sc_event* done = nullptr;
    std::uint64_t address = 0;
    Cycle arrival = 0, finish = 0;
    int to_accept = 0, to_finish = 0;
    bool write = false;
    spec::NodeId node;
    spec::TensorId tensor;
  };
  struct Port {
    bool request_open = false;  // between BEGIN_REQ and END_REQ
    int responding = -1;        // transaction between BEGIN_RESP and END_RESP
    sc_core::sc_time free_at;   // when the next response may begin
    std::deque<int> ready;      // finished transactions, in order
  };
  // A BEGIN_REQ whose delay is not over yet.
  struct Announced {
    sc_core::sc_time at;
    std::uint64_t call;  // calls are counted
    int port;
    tlm::tlm_generic_payload* payload;
    bool operator<(const Announced& o) const { return at != o.at ? at > o.at : call > o.call; }
  };
  struct Due {
    Cycle at;
    int transaction;
    bool operator<(const Due& o) const { return at != o.at ? at > o.at : transaction > o.transaction; }
  };

  void b_transport(int port, tlm::tlm_generic_payload& payload, sc_core::sc_time& delay);
  tlm::tlm_sync_enum nb_transport_fw(int port, tlm::tlm_generic_payload& payload, tlm::tlm_phase& phase,
                                     sc_core::sc_time& delay);
  unsigned int transport_dbg(int port, tlm::tlm_generic_payload& payload);
  bool get_direct_mem_ptr(int port, tlm::tlm_generic_payload& payload, tlm::tlm_dmi& dmi);

  bool acceptable(tlm::tlm_generic_payload& payload) const;
  void move_data(tlm::tlm_generic_payload& payload);
  int submit(tlm::tlm_generic_payload& payload, int port);
  void submit_due();
  void on_wake();
  void advance();
  void collect(int channel);
  void note_event(int channel);
  void accepted(int transaction, Cycle at);
  void end_requests();
  void completed(int channel, const Completion& done);
  void answer_due();
  void answer(int transaction);
  void respond(int port);
  void response_ended(int port, const sc_core::sc_time& delay);
  void free_if_done(int transaction);
  void schedule();
  Port& port_at(int port) {
    if (static_cast<std::size_t>(port) >= ports_.size()) ports_.resize(static_cast<std::size_t>(port) + 1);
    return ports_[static_cast<std::size_t>(port)];
  }
  Cycle cycle_at_or_after(const sc_core::sc_time& t) const;
  static std::uint64_t tag_of(int transaction, std::uint64_t piece) {
    return static_cast<std::uint64_t>(transaction) << 32 | piece;
  }

  const spec::DramSpec spec_;
  AddressMapping mapping_;
  sc_core::sc_time clock_;
  std::vector<std::unique_ptr<Controller>> channels_;
  std::vector<Cycle> events_;  // next_event() of every channel; kNever: it is idle
  FunctionalMemory memory_;
  Observer observer_;

  std::vector<Transaction> transactions_;
  std::vector<int> free_transactions_;
  std::vector<Port> ports_;
  std::vector<int> entered_;  // transactions of nb_transport whose END_REQ is to be sent
  std::priority_queue<Announced> announced_;
  std::uint64_t calls_ = 0;
  std::priority_queue<Due> due_;
  int ready_ = 0;  // of all ports
  int unanswered_ = 0;
  int awaiting_entry_ = 0;  // transactions whose entry into the queues somebody waits for
  sc_core::sc_event wake_;
};

}  // namespace heat::dram
