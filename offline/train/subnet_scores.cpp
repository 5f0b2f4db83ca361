// SubNets are scored on threads of their own, each with its copy of the SuperNet. Threads that share no arithmetic do
// not wait for one another: with a busy core this costs that core's share, where two threads inside each matrix product
// cost many times as much.
#include "offline/train/subnet_scores.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <atomic>
#include <cmath>

#include "base/errors.h"
#include "base/jobs/interrupt.h"
#include "base/jobs/parallel_for.h"
#include "offline/train/evaluate.h"
#include "offline/train/score_parts.h"

namespace heat::offline {
namespace {

// The caller is one of the workers, and goes on with as many threads inside an operation as it had.
struct CallersThreads {
  const int count = at::get_num_threads();
  ~CallersThreads() { at::set_num_threads(count); }
};

class Scorer {
 public:
  Scorer(SuperNet& supernet, const std::vector<EncodedText>& texts, int threads)
      : supernet_(supernet), texts_(texts), threads_(threads) {
    for (int t = 1; t < threads; ++t) copies_.push_back(supernet.copy());
  }

  // Fills the scores of `open`. `progress` gets the number of finished ones, always from the same thread.
  // False: interrupted before all were done.
  bool run(const std::vector<SubNetScore*>& open, const std::function<void(std::size_t)>& progress) {
    const CallersThreads restore;
    std::atomic<std::size_t> done{0};
    return base::parallel_for(
        open.size(), threads_,
        [&](std::size_t i, int worker) {
          score(worker == 0 ? supernet_ : copies_[static_cast<std::size_t>(worker - 1)], *open[i]);
          ++done;
          if (worker == 0) progress(done);
        },
        base::interrupted);
  }

 private:
  void score(SuperNet& net, SubNetScore& score) const {
    at::set_num_threads(1);  // of this thread
    net.activate(score.subnet);
    const Evaluation e = evaluate(net.model(), texts_);
    score.accuracy = e.accuracy;
    score.loss = e.loss;
  }

  SuperNet& supernet_;
  const std::vector<EncodedText>& texts_;
  int threads_;
  std::vector<SuperNet> copies_;
};

}  // namespace

std::vector<SubNetScore> score_subnets(SuperNet& supernet, const std::vector<EncodedText>& texts,
                                       const std::vector<SubNet>& subnets, const ScoreOptions& options) {
  constexpr std::size_t kStored = 10;  // SubNets between two writes
  StoredScores stored = options.folder.empty() ? StoredScores{} : read_scores(options.folder);
  std::vector<SubNetScore> scores;
  for (std::size_t i = 0; i < subnets.size(); ++i)
    if (options.shard.owns(i)) scores.push_back({subnets[i], 0, 0});
  std::vector<SubNetScore*> open;
  for (SubNetScore& s : scores) {
    const auto known = stored.find(s.subnet);
    if (known == stored.end())
      open.push_back(&s);
    else
      s = {s.subnet, known->second.accuracy, known->second.loss};
  }
  Scorer scorer(supernet, texts, std::max(1, options.threads));
  ProgressMeter meter("score SubNets", 0, static_cast<std::int64_t>(scores.size()), options.progress);
  const std::size_t kept = scores.size() - open.size();
  for (std::size_t begin = 0; begin < open.size(); begin += kStored) {
    const std::vector<SubNetScore*> some(
        open.begin() + static_cast<std::ptrdiff_t>(begin),
        open.begin() + static_cast<std::ptrdiff_t>(std::min(open.size(), begin + kStored)));
    const bool whole = scorer.run(
        some, [&](std::size_t done) { meter.step(static_cast<std::int64_t>(kept + begin + done), std::nan("")); });
    if (!whole) throw base::Error("interrupted while scoring SubNets; finished ones are kept");
    for (const SubNetScore* s : some) stored[s->subnet] = {s->accuracy, s->loss};
    const bool last = begin + kStored >= open.size();
    if (!options.folder.empty() && !last) write_scores(options.folder, options.shard, subnets, stored);
  }
  if (!options.folder.empty()) write_scores(options.folder, options.shard, subnets, stored);
  return scores;
}

}  // namespace heat::offline
