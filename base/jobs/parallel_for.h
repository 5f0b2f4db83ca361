// Items of work on threads of this process.
#pragma once

#include <cstddef>
#include <functional>

namespace heat::base {

// How many threads `requested` means here: 0 is the cores this process may use (its affinity, and in a Slurm job the
// CPUs that the job has on its node). Inside a parallel_for it is never more than the item's own share of that loop's
// threads, so that loops within loops do not multiply: two threads on one core that wait for one another cost many
// times what they save.
int thread_count(int requested);

// The workers that parallel_for takes for so many items: at least 1, for states that every worker has of its own.
int worker_count(std::size_t items, int threads);

// Calls body(item, worker) once for every item in [0, count), worker in [0, worker_count(count, threads)); worker 0 is
// the calling thread. Items start in ascending order. After an exception no further item starts; those under way end,
// and the exception of the smallest item is thrown (the same one at any number of threads). `stop` is asked before an
// item starts: true ends the loop likewise. False: stopped before all items were done.
bool parallel_for(std::size_t count, int threads, const std::function<void(std::size_t item, int worker)>& body,
                  const std::function<bool()>& stop = nullptr);

}  // namespace heat::base
