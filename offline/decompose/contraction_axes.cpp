// Axes keep the order in which their tensor has them.
#include "offline/decompose/contraction_axes.h"

#include <algorithm>

namespace heat::offline {

bool holds(const std::vector<spec::Index>& list, const spec::Index& index) {
  return std::find(list.begin(), list.end(), index) != list.end();
}

std::vector<spec::Index> joined(std::initializer_list<const std::vector<spec::Index>*> lists) {
  std::vector<spec::Index> all;
  for (const auto* list : lists) all.insert(all.end(), list->begin(), list->end());
  return all;
}

std::vector<spec::Index> ContractionAxes::result() const {
  return summed.empty() ? joined({&rows, &cols, &shared}) : joined({&shared, &rows, &cols});
}

ContractionAxes contraction_axes(const std::vector<spec::Index>& a, const std::vector<spec::Index>& b,
                                 const std::vector<spec::Index>& kept) {
  ContractionAxes axes;
  for (const auto& i : a) (!holds(b, i) ? axes.rows : holds(kept, i) ? axes.shared : axes.summed).push_back(i);
  for (const auto& i : b)
    if (!holds(a, i)) axes.cols.push_back(i);
  return axes;
}

}  // namespace heat::offline
