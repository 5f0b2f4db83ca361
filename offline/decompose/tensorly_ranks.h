// Ranks as TensorLy gives them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "spec/form.h"

namespace heat::offline {

enum class Rounding { kRound, kFloor, kCeil };

// "round", "floor" or "ceil". Throws base::ConfigError otherwise.
Rounding rounding_from_name(const std::string& name);

// TensorLy's functions, by what they give ranks of.
enum class TensorLyRule {
  kComponents,   // validate_cp_rank
  kMultilinear,  // validate_tucker_rank
  kTrain,        // validate_tt_rank
  kRing,         // validate_tr_rank
  kTrainMatrix,  // validate_tt_matrix_rank
};

struct RankChoice {
  std::vector<std::int64_t> ranks;
  std::int64_t params = 0;
  double achieved_ratio = 0;
};

struct TensorLyOptions {
  Rounding rounding = Rounding::kRound;
  bool constant_rank = false;            // kTrain only
  std::vector<std::size_t> fixed_modes;  // kMultilinear only: modes left at full rank
};

// Throws base::ConfigError unless it is finite and above 0.
void require_ratio(double ratio);

// The rank rules of TensorLy 0.9.0, equal in every case, rounding included: the baseline S(Ours)-R(TensorLy). They
// neither keep to the ratio nor to what is feasible. `modes`: for kTrainMatrix, row modes then column modes.
// Throws base::ConfigError where TensorLy's equation has no solution.
RankChoice tensorly_ranks(TensorLyRule rule, const std::vector<std::int64_t>& modes, double ratio,
                          const TensorLyOptions& options = {});

}  // namespace heat::offline
