// Texts are independent, so threads take them in any order; what is added up are counts.
#include "offline/pipeline/int8_accuracy.h"

#include <ATen/Parallel.h>

#include <algorithm>

#include "base/errors.h"
#include "offline/model/embed.h"
#include "offline/train/evaluate.h"

namespace heat::offline {
namespace {

// The class that the head gives the integer body's result.
std::int64_t answer_of(TorchModel& model, const IntegerNetwork& body, const EncodedText& text) {
  at::NoGradGuard no_grad;  // a thread's own
  std::vector<float> output = body.run(embed(model, text.ids));
  const auto tokens = static_cast<std::int64_t>(text.ids.size());
  const at::Tensor sequence =
      at::from_blob(output.data(), {1, tokens, static_cast<std::int64_t>(output.size()) / tokens}, at::kFloat);
  const at::Tensor logits = model.head(sequence).logits;
  HEAT_CHECK(logits.defined(), "the model has a classifier");
  return logits.argmax(1).item<std::int64_t>();
}

}  // namespace

Int8Accuracy int8_accuracy(TorchModel& model, IntegerNetwork& body, const std::vector<EncodedText>& texts,
                           const std::function<void(std::int64_t)>& progress) {
  Int8Accuracy result;
  result.examples = static_cast<std::int64_t>(texts.size());
  if (texts.empty()) return result;
  for (const EncodedText& t : texts) body.prepare(static_cast<std::int64_t>(t.ids.size()));
  std::vector<std::int64_t> answers(texts.size());
  constexpr std::int64_t kBatch = 50;
  for (std::int64_t begin = 0; begin < result.examples; begin += kBatch) {
    if (progress) progress(begin);
    at::parallel_for(begin, std::min(result.examples, begin + kBatch), 1, [&](std::int64_t from, std::int64_t to) {
      for (std::int64_t i = from; i < to; ++i)
        answers[static_cast<std::size_t>(i)] = answer_of(model, body, texts[static_cast<std::size_t>(i)]);
    });
  }
  const Evaluation real = evaluate(model, texts);
  std::int64_t right = 0, same = 0;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    right += answers[i] == texts[i].label;
    same += answers[i] == real.predictions[i];
  }
  const auto share = [&](std::int64_t n) { return static_cast<double>(n) / static_cast<double>(result.examples); };
  result.accuracy = share(right);
  result.float_accuracy = real.accuracy;
  result.agreement = share(same);
  return result;
}

}  // namespace heat::offline
