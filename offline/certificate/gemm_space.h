// The space that a certificate of one GEMM is about: every mapping of it, in every configuration.
//
//   bound     n, m or b
//   chiplets  the first 1, 2, ... all of the package (numbers that leave some of them idle are those of fewer)
//   pinned    nothing, weights, inputs, both
//   step      a chiplet's whole share
//   mapping   every legal one (spec/mapping.h): tiles of any size, all orders, any split of b, m, n and k over the PEs
#pragma once

#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "machines/machine.h"
#include "machines/objective.h"
#include "offline/certificate/choice_box.h"
#include "offline/schedule/gemm_problem.h"

namespace heat::offline::certificate {

// Of each dimension.
constexpr std::int64_t kLargestSize = std::int64_t{1} << 30;

// The space in one sentence.
extern const char* const kSpace;

struct Configuration {
  spec::LoopDim bound = spec::LoopDim::kN;
  int chiplets = 1;
  bool weight_pinned = false, input_pinned = false;
  // The tensors pinned, by name.
  std::vector<std::string> pinned() const;
  // "bound n, 4 chiplets, pinned input".
  std::string text() const;
  friend bool operator==(const Configuration&, const Configuration&) = default;
};

// All of them, on a package of so many chiplets.
std::vector<Configuration> configurations(const GemmSize& size, int chiplets);

// The GEMM's workload and group in a configuration.
GemmProblem configured(const GemmSize& size, const Configuration& configuration);

// Costs mappings of one GEMM in one configuration, by the machine's model.
class MappingCoster {
 public:
  MappingCoster(const GemmSize& size, const Configuration& configuration, const machines::Machine& machine);
  // Why the mapping is not legal; empty: it is.
  std::string objection(const spec::GemmMapping& mapping) const;
  // The same but for what the global buffer holds, which takes longest to tell.
  bool is_loop_nest(const spec::GemmMapping& mapping) const { return objection_to_nest(mapping) == nullptr; }
  // Costs all legal mappings of a box, repeats left out; calls better(mapping, cost) for each that is the best so far.
  // Returns the least value.
  template <class Value, class Better>
  double cost_all(const Box& box, Value value, Better better) const {
    double least = std::numeric_limits<double>::infinity();
    box.for_each([&](const spec::GemmMapping& mapping) {
      if (objection_to_nest(mapping) != nullptr || repeats(mapping)) return;
      const machines::Cost found = cost(mapping);
      if (value(found) >= least || !model_->fits({mapping})) return;
      least = value(found);
      better(mapping, found);
    });
    return least;
  }
  // Of a legal one.
  machines::Cost cost(const spec::GemmMapping& mapping) const { return model_->cost({mapping}); }
  const GemmProblem& problem() const { return problem_; }

 private:
  // Null: none.
  const char* objection_to_nest(const spec::GemmMapping& mapping) const;
  // Whether an earlier choice of orders is the same loop nest: loops that run once are nowhere.
  bool repeats(const spec::GemmMapping& mapping) const;
  const GemmProblem problem_;
  const machines::PeArray pes_;
  const std::unique_ptr<machines::CostModel> costs_;
  const std::unique_ptr<machines::GroupModel> model_;
  const spec::Extents extents_;
};

}  // namespace heat::offline::certificate
