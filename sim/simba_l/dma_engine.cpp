// Bursts stream: a read burst's data pass the DRAM's port, the NoP tree and the receivers' write ports one behind the
// other without waiting for the burst to be whole (cut-through); a write burst the same in the other direction. The
// window holds the cycle in which each of its entries is free: an answer refills it and submits the next burst at that
// cycle, so the engine's thread wakes once a transfer, not once a burst.
#include "sim/simba_l/dma_engine.h"

#include <algorithm>
#include <cstring>

namespace heat::simba {
namespace {
constexpr std::uint64_t kBlock = spec::kDmaBlockBytes;
}

int PackageFabric::outstanding() const {
  int bursts = 0;
  for (const auto& p : ports) bursts += p->outstanding();
  return bursts;
}

DmaEngine::DmaEngine(sc_core::sc_module_name name, RunContext& context, Scoreboard& scoreboard, ChipletCore& core,
                     PackageFabric& fabric, int unit)
    : Engine(name, context, scoreboard, core.id, unit), core_(core), fabric_(fabric) {
  for (int i = 0; i < context.arch.dma.outstanding_bursts; ++i) window_.push(0);
}

DmaEngine::~DmaEngine() = default;

std::int64_t DmaEngine::Job::data_index(std::uint64_t address) const {
  const auto span = std::upper_bound(spans.begin(), spans.end(), address,
                                     [](std::uint64_t a, const AddressSpan& s) { return a < s.begin; }) -
                    1;
  return span_index[static_cast<std::size_t>(span - spans.begin())] + static_cast<std::int64_t>(address - span->begin);
}

template <class Copy>
void DmaEngine::each_burst_at_home(const Job& job, const Copy& copy) const {
  for (const AddressSpan& burst : job.bursts) {
    const AtHome home = at_home(job, burst);
    copy(static_cast<std::size_t>(job.data_index(burst.begin)), home.core.gb.at(home.address),
         static_cast<std::size_t>(burst.bytes()));
  }
}

template <class Copy>
void DmaEngine::Job::each_row(const Copy& copy) const {
  const Box box = command.box();
  std::array<std::vector<std::int64_t>, 3> offsets;
  for (std::size_t g = 0; g < 3; ++g) group_offsets(view->groups[g], box.start[g], box.count[g], offsets[g]);
  const std::vector<std::int64_t>& y = offsets[2];
  bool dense = true;
  for (std::size_t i = 1; i < y.size(); ++i) dense = dense && y[i] == y[i - 1] + 1;
  std::size_t span = 0;
  const auto locate = [&](std::int64_t offset) {
    const std::uint64_t address = view->address + static_cast<std::uint64_t>(offset);
    if (address < spans[span].begin || address >= spans[span].end)
      span =
          static_cast<std::size_t>(std::upper_bound(spans.begin(), spans.end(), address,
                                                    [](std::uint64_t a, const AddressSpan& s) { return a < s.begin; }) -
                                   spans.begin() - 1);
    return span_index[span] + static_cast<std::int64_t>(address - spans[span].begin);
  };
  std::int64_t index = 0;
  for (std::int64_t b : offsets[0])
    for (std::int64_t x : offsets[1]) {
      if (dense) {
        copy(locate(b + x + y[0]), index, box.count[2]);
        index += box.count[2];
      } else {
        for (std::int64_t o : y) copy(locate(b + x + o), index++, 1);
      }
    }
}

DmaEngine::Job& DmaEngine::start_job(const Command& command) {
  jobs_.emplace_back();
  Job& job = jobs_.back();
  job.command = command;
  job.view = &context_.image.view(command[SIMBA_CMD_VIEW]);
  job.spans = covering_spans(*job.view, command.box(), kBlock);
  std::int64_t bytes = 0;
  for (const AddressSpan& s : job.spans) {
    job.span_index.push_back(bytes);
    bytes += s.bytes();
  }
  cut_bursts(job);
  job.log = context_.log.jobs++;
  if (job.view->share_bytes > 0) start_at_own_share(job);
  if (job.view->share_bytes == 0) context_.meter.add_dram(command.node(), unit_ == SIMBA_STORE, bytes);
  if (context_.options.data) job.data.resize(static_cast<std::size_t>(bytes));
  return job;
}

void DmaEngine::issue(Job& job) {
  fabric_.nop.forget_before(context_.now());
  issuing_ = &job;
  pump();
  while (issuing_) sc_core::wait(issued_);
  wait_until(last_submit_);
}

void DmaEngine::pump() {
  while (issuing_ && !window_.empty()) {
    Job& job = *issuing_;
    // Entries that the DRAM has may come back before those that are known to: its answer goes on.
    if (job.view->share_bytes > 0 && window_.top() > context_.now() && in_dram_ > 0) return;
    const std::int64_t cycle = std::max(context_.now(), window_.top());
    window_.pop();
    const AddressSpan& span = job.bursts[job.next++];
    if (job.next == job.bursts.size()) issuing_ = nullptr;
    last_submit_ = cycle;
    if (!issuing_) issued_.notify(sc_core::SC_ZERO_TIME);
    if (job.view->share_bytes > 0) {
      const std::int64_t free = travel(job, span, cycle);
      window_.push(free);
      log_travel(job, span, cycle, free);
      ++job.answered;
      finish_if_answered(job);
    } else {
      Burst burst = burst_of(job, span);
      ++in_dram_;
      log_burst(job, burst, cycle);
      submit(job, burst, cycle);
    }
  }
}

Burst DmaEngine::burst_of(Job& job, const AddressSpan& span) {
  Burst burst;
  burst.address = span.begin;
  burst.bytes = span.bytes();
  burst.write = unit_ == SIMBA_STORE;
  burst.node = job.command.node();
  burst.tensor = job.view->tensor;
  burst.owner = this;
  burst.job = &job;
  if (!job.data.empty()) {
    const std::int64_t at = job.data_index(span.begin);
    burst.data = job.data.data() + at;
    if (burst.write) burst.enable = job.enable.data() + at;
  }
  return burst;
}

void DmaEngine::answered(const Burst& burst, std::int64_t cycle) {
  if (auto* logged = context_.log.burst(burst.log)) logged->answered = cycle;
  Job& job = *static_cast<Job*>(burst.job);
  --in_dram_;
  window_.push(arrived(job, burst, cycle));
  ++job.answered;
  finish_if_answered(job);
  pump();
}

void DmaEngine::finish_if_answered(Job& job) {
  if (job.answered < job.bursts.size()) return;
  job_done(job);
  for (const Party& p : job.parties) {
    if (auto* logged = context_.log.entry(p.entry->log)) logged->job = job.log;
    p.engine->complete(*p.entry, p.last);
  }
  jobs_.remove_if([&](const Job& j) { return &j == &job; });
}

void DmaEngine::explain(const InFlight&, Blocked& blocked) const {
  blocked.waits +=
      " and waits for the DRAM, which owes the package " + std::to_string(fabric_.outstanding()) + " responses";
}

LoadEngine::LoadEngine(sc_core::sc_module_name name, RunContext& context, Scoreboard& scoreboard, ChipletCore& core,
                       PackageFabric& fabric, Rendezvous& rendezvous)
    : DmaEngine(name, context, scoreboard, core, fabric, SIMBA_LOAD), rendezvous_(rendezvous) {}

void LoadEngine::execute(InFlight& entry) {
  const Command& command = entry.command;
  const std::int64_t bytes = command.box().elements();
  context_.check_capacity(name(), command.node(), "global buffer (bytes)", command[SIMBA_CMD_GB] + bytes,
                          core_.gb.capacity());
  context_.meter.add(command.node(), spec::Action::kGlobalBufferWrite, core_.gb.packed_accesses(bytes));
  std::vector<Party> parties{{this, &entry, 0}};
  std::shared_ptr<JointLoad> joint;
  if (command[SIMBA_CMD_PARTICIPANTS] > 1) {
    const Rendezvous::Key key{command.node(), command[SIMBA_CMD_STEP], command[SIMBA_CMD_KEY]};
    Rendezvous::Waiting& waiting = rendezvous_.at(key);
    joint = waiting.load;
    waiting_entry_ = &entry;
    waiting.engines.push_back(this);
    if (waiting.engines.size() < command[SIMBA_CMD_PARTICIPANTS]) {
      while (!joint->issued) sc_core::wait(joint->issued_event);
      return;
    }
    parties.clear();
    for (LoadEngine* e : waiting.engines) {
      e->waiting_entry_->waits.push_back({context_.now(), StallReason::kMulticast});
      parties.push_back({e, e->waiting_entry_, 0});
    }
    rendezvous_.close(key);
  }
  wait_until(context_.now() + context_.arch.dma.setup_cycles);
  Job& job = start_job(command);
  job.parties = std::move(parties);
  issue(job);
  if (!joint) return;
  joint->issued = true;
  joint->issued_event.notify();
}

void LoadEngine::explain(const InFlight& entry, Blocked& blocked) const {
  const Command& c = entry.command;
  const Rendezvous::Waiting* waiting = rendezvous_.find({c.node(), c[SIMBA_CMD_STEP], c[SIMBA_CMD_KEY]});
  const auto came = [&](int chiplet) {
    return std::any_of(waiting->engines.begin(), waiting->engines.end(),
                       [&](const LoadEngine* e) { return e->chiplet().value == chiplet; });
  };
  if (c[SIMBA_CMD_PARTICIPANTS] <= 1 || !waiting || !came(chiplet_.value)) {
    DmaEngine::explain(entry, blocked);
    return;
  }
  blocked.waits += ", a joint load of " + std::to_string(c[SIMBA_CMD_PARTICIPANTS]) + " chiplets (key " +
                   std::to_string(c[SIMBA_CMD_KEY]) + "), and waits for chiplets";
  for (int chiplet = 0; chiplet < static_cast<int>(c[SIMBA_CMD_PARTICIPANTS]); ++chiplet) {
    if (came(chiplet)) continue;
    blocked.waits += " " + std::to_string(chiplet);
    blocked.on.push_back({spec::ChipletId(chiplet), SIMBA_LOAD});
  }
}

void LoadEngine::submit(Job&, Burst& burst, std::int64_t cycle) {
  fabric_.port(burst).submit(burst, cycle + fabric_.nop.message_cycles(chiplet_, fabric_.dram(burst).node));
}

std::int64_t LoadEngine::arrived(Job& job, const Burst& burst, std::int64_t cycle) {
  DramPort& port = fabric_.port(burst);
  const std::int64_t start = port.reserve(cycle, burst.bytes), lane = port.cycles(burst.bytes);
  const std::int64_t free = receive(job, {fabric_.dram(burst), burst.bytes, start, cycle, lane});
  if (auto* logged = context_.log.burst(burst.log)) {
    logged->slot = start;
    logged->end = received_;
  }
  context_.activity.add({}, Flow::kDramRead, start, start + lane, static_cast<double>(burst.bytes));
  return free;
}

// The request goes to the chiplet, whose buffer's read port sends the bytes on. It goes when the answer finds the port
// here free: what came earlier would wait on the way and keep others from the owner's port.
std::int64_t LoadEngine::travel(Job& job, const AddressSpan& burst, std::int64_t cycle) {
  ChipletCore& owner = at_home(job, burst).core;
  const std::int64_t read = owner.gb.read_cycles(burst.bytes());
  if (owner.id == chiplet_ && job.parties.size() == 1) return copy_own(job, burst.bytes(), cycle);
  const std::int64_t way = fabric_.nop.message_cycles(chiplet_, owner.id), flits = fabric_.nop.flits(burst.bytes());
  const std::int64_t due = std::max(port_free_, cycle + 2 * way);
  port_free_ = due + flits;
  const std::int64_t asked = due - way, start = owner.gb.read_port.reserve(asked, read);
  context_.meter.add(job.command.node(), spec::Action::kGlobalBufferRead, owner.gb.packed_accesses(burst.bytes()));
  return receive(job, {{owner.id, 0}, burst.bytes(), start, asked, read});
}

// From one place of the chiplet's own buffer to another: both ports are busy, the NoP is not.
std::int64_t DmaEngine::copy_own(Job& job, std::int64_t bytes, std::int64_t cycle) {
  const std::int64_t read = core_.gb.read_cycles(bytes), write = core_.gb.write_cycles(bytes);
  const std::int64_t start = core_.gb.read_port.reserve(cycle, read);
  const std::int64_t behind = std::max<std::int64_t>(0, read - write);
  const std::int64_t written = core_.gb.write_port.reserve(start + behind, write) + write;
  job.parties[0].last = std::max(job.parties[0].last, written);
  const std::int64_t words = core_.gb.packed_accesses(bytes);
  context_.meter.add(job.command.node(),
                     unit_ == SIMBA_LOAD ? spec::Action::kGlobalBufferRead : spec::Action::kGlobalBufferWrite, words);
  return written;
}

std::int64_t LoadEngine::receive(Job& job, const Incoming& in) {
  receivers_.clear();
  for (const Party& p : job.parties) receivers_.push_back({p.engine->chiplet(), 0});
  const int links = fabric_.nop.multicast(in.start, in.source, receivers_, in.bytes, arrivals_);
  const std::int64_t flits = fabric_.nop.flits(in.bytes);
  const std::int64_t behind = std::max<std::int64_t>(0, in.source_cycles - flits);
  const std::int64_t now = context_.now();
  std::int64_t free = in.earliest;
  received_ = 0;
  for (std::size_t i = 0; i < job.parties.size(); ++i) {
    Party& p = job.parties[i];
    GlobalBuffer& gb = static_cast<LoadEngine*>(p.engine)->core_.gb;
    const std::int64_t write = gb.write_cycles(in.bytes), arrival = arrivals_[i] + behind;
    gb.write_port.forget_before(now);
    const std::int64_t written =
        gb.write_port.reserve(std::max(in.earliest, arrival - std::max(write, flits) + 1), write) + write - 1;
    p.last = std::max({p.last, arrival, written});
    received_ = std::max({received_, arrival, written});
    free = std::max(free, p.last);
  }
  context_.meter.add(job.command.node(), spec::Action::kNopByteHop, in.bytes * links);
  context_.activity.add({}, Flow::kNop, in.start, in.start + in.source_cycles, static_cast<double>(in.bytes * links));
  return free;
}

void LoadEngine::job_done(Job& job) {
  if (!context_.options.data) return;
  if (job.view->share_bytes > 0)
    each_burst_at_home(job, [&](std::size_t index, const std::int8_t* from, std::size_t length) {
      std::memcpy(job.data.data() + index, from, length);
    });
  auto tile = std::make_shared<std::vector<std::int8_t>>(static_cast<std::size_t>(job.command.box().elements()));
  job.each_row([&](std::int64_t from, std::int64_t to, std::int64_t length) {
    std::memcpy(tile->data() + to, job.data.data() + from, static_cast<std::size_t>(length));
  });
  for (const Party& p : job.parties) p.entry->bytes = tile;
}

void LoadEngine::finish(const InFlight& entry) {
  if (entry.bytes) std::copy(entry.bytes->begin(), entry.bytes->end(), core_.gb.at(entry.command[SIMBA_CMD_GB]));
}

StoreEngine::StoreEngine(sc_core::sc_module_name name, RunContext& context, Scoreboard& scoreboard, ChipletCore& core,
                         PackageFabric& fabric)
    : DmaEngine(name, context, scoreboard, core, fabric, SIMBA_STORE) {}

void StoreEngine::execute(InFlight& entry) {
  const Command& command = entry.command;
  context_.meter.add(command.node(), spec::Action::kGlobalBufferRead,
                     core_.gb.packed_accesses(command.box().elements()));
  wait_until(context_.now() + context_.arch.dma.setup_cycles);
  Job& job = start_job(command);
  job.parties = {{this, &entry, 0}};
  if (context_.options.data) {
    job.enable.assign(job.data.size(), TLM_BYTE_DISABLED);
    const std::int8_t* tile = core_.gb.at(command[SIMBA_CMD_GB]);
    job.each_row([&](std::int64_t to, std::int64_t from, std::int64_t length) {
      std::memcpy(job.data.data() + to, tile + from, static_cast<std::size_t>(length));
      std::memset(job.enable.data() + to, TLM_BYTE_ENABLED, static_cast<std::size_t>(length));
    });
  }
  issue(job);
}

void StoreEngine::submit(Job&, Burst& burst, std::int64_t cycle) {
  DramPort& port = fabric_.port(burst);
  const std::int64_t read = core_.gb.read_cycles(burst.bytes), lane = port.cycles(burst.bytes);
  const std::int64_t flits = fabric_.nop.flits(burst.bytes);
  const std::int64_t start = core_.gb.read_port.reserve(cycle, read);
  const std::int64_t arrival = fabric_.nop.transfer(start, {chiplet_, 0}, fabric_.dram(burst), burst.bytes) +
                               std::max<std::int64_t>(0, read - flits);
  const std::int64_t entry = port.reserve(std::max(cycle, arrival - std::max(lane, flits) + 1), burst.bytes);
  const std::int64_t byte_hops = burst.bytes * fabric_.nop.hops(chiplet_, fabric_.dram(burst).node);
  context_.meter.add(burst.node, spec::Action::kNopByteHop, byte_hops);
  context_.activity.add({}, Flow::kDramWrite, entry, entry + lane, static_cast<double>(burst.bytes));
  context_.activity.add({}, Flow::kNop, start, start + read, static_cast<double>(byte_hops));
  if (auto* logged = context_.log.burst(burst.log)) logged->slot = entry;
  port.submit(burst, std::max(arrival, entry + lane - 1));
}

std::int64_t StoreEngine::travel(Job& job, const AddressSpan& burst, std::int64_t cycle) {
  ChipletCore& owner = at_home(job, burst).core;
  const std::int64_t bytes = burst.bytes(), flits = fabric_.nop.flits(bytes);
  if (owner.id == chiplet_) return copy_own(job, bytes, cycle);
  const std::int64_t read = core_.gb.read_cycles(bytes), write = owner.gb.write_cycles(bytes);
  const std::int64_t start = core_.gb.read_port.reserve(cycle, read);
  const std::int64_t arrival =
      fabric_.nop.transfer(start, {chiplet_, 0}, {owner.id, 0}, bytes) + std::max<std::int64_t>(0, read - flits);
  const std::int64_t written =
      owner.gb.write_port.reserve(std::max(cycle, arrival - std::max(write, flits) + 1), write) + write - 1;
  const std::int64_t byte_hops = bytes * fabric_.nop.hops(chiplet_, owner.id);
  context_.meter.add(job.command.node(), spec::Action::kGlobalBufferWrite, owner.gb.packed_accesses(bytes));
  context_.meter.add(job.command.node(), spec::Action::kNopByteHop, byte_hops);
  context_.activity.add({}, Flow::kNop, start, start + read, static_cast<double>(byte_hops));
  const std::int64_t acknowledged = std::max(arrival, written) + fabric_.nop.message_cycles(owner.id, chiplet_);
  job.parties[0].last = std::max(job.parties[0].last, acknowledged);
  return acknowledged;
}

void StoreEngine::job_done(Job& job) {
  if (!context_.options.data || job.view->share_bytes == 0) return;
  each_burst_at_home(job, [&](std::size_t index, std::int8_t* to, std::size_t length) {
    for (std::size_t i = 0; i < length; ++i)
      if (job.enable[index + i] == TLM_BYTE_ENABLED) to[i] = static_cast<std::int8_t>(job.data[index + i]);
  });
}

std::int64_t StoreEngine::arrived(Job& job, const Burst& burst, std::int64_t cycle) {
  const std::int64_t acknowledged = cycle + fabric_.nop.message_cycles(fabric_.dram(burst).node, chiplet_);
  job.parties[0].last = std::max(job.parties[0].last, acknowledged);
  if (auto* logged = context_.log.burst(burst.log)) logged->end = acknowledged;
  return acknowledged;
}

}  // namespace heat::simba
