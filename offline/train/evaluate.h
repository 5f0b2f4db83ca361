// Accuracy of a classifier on encoded texts.
#pragma once

#include <vector>

#include "offline/model/torch_model.h"
#include "offline/model/wordpiece.h"
#include "offline/tasks/text_task.h"
#include "offline/train/run_control.h"
#include "offline/train/text_batches.h"

namespace heat::offline {

struct Evaluation {
  std::int64_t examples = 0;
  double accuracy = 0;                    // share of right answers, 0..1
  double loss = 0;                        // mean cross entropy
  std::vector<std::int32_t> predictions;  // by example
};

std::vector<EncodedText> encode_examples(const std::vector<TextExample>& examples, const WordPieceTokenizer& tokenizer,
                                         std::int64_t max_length);

// Batches of at most batch_tokens padded tokens; no gradients, no dropout.
Evaluation evaluate(TorchModel& model, const std::vector<EncodedText>& texts, std::int64_t batch_tokens = 4096,
                    const ProgressCallback& progress = nullptr);

// ids [rows, longest] int64 padded with 0, lengths [rows], labels [rows] of the texts `rows`.
struct BatchTensors {
  at::Tensor ids, lengths, labels;
};
BatchTensors make_batch(const std::vector<EncodedText>& texts, const std::vector<std::uint32_t>& rows);

}  // namespace heat::offline
