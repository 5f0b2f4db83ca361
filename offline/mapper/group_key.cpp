// Tensors count by the order of their ids, which decides between pins of one size; indices by their first use.
#include "offline/mapper/group_key.h"

#include <algorithm>
#include <bit>
#include <map>

namespace heat::offline::mapper {
namespace {

using spec::TensorId;

std::vector<TensorId> tensors_of(const spec::Workload& workload, const spec::FusedGroup& group) {
  std::vector<TensorId> list;
  for (const spec::PlannedNode& n : group.nodes) {
    const spec::Node& node = workload.nodes[n.node];
    for (const spec::TensorView* view : node.reads()) list.push_back(view->tensor);
    list.push_back(node.writes().tensor);
    for (TensorId t : node.parameters()) list.push_back(t);
  }
  for (const spec::Home& home : group.homes) list.push_back(home.tensor);
  std::sort(list.begin(), list.end());
  list.erase(std::unique(list.begin(), list.end()), list.end());
  return list;
}

class Writer {
 public:
  Writer(const spec::Workload& workload, const spec::FusedGroup& group, GroupKey& key)
      : w_(workload), g_(group), key_(key), index_{{group.index, 0}} {}

  void options(const SearchOptions& o) {
    add({static_cast<std::int64_t>(o.objective), o.pin, o.step, o.exhaustive,
         std::bit_cast<std::int64_t>(o.energy_weight), std::bit_cast<std::int64_t>(o.cycle_weight),
         std::bit_cast<std::int64_t>(o.cutoff), std::bit_cast<std::int64_t>(o.gap)});
  }

  void group() {
    add({g_.extent, g_.chiplets, g_.ahead, count(g_.nodes), count(key_.tensors), count(g_.homes),
         count(g_.in_global_buffer)});
    for (TensorId t : key_.tensors) tensor(w_.tensors[t]);
    for (const spec::Home& h : g_.homes) add({key_.position(h.tensor), h.extent, h.chiplets, h.address, h.in_place});
    for (TensorId t : g_.in_global_buffer) add({key_.position(t)});
    for (const spec::PlannedNode& n : g_.nodes) {
      add({static_cast<std::int64_t>(n.bound)});
      node(w_.nodes[n.node]);
    }
  }

 private:
  template <class List>
  static std::int64_t count(const List& list) {
    return static_cast<std::int64_t>(list.size());
  }
  void add(std::initializer_list<std::int64_t> numbers) { key_.numbers.insert(key_.numbers.end(), numbers); }
  void tensor(const spec::Tensor& t) {
    add({static_cast<std::int64_t>(t.kind), count(t.shape)});
    key_.numbers.insert(key_.numbers.end(), t.shape.begin(), t.shape.end());
  }
  std::int64_t number(const spec::Index& index) { return index_.emplace(index, count(index_)).first->second; }
  void indices(const std::vector<spec::Index>& list) {
    add({count(list)});
    for (const spec::Index& index : list) add({number(index)});
  }
  void view(const spec::TensorView& v) {
    add({key_.position(v.tensor), count(v.dims)});
    for (const spec::ViewDim& d : v.dims) add({number(d.index), d.size, d.stride, d.inner, d.inner_stride});
  }
  void node(const spec::Node& n) {
    add({n.gemm ? 1 : 0, count(n.reads())});
    for (const spec::TensorView* v : n.reads()) view(*v);
    view(n.writes());
    for (TensorId t : n.parameters()) add({key_.position(t)});
    if (n.gemm)
      gemm(*n.gemm);
    else
      row_operation(*n.vector);
  }
  void gemm(const spec::GemmNode& g) {
    for (const auto* list : {&g.indices.b, &g.indices.m, &g.indices.n, &g.indices.k}) indices(*list);
    add({g.extents.b, g.extents.m, g.extents.n, g.extents.k, key_.position(g.epilogue.requant),
         g.epilogue.channels_include_batch, g.epilogue.n_channels,
         g.epilogue.activation_table ? key_.position(g.epilogue.activation_table) : -1, g.epilogue.sums});
  }
  void row_operation(const spec::VectorNode& v) {
    indices(v.n);
    indices(v.k);
    indices(v.parts);
    add({static_cast<std::int64_t>(v.op), v.rows, v.columns, v.residual ? 1 : 0, v.mask ? 1 : 0});
  }

  const spec::Workload& w_;
  const spec::FusedGroup& g_;
  GroupKey& key_;
  std::map<spec::Index, std::int64_t> index_;
};

}  // namespace

std::int64_t GroupKey::position(TensorId tensor) const {
  return std::lower_bound(tensors.begin(), tensors.end(), tensor) - tensors.begin();
}

GroupKey group_key(const spec::Workload& workload, const spec::FusedGroup& group, const SearchOptions& options) {
  GroupKey key;
  key.tensors = tensors_of(workload, group);
  Writer writer(workload, group, key);
  writer.options(options);
  writer.group();
  return key;
}

}  // namespace heat::offline::mapper
