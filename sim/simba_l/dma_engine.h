// The DMA engines of a chiplet: LOAD (into the global buffer, alone or jointly with other chiplets) and STORE (out of it),
// from and to DRAM or the global buffers in which a tensor is at home.
//
// A transfer is a list of bursts of whole blocks (spec::kDmaBlockBytes) that cover the runs of its view; a burst has one
// port of the DRAM, or one chiplet's share. At most outstanding_bursts of an engine are under way; the next transfer's
// bursts follow the last one's without a gap.
#pragma once

#include <list>
#include <map>
#include <memory>
#include <queue>
#include <tuple>
#include <vector>

#include "sim/simba_l/chiplet_core.h"
#include "sim/simba_l/dram_port.h"

namespace heat::simba {

class LoadEngine;

// A load that several chiplets share: the last to arrive carries it out for all.
struct JointLoad {
  bool issued = false;
  sc_core::sc_event issued_event;
};

// The package's side of the DMA engines.
struct PackageFabric {
  PackageFabric(RunContext& c, const std::vector<std::unique_ptr<DramPort>>& p)
      : context(c), ports(p), nop(c.arch.nop, 2) {}
  // The port of the burst's address, and its place on the NoP.
  DramPort& port(const Burst& burst) const {
    return *ports[static_cast<std::size_t>(context.arch.dram_ports.port_of(burst.address))];
  }
  Nop::Endpoint dram(const Burst& burst) const { return {port(burst).chiplet(), 1}; }
  int outstanding() const;  // bursts that the DRAM has not answered
  RunContext& context;
  const std::vector<std::unique_ptr<DramPort>>& ports;
  std::vector<ChipletCore*> cores;  // of the chiplets
  Nop nop;                          // local port 0: the chiplet; 1: the DRAM's port there
};

class DmaEngine : public Engine, public BurstOwner {
 public:
  DmaEngine(sc_core::sc_module_name name, RunContext& context, Scoreboard& scoreboard, ChipletCore& core,
            PackageFabric& fabric, int unit);
  ~DmaEngine() override;

 protected:
  // A receiver (load) or the sender (store) of a transfer.
  struct Party {
    DmaEngine* engine = nullptr;
    InFlight* entry = nullptr;
    std::int64_t last = 0;  // cycle of the latest burst's end
  };
  struct Job {
    Command command;
    std::vector<Party> parties;
    std::vector<AddressSpan> bursts;
    std::size_t next = 0, answered = 0;
    int log = -1;  // its number in the command log
    const ViewSpec* view = nullptr;
    std::vector<std::uint8_t> data, enable;  // of all bursts, one after another
    // Calls copy(index in `data`, index in the dense tile, length) for the rows of the tile.
    template <class Copy>
    void each_row(const Copy& copy) const;
    // Of the byte at an address in `data`.
    std::int64_t data_index(std::uint64_t address) const;
    std::vector<AddressSpan> spans;
    std::vector<std::int64_t> span_index;  // of each span in `data`
  };
  // A burst's place in the global buffer of the chiplet whose share it is of.
  struct AtHome {
    ChipletCore& core;
    std::int64_t address = 0;
  };
  AtHome at_home(const Job& job, const AddressSpan& burst) const;
  void start_at_own_share(Job& job) const;
  // Moves bytes of the chiplet's own share, asked for at `cycle`; the cycle from which the window's entry is free.
  std::int64_t copy_own(Job& job, std::int64_t bytes, std::int64_t cycle);
  // Calls copy(index in `data`, place in the global buffer, length) for all bursts of a job between global buffers.
  template <class Copy>
  void each_burst_at_home(const Job& job, const Copy& copy) const;
  // Makes the job of a command: its bursts, and with data room for their bytes.
  Job& start_job(const Command& command);
  // Hands bursts out while the window allows; returns in the thread when all are submitted.
  void issue(Job& job);
  void answered(const Burst& burst, std::int64_t cycle) override;
  // Submits one burst of the job, which may start at `cycle`.
  virtual void submit(Job& job, Burst& burst, std::int64_t cycle) = 0;
  // Moves one burst between global buffers, which may start at `cycle`; returns the cycle in which its window entry is
  // free again. Nothing of it waits for an answer.
  virtual std::int64_t travel(Job& job, const AddressSpan& burst, std::int64_t cycle) = 0;
  // A burst came back; returns the cycle in which its window entry is free again.
  virtual std::int64_t arrived(Job& job, const Burst& burst, std::int64_t cycle) = 0;
  virtual void job_done(Job&) {}
  void explain(const InFlight& entry, Blocked& blocked) const override;

  ChipletCore& core_;
  PackageFabric& fabric_;

 private:
  void pump();
  void cut_bursts(Job& job) const;
  Burst burst_of(Job& job, const AddressSpan& span);
  // An entry of the command log for bytes of a transfer that are asked for in this cycle.
  CommandLog::Burst submitted(const Job& job, const AddressSpan& span, int port, std::int64_t cycle) const;
  void log_burst(const Job& job, Burst& burst, std::int64_t cycle) const;
  void log_travel(const Job& job, const AddressSpan& span, std::int64_t cycle, std::int64_t free) const;
  void finish_if_answered(Job& job);
  std::list<Job> jobs_;
  Job* issuing_ = nullptr;
  std::int64_t last_submit_ = 0;
  int in_dram_ = 0;  // bursts that the DRAM has not answered
  sc_core::sc_event issued_;
  std::priority_queue<std::int64_t, std::vector<std::int64_t>, std::greater<>> window_;  // when each free entry is free
};

// Chiplets that take part in a joint load, until the last one has come.
class Rendezvous {
 public:
  using Key = std::tuple<int, std::uint32_t, std::uint32_t>;  // node, step, key
  struct Waiting {
    std::shared_ptr<JointLoad> load = std::make_shared<JointLoad>();
    std::vector<LoadEngine*> engines;
  };
  Waiting& at(const Key& key) { return waiting_[key]; }
  void close(const Key& key) { waiting_.erase(key); }
  // Null when nobody waits there.
  const Waiting* find(const Key& key) const {
    const auto it = waiting_.find(key);
    return it == waiting_.end() ? nullptr : &it->second;
  }

 private:
  std::map<Key, Waiting> waiting_;
};

class LoadEngine : public DmaEngine {
 public:
  LoadEngine(sc_core::sc_module_name name, RunContext& context, Scoreboard& scoreboard, ChipletCore& core,
             PackageFabric& fabric, Rendezvous& rendezvous);

 private:
  void execute(InFlight& entry) override;
  WorkKind work_kind(const Command& c) const override {
    return c[SIMBA_CMD_PARTICIPANTS] > 1 ? WorkKind::kReadMulticast : WorkKind::kRead;
  }
  void submit(Job& job, Burst& burst, std::int64_t cycle) override;
  std::int64_t travel(Job& job, const AddressSpan& burst, std::int64_t cycle) override;
  std::int64_t arrived(Job& job, const Burst& burst, std::int64_t cycle) override;
  void job_done(Job& job) override;
  // A burst on its way into the global buffers: its source, which sends it from `start` on within `source_cycles`.
  struct Incoming {
    Nop::Endpoint source;
    std::int64_t bytes = 0, start = 0, earliest = 0, source_cycles = 0;
  };
  // Carries it over the NoP and writes it; returns when the last receiver has it.
  std::int64_t receive(Job& job, const Incoming& in);

  void explain(const InFlight& entry, Blocked& blocked) const override;
  void finish(const InFlight& entry) override;

  Rendezvous& rendezvous_;
  std::vector<Nop::Endpoint> receivers_;  // of the present burst
  std::vector<std::int64_t> arrivals_;    // where it is there
  std::int64_t received_ = 0;             // when all of them have it
  InFlight* waiting_entry_ = nullptr;     // present command, while it waits for the other chiplets
  std::int64_t port_free_ = 0;            // from which the NoP's port here is free of what was asked of other chiplets
};

class StoreEngine : public DmaEngine {
 public:
  StoreEngine(sc_core::sc_module_name name, RunContext& context, Scoreboard& scoreboard, ChipletCore& core,
              PackageFabric& fabric);

 private:
  void execute(InFlight& entry) override;
  WorkKind work_kind(const Command&) const override { return WorkKind::kWrite; }
  void submit(Job& job, Burst& burst, std::int64_t cycle) override;
  std::int64_t travel(Job& job, const AddressSpan& burst, std::int64_t cycle) override;
  std::int64_t arrived(Job& job, const Burst& burst, std::int64_t cycle) override;
  void job_done(Job& job) override;
};

}  // namespace heat::simba
