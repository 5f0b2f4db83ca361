// Workers take the next item from one counter. A thread remembers how many threads its item may use.
#include "base/jobs/parallel_for.h"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace heat::base {
namespace {

thread_local int t_share = 0;  // threads this thread's item may use; 0: it is in no loop

class ShareScope {
 public:
  explicit ShareScope(int share) : outer_(t_share) { t_share = share; }
  ~ShareScope() { t_share = outer_; }
  ShareScope(const ShareScope&) = delete;
  ShareScope& operator=(const ShareScope&) = delete;

 private:
  int outer_;
};

int available_cores() {
  const int cores = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  const char* allotted = std::getenv("SLURM_CPUS_ON_NODE");
  return allotted ? std::clamp(std::atoi(allotted), 1, cores) : cores;
}

// The exception of the smallest item.
class FirstFailure {
 public:
  void note(std::size_t item) {
    const std::lock_guard lock(mutex_);
    if (!error_ || item < item_) {
      item_ = item;
      error_ = std::current_exception();
    }
  }
  void rethrow() const {
    if (error_) std::rethrow_exception(error_);
  }

 private:
  std::mutex mutex_;
  std::size_t item_ = 0;
  std::exception_ptr error_;
};

}  // namespace

int thread_count(int requested) {
  if (t_share > 0) return requested > 0 ? std::min(requested, t_share) : t_share;
  return requested > 0 ? requested : available_cores();
}

int worker_count(std::size_t items, int threads) {
  return static_cast<int>(std::clamp<std::size_t>(items, 1, static_cast<std::size_t>(thread_count(threads))));
}

bool parallel_for(std::size_t count, int threads, const std::function<void(std::size_t, int)>& body,
                  const std::function<bool()>& stop) {
  const int workers = worker_count(count, threads), share = std::max(1, thread_count(threads) / workers);
  std::atomic<std::size_t> next{0}, done{0};
  std::atomic<bool> ended{false};
  FirstFailure failure;
  const auto work = [&](int worker) {
    const ShareScope scope(share);
    while (!ended && !(stop && stop())) {
      const std::size_t item = next++;
      if (item >= count) return;
      try {
        body(item, worker);
        ++done;
      } catch (...) {
        failure.note(item);
        ended = true;
      }
    }
  };
  std::vector<std::thread> others;
  for (int w = 1; w < workers; ++w) others.emplace_back(work, w);
  work(0);
  for (std::thread& t : others) t.join();
  failure.rethrow();
  return done == count;
}

}  // namespace heat::base
