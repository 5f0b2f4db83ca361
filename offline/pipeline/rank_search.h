// Level 2's search on a table of costs, and what stands beside it.
#pragma once

#include <string>
#include <vector>

#include "offline/model/factorize.h"
#include "offline/pipeline/stage_results.h"
#include "offline/pipeline/subnets.h"
#include "offline/search/evolution.h"
#include "offline/train/supernet.h"

namespace heat::offline {

constexpr int kRunnersUp = 15;

struct SearchRound {
  SubNet subnet;
  double accuracy = 0;             // predicted
  std::vector<SubNet> runners_up;  // the next best on the same Pareto front, at most kRunnersUp
  SearchReport report;
};

// Evolves on `table` under the EDP limit; of what was seen the SubNet of least score whose predicted accuracy is within
// config.max_accuracy_drop of the largest SubNet's, else the most accurate within the limit. `start` joins the first
// generation.
SearchRound search_ranks(const PipelineConfig& config, const std::vector<RankLadder>& ladders, const ChoiceTable& table,
                         const AccuracyPredictor& predictor, double dense_edp_js, const std::vector<SubNet>& start);

}  // namespace heat::offline
