// A resource that serves one thing at a time (a link, a port): who may use it when. Plain class, no kernel.
//
// Requests need not come in order of time: each gets the earliest gap that is long enough, so that a burst announced
// for later does not block one that is ready now.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

namespace heat::simba {

class Calendar {
 public:
  struct Span {
    std::int64_t begin, end;
  };
  using Spans = std::vector<Span>;
  // Everything reserved from now on is appended to it, in the order of the requests.
  void keep(Spans& log) { log_ = &log; }
  // Start of the first `duration` free cycles at or after `earliest`, which become busy.
  std::int64_t reserve(std::int64_t earliest, std::int64_t duration) {
    if (duration <= 0) return earliest;
    auto it = first_after(earliest);
    std::int64_t start = earliest;
    for (; it != busy_.end() && it->begin < start + duration; ++it) start = it->end;
    insert(it, start, start + duration);
    if (log_) log_->push_back({start, start + duration});
    used_ += duration;
    return start;
  }
  // Cycles that were reserved, in all.
  std::int64_t used() const { return used_; }
  // Nothing will be asked for before `now` any more: forgets what ended before it.
  void forget_before(std::int64_t now) {
    while (first_ < busy_.size() && busy_[first_].end <= now) ++first_;
    if (first_ < 64) return;
    busy_.erase(busy_.begin(), busy_.begin() + static_cast<std::ptrdiff_t>(first_));
    first_ = 0;
  }

 private:
  // The first span that ends after `t`; most requests are for times near the last one.
  Spans::iterator first_after(std::int64_t t) {
    const auto first = busy_.begin() + static_cast<std::ptrdiff_t>(first_);
    auto last = busy_.end();
    for (int i = 0; i < kNear; ++i, --last)
      if (last == first || std::prev(last)->end <= t) return last;
    return std::upper_bound(first, last, t, [](std::int64_t at, const Span& s) { return at < s.end; });
  }
  static constexpr int kNear = 4;
  void insert(Spans::iterator at, std::int64_t begin, std::int64_t end) {
    const bool joins_next = at != busy_.end() && at->begin == end;
    const bool joins_previous =
        at != busy_.begin() + static_cast<std::ptrdiff_t>(first_) && std::prev(at)->end == begin;
    if (joins_previous && joins_next) {
      std::prev(at)->end = at->end;
      busy_.erase(at);
    } else if (joins_previous) {
      std::prev(at)->end = end;
    } else if (joins_next) {
      at->begin = begin;
    } else {
      busy_.insert(at, Span{begin, end});
    }
  }
  Spans busy_;  // sorted, disjoint, not touching; entries before first_ are forgotten
  std::size_t first_ = 0;
  Spans* log_ = nullptr;
  std::int64_t used_ = 0;
};

}  // namespace heat::simba
