#include "base/jobs/parallel_for.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace heat::base {
namespace {

TEST(ParallelFor, AnyThreadsThenEveryItemOnce) {
  for (int threads : {1, 2, 5, 64}) {
    std::vector<std::atomic<int>> times(41);
    const int workers = worker_count(times.size(), threads);
    EXPECT_EQ(workers, std::min(41, threads));
    EXPECT_TRUE(parallel_for(times.size(), threads, [&](std::size_t i, int worker) {
      EXPECT_LT(worker, workers);
      ++times[i];
    }));
    for (const auto& t : times) EXPECT_EQ(t, 1);
  }
  EXPECT_TRUE(parallel_for(0, 3, [](std::size_t, int) { FAIL(); }));
}

TEST(ParallelFor, WorkerThenAlwaysTheSameThread) {
  std::vector<std::set<std::thread::id>> ids(3);
  std::mutex mutex;
  parallel_for(50, 3, [&](std::size_t, int worker) {
    const std::lock_guard lock(mutex);
    ids[static_cast<std::size_t>(worker)].insert(std::this_thread::get_id());
  });
  for (const auto& set : ids) EXPECT_LE(set.size(), 1u);
  EXPECT_EQ(ids[0].count(std::this_thread::get_id()), ids[0].size());
}

TEST(ParallelFor, SeveralFailuresThenThatOfTheSmallestItemAndNoMoreStarts) {
  for (int threads : {1, 4}) {
    std::atomic<int> started{0};
    try {
      parallel_for(1000, threads, [&](std::size_t i, int) {
        ++started;
        if (i == 3) std::this_thread::sleep_for(std::chrono::milliseconds(30));
        if (i >= 3) throw std::runtime_error(std::to_string(i));
      });
      FAIL() << "no exception";
    } catch (const std::runtime_error& e) {
      EXPECT_STREQ(e.what(), "3");
    }
    EXPECT_LT(started, 20);
  }
}

TEST(ParallelFor, StopThenNoFurtherItemAndFalse) {
  std::atomic<int> done{0};
  EXPECT_FALSE(parallel_for(
      100, 2, [&](std::size_t, int) { ++done; }, [&] { return done >= 5; }));
  EXPECT_GE(done, 5);
  EXPECT_LE(done, 6);
}

TEST(ParallelFor, LoopInALoopThenThreadsDoNotMultiply) {
  std::atomic<int> now{0}, most{0};
  const auto busy = [&] {
    const int running = ++now;
    int seen = most;
    while (running > seen && !most.compare_exchange_weak(seen, running)) {
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    --now;
  };
  parallel_for(6, 2, [&](std::size_t, int) {
    EXPECT_EQ(thread_count(8), 1);
    EXPECT_EQ(thread_count(0), 1);
    parallel_for(6, 8, [&](std::size_t, int) { busy(); });
  });
  EXPECT_LE(most, 2);
  most = 0;
  // Two items on eight threads leave four to each.
  parallel_for(2, 8, [&](std::size_t, int) {
    EXPECT_EQ(thread_count(0), 4);
    EXPECT_EQ(thread_count(3), 3);
  });
  EXPECT_EQ(thread_count(8), 8);
}

TEST(ParallelFor, InASlurmJobThenItsCpusAtMost) {
  const int cores = static_cast<int>(std::thread::hardware_concurrency());
  setenv("SLURM_CPUS_ON_NODE", "1", 1);
  EXPECT_EQ(thread_count(0), 1);
  EXPECT_EQ(thread_count(3), 3);
  setenv("SLURM_CPUS_ON_NODE", "100000", 1);
  EXPECT_EQ(thread_count(0), cores);
  unsetenv("SLURM_CPUS_ON_NODE");
}

}  // namespace
}  // namespace heat::base
