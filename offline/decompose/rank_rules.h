// Ranks from a target ratio (parameters over dense parameters).
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "offline/decompose/methods.h"
#include "offline/decompose/tensorly_ranks.h"

namespace heat::offline {

// The largest ranks of a method that stay within the ratio without knowing the matrix. Throws base::ConfigError when not
// even rank 1 fits.
RankChoice fitting_ranks(const Method& method, const TensorShape& shape, double ratio);
Form fitting_form(const Method& method, const TensorShape& shape, double ratio);

// TensorLy's ranks at the largest target ratio whose parameters stay within `ratio` and whose ranks the method takes: its
// rule alone may give more parameters than asked for, or far fewer. Throws base::ConfigError when not even rank 1 fits.
RankChoice tensorly_ranks_within(const Method& method, const TensorShape& shape, double ratio);

// The ranks of lowest error within a ratio for one matrix, as far as the method knows them without decomposing. Spectra
// are computed once, for any number of ratios.
class RankPlanner {
 public:
  // w row-major [rows, cols]; must outlive the planner.
  RankPlanner(std::span<const double> w, const Method& method, TensorShape shape, int threads = 0);
  // Throws base::ConfigError when not even rank 1 fits.
  RankChoice within(double ratio) const;

 private:
  const Method& method_;
  TensorShape shape_;
  std::unique_ptr<RankSearch> search_;
};

// RankPlanner for one ratio.
RankChoice best_ranks(std::span<const double> w, const Method& method, const TensorShape& shape, double ratio,
                      int threads = 0);

}  // namespace heat::offline
