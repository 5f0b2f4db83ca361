// Length bucketing: glosses have a median of 10 words and a tail to 80, so padding to the batch's own maximum with
// neighbours of like length saves more than half of the arithmetic.
#include "offline/train/text_batches.h"

#include <algorithm>
#include <numeric>

#include "base/random.h"

namespace heat::offline {
namespace {

// Cuts order[begin, end), sorted by decreasing length, into batches.
void cut(const std::vector<std::uint32_t>& order, std::size_t begin, std::size_t end,
         const std::vector<std::uint32_t>& lengths, std::int64_t batch_tokens, BatchPlan& out) {
  while (begin < end) {
    const std::size_t rows = std::max<std::int64_t>(1, batch_tokens / lengths[order[begin]]);
    const std::size_t stop = std::min(end, begin + rows);
    out.emplace_back(order.begin() + begin, order.begin() + stop);
    begin = stop;
  }
}

}  // namespace

BatchPlan plan_epoch(const std::vector<std::uint32_t>& lengths, std::int64_t batch_tokens, std::uint64_t seed,
                     std::uint64_t epoch) {
  std::vector<std::uint32_t> order(lengths.size());
  std::iota(order.begin(), order.end(), 0u);
  base::CounterRng rng(base::counter_hash(seed, 0x62617463, epoch));
  shuffle(order, rng);
  BatchPlan plan;
  for (std::size_t begin = 0; begin < order.size();) {
    std::int64_t tokens = 0;
    std::size_t end = begin;
    while (end < order.size() && tokens < 50 * batch_tokens) tokens += lengths[order[end++]];
    std::stable_sort(order.begin() + begin, order.begin() + end,
                     [&](std::uint32_t a, std::uint32_t b) { return lengths[a] > lengths[b]; });
    cut(order, begin, end, lengths, batch_tokens, plan);
    begin = end;
  }
  shuffle(plan, rng);
  return plan;
}

BatchPlan plan_in_order(const std::vector<std::uint32_t>& lengths, std::int64_t batch_tokens) {
  std::vector<std::uint32_t> order(lengths.size());
  std::iota(order.begin(), order.end(), 0u);
  std::stable_sort(order.begin(), order.end(),
                   [&](std::uint32_t a, std::uint32_t b) { return lengths[a] > lengths[b]; });
  BatchPlan plan;
  cut(order, 0, order.size(), lengths, batch_tokens, plan);
  return plan;
}

std::vector<std::uint32_t> lengths_of(const std::vector<EncodedText>& texts) {
  std::vector<std::uint32_t> lengths;
  lengths.reserve(texts.size());
  for (const EncodedText& t : texts) lengths.push_back(static_cast<std::uint32_t>(t.ids.size()));
  return lengths;
}

BatchStream::BatchStream(const std::vector<EncodedText>& texts, std::int64_t batch_tokens, std::uint64_t seed)
    : lengths_(lengths_of(texts)), batch_tokens_(batch_tokens), seed_(seed) {}

const std::vector<std::uint32_t>& BatchStream::at(std::int64_t step) {
  if (step < first_) {
    epoch_ = -1;
    first_ = 0;
    plan_.clear();
  }
  while (step >= first_ + static_cast<std::int64_t>(plan_.size())) {
    first_ += static_cast<std::int64_t>(plan_.size());
    plan_ = plan_epoch(lengths_, batch_tokens_, seed_, static_cast<std::uint64_t>(++epoch_));
  }
  return plan_[step - first_];
}

}  // namespace heat::offline
