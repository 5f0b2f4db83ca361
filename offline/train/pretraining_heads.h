// The heads that serve training only: masked-language model (its decoder is the transposed word embedding) and the
// multi-label target.
#pragma once

#include <ATen/ATen.h>

#include <vector>

#include "base/random.h"
#include "offline/model/linear.h"
#include "offline/network/model_config.h"
#include "offline/train/text_batches.h"

namespace heat::offline {

class PretrainingHeads {
 public:
  PretrainingHeads(const ModelConfig& config, std::int64_t auxiliary_classes, std::uint64_t seed);
  NamedTensors named_parameters() const;

  // Mean cross entropy of the pieces `targets` [n] at flat positions `positions` [n] of sequence [batch, tokens,
  // hidden].
  at::Tensor masked_loss(const at::Tensor& sequence, const at::Tensor& word_embeddings, const at::Tensor& positions,
                         const at::Tensor& targets) const;
  // Mean over the rows that have classes of -mean over its classes of log softmax.
  at::Tensor auxiliary_loss(const at::Tensor& pooled, const std::vector<EncodedText>& texts,
                            const std::vector<std::uint32_t>& rows) const;

 private:
  double eps_;
  at::Tensor transform_weight_, transform_bias_, norm_weight_, norm_bias_, decoder_bias_;
  at::Tensor auxiliary_weight_, auxiliary_bias_;
};

// Hides pieces of a batch in place, decided by `rng` only.
struct MaskedPieces {
  at::Tensor positions, targets;  // flat positions in ids and the pieces that were there
};
MaskedPieces hide_pieces(at::Tensor& ids, const at::Tensor& lengths, double probability, std::int64_t vocab_size,
                         std::int32_t mask_id, base::CounterRng rng);

}  // namespace heat::offline
