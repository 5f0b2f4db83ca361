// Texts are independent, so threads take them in any order; what is added up are counts.
#include "offline/pipeline/int8_accuracy.h"

#include <ATen/Parallel.h>

#include <algorithm>

#include "offline/pipeline/model_forms.h"
#include "offline/train/evaluate.h"

namespace heat::offline {

Int8Accuracy int8_accuracy(Bert& model, IntegerEncoder& encoder, const std::vector<EncodedText>& texts,
                           const std::function<void(std::int64_t)>& progress) {
  at::NoGradGuard no_grad;
  Int8Accuracy result;
  result.examples = static_cast<std::int64_t>(texts.size());
  if (texts.empty()) return result;
  const std::int64_t hidden = model.config().hidden_size;
  for (const EncodedText& t : texts) encoder.prepare(static_cast<std::int64_t>(t.ids.size()));
  at::Tensor first = at::empty({result.examples, hidden}, at::kFloat);  // the last hidden state of [CLS], by text
  constexpr std::int64_t kBatch = 50;
  for (std::int64_t begin = 0; begin < result.examples; begin += kBatch) {
    if (progress) progress(begin);
    at::parallel_for(begin, std::min(result.examples, begin + kBatch), 1, [&](std::int64_t from, std::int64_t to) {
      for (std::int64_t i = from; i < to; ++i) {
        const std::vector<float> output = encoder.run(embed_tokens(model, texts[static_cast<std::size_t>(i)].ids));
        std::copy_n(output.begin(), hidden, first.data_ptr<float>() + i * hidden);
      }
    });
  }
  const at::Tensor answers = model.classify(first).argmax(1).contiguous();
  const Evaluation real = evaluate(model, texts);
  std::int64_t right = 0, same = 0;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const std::int64_t answer = answers.data_ptr<std::int64_t>()[i];
    right += answer == texts[i].label;
    same += answer == real.predictions[i];
  }
  const auto share = [&](std::int64_t n) { return static_cast<double>(n) / static_cast<double>(result.examples); };
  result.accuracy = share(right);
  result.float_accuracy = real.accuracy;
  result.agreement = share(same);
  return result;
}

}  // namespace heat::offline
