// Encoded texts and their grouping into batches of like length.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

namespace heat::offline {

struct EncodedText {
  std::vector<std::int32_t> ids;        // [CLS] ... [SEP]
  std::int32_t label = -1;              // -1: none
  std::vector<std::int32_t> auxiliary;  // classes of the multi-label target
};

using BatchPlan = std::vector<std::vector<std::uint32_t>>;  // indices of the texts of each batch

// A shuffled pass over texts of the given lengths: shuffles, sorts by length within windows of about 50 batches, cuts
// batches of at most batch_tokens padded tokens, shuffles the batches. Depends on the arguments only.
BatchPlan plan_epoch(const std::vector<std::uint32_t>& lengths, std::int64_t batch_tokens, std::uint64_t seed,
                     std::uint64_t epoch);

// All texts once, longest first (for evaluation).
BatchPlan plan_in_order(const std::vector<std::uint32_t>& lengths, std::int64_t batch_tokens);

// Keeps `limit` of the texts, every n-th, so that they have the whole's mix (files are often sorted by label) and depend
// on no seed; 0 or more than there are: all. The one meaning of every configuration's train_limit, dev_limit, ...
template <class Text>
void limit_texts(std::vector<Text>& texts, std::int64_t limit) {
  const auto count = static_cast<std::int64_t>(texts.size());
  if (limit <= 0 || count <= limit) return;
  std::vector<Text> kept;
  for (std::int64_t i = 0; i < limit; ++i) kept.push_back(texts[static_cast<std::size_t>(i * count / limit)]);
  texts = std::move(kept);
}

std::vector<std::uint32_t> lengths_of(const std::vector<EncodedText>& texts);

// Batches in an endless sequence of shuffled epochs, addressed by the step.
class BatchStream {
 public:
  BatchStream(const std::vector<EncodedText>& texts, std::int64_t batch_tokens, std::uint64_t seed);
  const std::vector<std::uint32_t>& at(std::int64_t step);

 private:
  std::vector<std::uint32_t> lengths_;
  std::int64_t batch_tokens_;
  std::uint64_t seed_;
  std::int64_t epoch_ = -1, first_ = 0;
  BatchPlan plan_;
};

}  // namespace heat::offline
