// Level 2: one set of core tensors whose leading ranks serve every SubNet (paper 2.2.2).
#pragma once

#include <string>
#include <vector>

#include "offline/model/factorize.h"
#include "offline/train/evaluate.h"
#include "offline/train/rank_ladder.h"
#include "offline/train/resumable.h"

namespace heat::offline {

struct SuperNetConfig {
  std::uint64_t seed = 1;
  std::int64_t steps = 300;
  std::int64_t batch_tokens = 1024;
  double learning_rate = 2e-4;
  double warmup = 0.05;
  double weight_decay = 0.01;
  double dropout = 0.0;
  double teacher_weight = 0.5;  // share of the KL to the teacher's logits in the loss; the rest: labels
  bool train_embeddings = false;
  // The four stabilising techniques; each off for ablation.
  bool first_ranks = true;  // off: r random entries along each axis instead of the first r
  int limited_change = 1;   // ladder steps a layer may move between iterations; 0: no limit
  bool sandwich = true;     // largest, smallest and random SubNet every step; off: random only
  bool normalize_variance = true;

  std::string digest() const;
};

class SuperNet {
 public:
  // Decomposes the teacher's planned layers at their maximal ranks. fractions: of the maximal rank, ascending.
  SuperNet(const TorchModel& teacher, const std::vector<LayerForm>& max_forms, const std::vector<double>& fractions,
           bool normalize_variance = true, const DecomposeOptions& options = {});

  // A trained SuperNet read back: `model` holds factorised layers of the ladders' maximal ranks. teacher: where the
  // target variances come from; null: no normalisation.
  SuperNet(TorchModel model, std::vector<RankLadder> ladders, const TorchModel* teacher);

  const std::vector<RankLadder>& ladders() const { return ladders_; }
  TorchModel& model() { return model_; }
  SuperNet copy() const { return SuperNet(clone(model_), ladders_, nullptr); }
  void activate(const SubNet& subnet);
  SubNet largest() const;
  SubNet smallest() const;
  std::int64_t params(const SubNet& subnet) const;
  std::vector<LayerForm> forms(const SubNet& subnet) const;

 private:
  TorchModel model_;
  std::vector<RankLadder> ladders_;
};

// The random SubNet of each step. With limited change it is a walk: every layer moves by at most so many ladder steps.
SubNet walk_subnet(const std::vector<RankLadder>& ladders, std::uint64_t seed, std::int64_t step, int limited_change);
// Independent uniform SubNets.
std::vector<SubNet> random_subnets(const std::vector<RankLadder>& ladders, std::int64_t count, std::uint64_t seed);

// Trains on the labelled texts. Returns false when it was interrupted (see ResumableRun).
bool train_supernet(SuperNet& supernet, TorchModel& teacher, const std::vector<EncodedText>& texts,
                    const SuperNetConfig& config, const RunFolder& folder = {},
                    const ProgressCallback& progress = nullptr);

}  // namespace heat::offline
