// What a decomposition method is to the rest of the system. Each is one file of this room (cp.cpp, tucker.cpp, ...) and
// a line of the registry (methods.cpp); see docs/extending.md.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "offline/decompose/core_network.h"

namespace heat::offline {

struct DecomposeOptions;
struct MethodResult;
enum class TensorLyRule;

// Which shapes a method takes.
enum class Tensorization {
  kMatrix,  // the matrix itself: one row mode, one column mode
  kFree,    // any number of row and column modes
  kPaired,  // as many row modes as column modes: each core has one of both
};

// For help texts: a shape of a 768 x 768 matrix, ranks for it, and what the ranks are ("one a mode").
struct MethodHelp {
  const char* shape;
  const char* ranks;
  const char* ranks_meaning;
};

// Ranks of low error for one matrix within budgets of parameters.
class RankSearch {
 public:
  virtual ~RankSearch() = default;
  // Ranks of rank 1 where nothing fits.
  virtual Ranks within(std::int64_t budget) const = 0;
};

// The largest rank from 1 to `most` that `fits`, which all ranks below one that fits do; 1 where none does.
template <class Fits>
std::int64_t largest_rank(std::int64_t most, Fits fits) {
  std::int64_t low = 1, high = most + 1;
  while (low + 1 < high) {
    const std::int64_t middle = low + (high - low) / 2;
    (fits(middle) ? low : high) = middle;
  }
  return low;
}

class Method {
 public:
  virtual ~Method() = default;

  // The word users write.
  virtual const char* name() const = 0;
  virtual MethodHelp help() const = 0;
  virtual Tensorization tensorization() const { return Tensorization::kFree; }
  // Its plain shape splits a side as unevenly as it can, and where it pairs both sides a large factor with a small one:
  // one rank then binds two cores that are each nearly a side of the matrix, which leaves the fewest MACs (and, of trained
  // matrices, the lower error).
  virtual bool splits_unevenly() const { return false; }
  // One of the paper's three: a cost table's candidates unless told otherwise.
  virtual bool is_papers() const { return false; }
  // A candidate whose layer needs far more MACs than the dense one is still one (the paper's TTM, section 3.2).
  virtual bool stays_above_dense_macs() const { return false; }
  // The rule of TensorLy that gives its ranks for a ratio.
  virtual TensorLyRule tensorly_rule() const = 0;

  // Cores in the order of Decomposition::cores.
  virtual CoreNetwork network(const TensorShape& shape, const Ranks& ranks) const = 0;
  // Ranks as the decomposition will have them. Throws base::ConfigError on a wrong count or ranks that no decomposition
  // of this shape can have. All are at least 1.
  virtual Ranks feasible_ranks(const Ranks& ranks, const TensorShape& shape) const = 0;
  // The largest ranks within `budget` parameters without knowing the matrix; those of rank 1 where nothing fits.
  virtual Ranks fitting_ranks(const TensorShape& shape, std::int64_t budget) const = 0;
  // w row-major; must outlive the search. By default the fitting ranks.
  virtual std::unique_ptr<RankSearch> rank_search(std::span<const double> w, const TensorShape& shape,
                                                  int threads) const;

  // Numbers that decompose holds at its peak beside the matrix, about: the default is for methods whose ranks the shape
  // bounds and that need a few copies of matrix and cores.
  virtual double working_numbers(const Form& form) const;
  // w row-major [rows, cols], finite; the form's ranks feasible.
  virtual MethodResult decompose(std::span<const double> w, const Form& form,
                                 const DecomposeOptions& options) const = 0;

 protected:
  // Errors of feasible_ranks.
  [[noreturn]] void reject(const Ranks& ranks, const std::string& reason) const;
  void require_count(const Ranks& ranks, std::size_t count, const char* meaning) const;
};

}  // namespace heat::offline
