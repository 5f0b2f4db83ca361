// Level 3: a factorised student learns from its teacher in two stages (paper 2.2.3, equations 3 and 4).
#pragma once

#include <string>
#include <vector>

#include "offline/model/factorize.h"
#include "offline/train/best_weights.h"
#include "offline/train/evaluate.h"
#include "offline/train/resumable.h"

namespace heat::offline {

struct DistillConfig {
  std::uint64_t seed = 1;
  std::int64_t stage_one_steps = 400;  // layer-wise: attention maps and hidden states of every block; 0: skipped
  std::int64_t stage_two_steps = 400;  // logits; 0: skipped
  std::int64_t batch_tokens = 1024;
  double stage_one_rate = 5e-4;
  double stage_two_rate = 2e-4;
  double warmup = 0.05;
  double weight_decay = 0.01;
  double dropout = 0.0;
  double temperature = 2.0;  // tau: both logits are divided by it in the KL term
  bool attention = true;     // ablation: stage one without attention maps
  bool hidden = true;        // ablation: stage one without hidden states
  double kl_weight = 0.5, ce_weight = 0.5;
  bool teacher_targets = false;  // cross entropy against the teacher's answer instead of the label
  bool train_embeddings = false;
  double average_decay = 0.0;    // moving average of the weights in stage two; 0: none
  std::int64_t dev_steps = 100;  // steps of stage two between two looks at dev; 0: at the stages' ends only

  std::string digest() const;
};

struct DistillResult {
  bool complete = false;         // false: interrupted
  std::vector<DevScore> scores;  // of "projected", "blocks" (stage one) and "logits" (stage two); empty without dev
  std::size_t kept = 0;          // the score whose weights the student has
};

// Trains `student` (teacher with factorize()d layers) in place. With `dev` texts the student ends with the weights of
// the best accuracy on them: the projection's, stage one's or those of a moment of stage two (of equal ones the later).
DistillResult distill(TorchModel& student, TorchModel& teacher, const std::vector<EncodedText>& texts,
                      const DistillConfig& config, const RunFolder& folder = {},
                      const ProgressCallback& progress = nullptr, const std::vector<EncodedText>& dev = {});

// The losses of one batch, for tests and ablations. valid: lengths of the texts [batch].
// Mean over blocks' valid rows of 1 - cos: of attention rows (per head and query, over keys) and of hidden vectors.
at::Tensor attention_loss(const NetworkOutputs& student, const NetworkOutputs& teacher, const at::Tensor& lengths);
at::Tensor hidden_loss(const NetworkOutputs& student, const NetworkOutputs& teacher, const at::Tensor& lengths);
// Mean over texts of KL(teacher softened by tau || student softened by tau).
at::Tensor softened_kl(const at::Tensor& student_logits, const at::Tensor& teacher_logits, double temperature);

}  // namespace heat::offline
