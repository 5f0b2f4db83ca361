// Ranks from a target ratio (parameters over dense parameters).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "offline/decompose/tensor_shape.h"

namespace heat::offline {

enum class Rounding { kRound, kFloor, kCeil };

// "round", "floor" or "ceil". Throws spec::ConfigError otherwise.
Rounding rounding_from_name(const std::string& name);

// Factorisations that the TensorLy rule knows: ours plus the tensor train and the tensor ring of a plain tensor.
enum class RankFormat { kCp, kTucker, kTensorTrain, kTensorRing, kTensorTrainMatrix };

struct RankChoice {
  std::vector<std::int64_t> ranks;
  std::int64_t params = 0;
  double achieved_ratio = 0;
};

struct TensorLyOptions {
  Rounding rounding = Rounding::kRound;
  bool constant_rank = false;            // tensor train only
  std::vector<std::size_t> fixed_modes;  // tucker only: modes left at full rank
};

// The rank rules of TensorLy 0.9.0 (validate_cp_rank, validate_tucker_rank, validate_tt_rank, validate_tr_rank,
// validate_tt_matrix_rank), equal in every case, rounding included: the baseline S(Ours)-R(TensorLy). They neither keep
// to the ratio nor to what is feasible. `modes`: for a TTM, row modes then column modes.
// Throws spec::ConfigError where TensorLy's equation has no solution.
RankChoice tensorly_ranks(RankFormat format, const std::vector<std::int64_t>& modes, double ratio,
                          const TensorLyOptions& options = {});

// The largest ranks that stay within the ratio, in proportion to the modes (tucker), equal (ttm), without knowing the
// matrix; tucker ranks above the product of the others are not wasted.
RankChoice fitting_ranks(Method method, const TensorShape& shape, double ratio);

// The ranks of lowest error within a ratio for one matrix: tucker by the energy of the HOSVD core over all ranks that
// fit, ttm by the singular values of its unfoldings, cp and svd the largest that fits. The spectra are computed once,
// for any number of ratios.
class RankPlanner {
 public:
  // w row-major [rows, cols]; must outlive the planner.
  RankPlanner(std::span<const double> w, Method method, TensorShape shape, int threads = 0);
  // Throws spec::ConfigError when not even rank 1 fits.
  RankChoice within(double ratio) const;

 private:
  std::span<const double> w_;
  Method method_;
  TensorShape shape_;
  int threads_;
  std::vector<double> tucker_energies_;
  std::vector<std::vector<double>> ttm_values_;
};

// RankPlanner for one ratio.
RankChoice best_ranks(std::span<const double> w, Method method, const TensorShape& shape, double ratio,
                      int threads = 0);

}  // namespace heat::offline
