// From the last step back: a value that is free has the order its consumer reads.
#include <algorithm>

#include "offline/schedule/contraction_tree.h"

namespace heat::offline {
namespace {

using spec::Index;
using Indices = std::vector<Index>;
using Value = ContractionTree::Value;

bool contains(const Indices& list, const Index& index) {
  return std::find(list.begin(), list.end(), index) != list.end();
}

// The k indices of a value: those its producer has in n first, those in m last; by name within each.
Indices inner_order(const ContractionTree& tree, const Value& v, const Indices& out) {
  Indices outer, inner;
  for (const Index& i : v.set) {
    if (contains(out, i)) continue;
    const bool from_weight = v.producer >= 0 && tree.value(tree.step(v.producer).weight).set.count(i) > 0;
    (from_weight ? inner : outer).push_back(i);
  }
  outer.insert(outer.end(), inner.begin(), inner.end());
  return outer;
}

// The order in which a step that makes `out` and sums over `k` reads `v` beside `other`.
Indices consumer_order(const Value& v, const Value& other, const Indices& out, const Indices& k, const Index& token) {
  Indices order;
  if (v.set.count(token)) order.push_back(token);
  for (bool shared : {true, false})
    for (const Index& i : out)
      if (i != token && v.set.count(i) && (other.set.count(i) > 0) == shared) order.push_back(i);
  for (const Index& i : k)
    if (i != token && v.set.count(i)) order.push_back(i);
  return order;
}

}  // namespace

void choose_layouts(ContractionTree& tree, const Index& token) {
  for (auto step = tree.steps.rbegin(); step != tree.steps.rend(); ++step) {
    const Indices out = tree.value(step->output).order;
    Value& w = tree.value(step->weight);
    Value& in = tree.value(step->input);
    Indices k;
    if (in.fixed || w.fixed) {
      for (const Index& i : in.fixed ? in.order : w.order)
        if (!contains(out, i)) k.push_back(i);
    } else {
      k = inner_order(tree, in.producer >= 0 ? in : w, out);
    }
    if (!in.fixed) in.order = consumer_order(in, w, out, k, token);
    if (!w.fixed) w.order = consumer_order(w, in, out, k, token);
  }
}

}  // namespace heat::offline
