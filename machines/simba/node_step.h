// One step of a node over the whole package: the counts of its chiplets put together, and how long it keeps what busy.
#pragma once

#include <algorithm>
#include <array>

#include "base/enum_table.h"
#include "firmware/include/simba_abi.h"
#include "machines/machine.h"
#include "machines/simba/shares.h"
#include "machines/simba/step_counts.h"

namespace heat::machines::simba {

// Where cycles can go.
enum class Resource {
  kDram,
  kNop,
  kDma,
  kGbRead,
  kGbWrite,
  kNocSend,
  kNocDrain,
  kCompute,
  kPpu,
  kPeWrite,
  kController,
  kVectorUnit
};
struct ResourceInfo {
  Resource value;
  const char* name;
  bool memory;  // moves operands between DRAM and the global buffers; the others execute what is there
};
constexpr std::array<ResourceInfo, 12> kResources{{{Resource::kDram, "dram", true},
                                                   {Resource::kNop, "nop", true},
                                                   {Resource::kDma, "dma", true},
                                                   {Resource::kGbRead, "gb_read", false},
                                                   {Resource::kGbWrite, "gb_write", false},
                                                   {Resource::kNocSend, "noc_send", false},
                                                   {Resource::kNocDrain, "noc_drain", false},
                                                   {Resource::kCompute, "compute", false},
                                                   {Resource::kPpu, "ppu", false},
                                                   {Resource::kPeWrite, "pe_write", false},
                                                   {Resource::kController, "controller", false},
                                                   {Resource::kVectorUnit, "vector_unit", false}}};
static_assert(base::in_enum_order(kResources));
constexpr std::size_t kResourceCount = kResources.size();

// Steps that cover the same numbers of values.
struct StepClass {
  std::int64_t full = 0, partial = 0;  // values on a full chiplet and on the partial one (0: it is done)
  std::int64_t count = 0;
};
// At most three, in order of execution.
std::vector<StepClass> step_classes(const Shares& shares, std::int64_t step);

// Package-wide figures of one execution of a node in one step.
struct NodeStep {
  std::array<double, spec::kActionCount> actions{};
  std::array<double, kResourceCount> busy{};  // cycles of the busiest instance
  double memory = 0;                          // cycles of the DRAM path: loads and stores
  double execution = 0;                       // cycles of what follows the loads
  double tiles = 1;                           // GB tiles: the grain at which the two overlap
  double first_load = 0;                      // part of `memory`: before the first tile can execute
  double last_store = 0;                      // part of `memory`: after the last drain
  double latency = 0;                         // of a load, exposed before the first tile where nothing hides it
  double store_latency = 0;                   // of a store, exposed after the last one
  double slot_cycles = 0;                     // at least, for all tiles to pass through their slots
  double fill = 0;                            // cycles of the pipeline's ends within execution
  double load_bytes = 0, store_bytes = 0;
};

// How an operand comes to the chiplets.
struct Way {
  bool shared = false;   // the same to all of them, else each has its own
  bool travels = false;  // from (and to) the global buffers of its home, else the DRAM
};
struct Ways {
  Way weight, input, residual, output;
};

// Links of the NoP that a byte takes from where it is to the chiplets, or back, by the number of chiplets (always the
// first ones); on average over the places where it may be.
struct NopWays {
  std::vector<double> tree;     // of the tree to all of them
  std::vector<double> hops;     // to each of them, summed
  std::vector<double> busiest;  // packets of the busiest link when each has one
  std::vector<double> latency;  // cycles to the farthest of them, at zero load
};

// Loads of one step, in two parts that follow one another: joint ones, which one chiplet's engine makes for all while
// the others wait for it, and private ones, which every chiplet makes at once.
struct LoadWork {
  struct Part {
    double bytes = 0, port_requests = 0;       // of all chiplets, from the DRAM
    double link_bytes = 0, link_requests = 0;  // over the NoP's busiest link
    double requests = 0, loads = 0;            // of one engine
    double travelling_requests = 0;            // of them, from homes
  };
  // To whom: jointly or to each of so many chiplets, and the packets that the busiest link carries when each has one.
  struct Receivers {
    bool shared = false;
    int chiplets = 1;
    double link_packets = 1;
    bool travels = false;  // from a home, not the DRAM
  };
  std::array<Part, 2> part{};
  void add(const Receivers& to, double bytes, double partial_bytes, double requests, double loads) {
    Part& p = part[to.shared ? 0 : 1];
    if (!to.travels) p.bytes += to.shared ? bytes : to.chiplets * bytes + partial_bytes;
    p.link_bytes += bytes * to.link_packets;
    p.link_requests += requests * to.link_packets;
    if (!to.travels) p.port_requests += to.shared ? requests : to.chiplets * requests;
    if (to.travels) p.travelling_requests += requests;
    p.requests += requests;
    p.loads += loads;
  }
};

// What of the machine the steps need, worked out once.
class StepPricer {
 public:
  // `chiplets` take part in the group, and its homes are divided over so many.
  StepPricer(const machines::Machine& machine, int chiplets);

  // `full` on each of the full chiplets, `partial` (may be null) on the partial one.
  NodeStep price(const StepCounts& full, const StepCounts* partial, const Ways& ways, const Shares& shares) const;
  // Dynamic energy of actions, DRAM included (no static, no background).
  double dynamic_pj(const std::array<double, spec::kActionCount>& actions) const;
  // Power that is drawn all the time, pJ a cycle: static, and the DRAM's background.
  double static_pj_per_cycle() const { return static_pj_per_cycle_; }
  // The part of it that all copies of one part of the machine draw.
  double static_pj_per_cycle(spec::StaticPart part) const;
  double background_pj_per_cycle() const { return background_pj_per_cycle_; }
  // Cycles of moving `bytes` over the DRAM's ports, in so many requests.
  double port_cycles(double bytes, double requests = 0) const {
    return bytes / dram_bytes_per_cycle_ + requests * m_.calibration.dram_request_cycles / m_.arch.dram_ports.count();
  }
  // Of moving them over one link of the NoP.
  double link_cycles(double bytes, double requests = 0) const {
    return bytes / m_.arch.nop.link_bytes_per_cycle + requests * m_.calibration.dram_request_cycles;
  }
  // Of moving them from the DRAM to several chiplets at once.
  double joint_load_cycles(double bytes) const { return std::max(port_cycles(bytes), link_cycles(bytes)); }
  // When each of the first `count` chiplets receives a packet, or sends one: those that the busiest NoP link carries.
  double link_packets(int count, bool travels = false) const {
    return ways(travels).busiest[static_cast<std::size_t>(count)];
  }
  // Request to data, for the one of the first `chiplets` that is farthest from the DRAM's ports on average.
  double load_latency(int chiplets, bool travels = false) const {
    return (travels ? 0 : m_.calibration.dram_latency_cycles) +
           2 * ways(travels).latency[static_cast<std::size_t>(chiplets)];
  }
  // Cycles a DMA engine spends on requests (its window lets `outstanding_bursts` be on the way at a time) and on the
  // transfers they belong to.
  double engine_cycles(double requests, double transfers, int chiplets, double travelling_requests = 0) const;
  // Cycles of the loads of one step on so many chiplets.
  double load_cycles(const LoadWork& work, int chiplets) const;
  // Of a packet over so many links of the NoC, at zero load.
  double noc_latency(int hops) const {
    return m_.arch.noc.base_cycles + static_cast<double>(hops) * m_.arch.noc.hop_cycles;
  }
  // Of sums that go so many ways from PE to PE, over so many links in all.
  double chain_latency(int ways, int hops) const {
    return static_cast<double>(ways) * m_.arch.noc.base_cycles + static_cast<double>(hops) * m_.arch.noc.hop_cycles;
  }
  // Links of the NoP tree from a port of the DRAM (or a home) to the first `count` chiplets, on average over the ports.
  double tree_links(int count, bool travels = false) const {
    return ways(travels).tree[static_cast<std::size_t>(count)];
  }
  // Sum over the first `count` chiplets of the hops from a port, on average over the ports.
  double unicast_hops(int count, bool travels = false) const {
    return ways(travels).hops[static_cast<std::size_t>(count)];
  }
  // From the last result of a group on so many chiplets to where others hear of it, and the byte-hops of the messages.
  double handover_cycles(int chiplets) const { return handover_[static_cast<std::size_t>(chiplets)]; }
  double signal_byte_hops(int chiplets) const { return signal_byte_hops_[static_cast<std::size_t>(chiplets)]; }
  const machines::Machine& machine() const { return m_; }

 private:
  // Of a step: its loads, bytes of the first tile's, and cycles of the busiest NoP link for loads and for stores.
  struct Transfers {
    LoadWork loads;
    double first_bytes = 0, loading_link = 0, storing_link = 0;
    bool from_dram = false, to_dram = false;
  };
  Transfers transfers(NodeStep& s, const StepCounts& full, const StepCounts& partial, const Ways& to,
                      const Shares& shares) const;
  void set_ends(NodeStep& s, const Transfers& t, const StepCounts& full, const Shares& shares) const;
  const NopWays& ways(bool travels) const { return travels ? from_homes_ : from_dram_; }
  double slot_cycles(const OperandCounts& o, const Way& way, const StepCounts& of, double execution,
                     const Shares& shares) const;
  double output_slot_cycles(const StepCounts& of, const Way& way, double execution, const Shares& shares) const;
  const machines::Machine& m_;
  NopWays from_dram_, from_homes_;
  double dram_bytes_per_cycle_ = 1, static_pj_per_cycle_ = 0, background_pj_per_cycle_ = 0;
  std::vector<double> handover_, signal_byte_hops_;  // by chiplets
};

// Cycles of a sequence of node executions: loads run ahead of the present tile, as far as slots let them.
class Pipeline {
 public:
  Pipeline(double overlap, std::int64_t slots) : overlap_(overlap), slots_(slots) {}
  // `node` executed once; call in order.
  void add(const NodeStep& node);
  // The same sequence `times` over, as recorded by `body` (called until loads are as far ahead as they get).
  template <class Body>
  void repeat(double times, Body body) {
    double before = done_;
    std::int64_t called = 0;
    for (; static_cast<double>(called) < times && called <= slots_; ++called) {
      before = done_;
      body();
    }
    shift((times - static_cast<double>(called)) * (done_ - before));
  }
  // Time that nothing overlaps (pinned loads).
  void add_exposed(double cycles);
  // Cycles so far with the last store finished.
  double total() const { return done_ + last_store_ + store_latency_; }

 private:
  // A tile that executes for so long, `period` after the one before at least, and whose loads are there at `loaded`.
  void execute(double loaded, double execution, double memory, double period);
  void shift(double cycles);
  // When the next load finds a slot: the tile that used it is executed when the one behind it begins.
  double slot_free() const { return *(begun_.end() - (slots_ - 1)); }
  double overlap_;
  std::int64_t slots_;                               // of an operand, SIMBA_MAX_SLOTS at most
  double done_ = 0, loaded_ = 0;                     // when what came so far is executed, and loaded
  std::array<double, SIMBA_MAX_SLOTS - 1> begun_{};  // when the last tiles began to execute, the oldest first
  double last_store_ = 0, store_latency_ = 0;
};

}  // namespace heat::machines::simba
