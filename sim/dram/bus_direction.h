// Whether a channel serves reads or writes now. Writes are posted: they are drained in batches between two watermarks, or
// when no read may go. An access that has waited for DramController::max_wait_cycles turns the bus around; what is queued
// then in its direction is served before the bus may turn again, so that under overload both sides get batches.
#pragma once

#include "sim/dram/request_queue.h"
#include "spec/dram_spec.h"

namespace heat::dram {

class BusDirection {
 public:
  explicit BusDirection(const spec::DramController& policy)
      : high_(policy.write_high_watermark),
        low_(policy.write_low_watermark),
        max_wait_(policy.max_wait_cycles > 0 ? policy.max_wait_cycles : kNever) {}

  bool writes() const { return writes_; }
  // After the queues changed in cycle t. `age`: of the next access that will be accepted. Returns whether the bus turned.
  bool update(RequestQueue& reads, RequestQueue& writes, std::uint64_t age, Cycle t) {
    const bool before = writes_;
    if (batch_end_ > 0 && (writes_ ? writes : reads).has_older(batch_end_)) return false;
    batch_end_ = 0;
    writes_ = wanted(reads, writes);
    RequestQueue& other = before ? reads : writes;
    if (writes_ == before && other.waits_since(t - max_wait_)) writes_ = !before;
    if (writes_ != before && other.waits_since(t - max_wait_)) batch_end_ = age;
    return writes_ != before;
  }

 private:
  bool wanted(const RequestQueue& reads, const RequestQueue& writes) const {
    if (writes.size() == writes.held()) return false;
    if (reads.size() == reads.held()) return true;
    // Reads that wait for writes of their address are not left to the watermarks.
    if (reads.held() > 0 && writes.held() == 0) return true;
    return writes_ ? writes.size() > low_ : writes.size() >= high_;
  }

  int high_, low_;
  Cycle max_wait_;
  bool writes_ = false;
  std::uint64_t batch_end_ = 0;  // accesses older than this go before the bus turns; 0: none
};

}  // namespace heat::dram
