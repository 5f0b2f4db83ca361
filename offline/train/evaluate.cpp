// Longest batches first, so that the largest allocation comes first and the remaining time is overestimated, not under.
#include "offline/train/evaluate.h"

#include <cmath>

#include "base/errors.h"

namespace heat::offline {

std::vector<EncodedText> encode_examples(const std::vector<TextExample>& examples, const WordPieceTokenizer& tokenizer,
                                         std::int64_t max_length) {
  std::vector<EncodedText> out;
  out.reserve(examples.size());
  for (const TextExample& e : examples) out.push_back({tokenizer.encode(e.text, max_length), e.label, {}});
  return out;
}

BatchTensors make_batch(const std::vector<EncodedText>& texts, const std::vector<std::uint32_t>& rows) {
  const auto n = static_cast<std::int64_t>(rows.size());
  std::size_t longest = 1;
  for (std::uint32_t r : rows) longest = std::max(longest, texts[r].ids.size());
  BatchTensors batch{at::zeros({n, static_cast<std::int64_t>(longest)}, at::kLong), at::empty({n}, at::kLong),
                     at::empty({n}, at::kLong)};
  auto* ids = batch.ids.data_ptr<std::int64_t>();
  for (std::int64_t i = 0; i < n; ++i) {
    const EncodedText& t = texts[rows[i]];
    std::copy(t.ids.begin(), t.ids.end(), ids + i * static_cast<std::int64_t>(longest));
    batch.lengths.data_ptr<std::int64_t>()[i] = static_cast<std::int64_t>(t.ids.size());
    batch.labels.data_ptr<std::int64_t>()[i] = t.label;
  }
  return batch;
}

Evaluation evaluate(TorchModel& model, const std::vector<EncodedText>& texts, std::int64_t batch_tokens,
                    const ProgressCallback& progress) {
  at::NoGradGuard no_grad;
  Evaluation result;
  result.examples = static_cast<std::int64_t>(texts.size());
  result.predictions.resize(texts.size());
  std::int64_t right = 0, done = 0;
  ProgressMeter meter("evaluate", 0, result.examples, progress);
  for (const auto& rows : plan_in_order(lengths_of(texts), batch_tokens)) {
    const BatchTensors batch = make_batch(texts, rows);
    const at::Tensor logits = model.forward(batch.ids, batch.lengths).logits;
    HEAT_CHECK(logits.defined(), "the model has a classifier");
    result.loss += at::cross_entropy_loss(logits, batch.labels, {}, at::Reduction::Sum).item<double>();
    const at::Tensor best = logits.argmax(1).contiguous();
    for (std::size_t i = 0; i < rows.size(); ++i) {
      result.predictions[rows[i]] = static_cast<std::int32_t>(best.data_ptr<std::int64_t>()[i]);
      right += result.predictions[rows[i]] == texts[rows[i]].label;
    }
    done += static_cast<std::int64_t>(rows.size());
    meter.step(done, std::nan(""));
  }
  if (result.examples > 0) {
    result.accuracy = static_cast<double>(right) / static_cast<double>(result.examples);
    result.loss /= static_cast<double>(result.examples);
  }
  return result;
}

}  // namespace heat::offline
