// What the schedule alone tells; whether it fits a machine is that machine's question.
#include "spec/schedule_checks.h"

#include <algorithm>
#include <map>
#include <utility>

namespace heat::spec {
namespace {

constexpr std::int64_t kMost = std::int64_t{1} << 61;  // the sum of two still fits
constexpr std::int64_t kMaxTensorBytes = std::int64_t{1} << 46;

// a * b for values of at least 0, held at kMost instead of overflowing: sizes come from a file.
std::int64_t times(std::int64_t a, std::int64_t b) {
  return b != 0 && a > kMost / b ? kMost : a * b;
}

class Checker {
 public:
  Checker(const Schedule& s, base::Problems& problems) : s_(s), problems_(problems) {}

  void check() {
    check_group_order();
    check_sizes();
    if (!problems_.empty()) return;  // later checks need every node in a group, and products that fit 64 bits
    for (const FusedGroup& g : s_.groups)
      for (int n : g.nodes) {
        const Node& node = s_.nodes[static_cast<std::size_t>(n)];
        if (node.gemm)
          check_gemm(g, node, *node.gemm);
        else
          check_vector(g, node, *node.vector);
        auto [views, output] = accesses(node);
        views.push_back(output);
        check_index_sizes(node, views);
        for (const TensorView* view : views) check_resident_layout(g, node, *view);
      }
    check_residents();
    check_data_flow();
  }

 private:
  std::string place(const Node& n) const { return s_.file + ": node '" + n.name + "'"; }
  const Tensor& tensor(int t) const { return s_.tensors[static_cast<std::size_t>(t)]; }

  void check_group_order() {
    int next = 0;
    for (const FusedGroup& g : s_.groups) {
      if (g.nodes.empty()) problems_.add(s_.file + ": group '" + g.name + "'", "lists no nodes");
      for (int n : g.nodes)
        if (n != next++)
          problems_.add(s_.file + ": group '" + g.name + "'",
                        "groups must list every node once, in the order of 'nodes'");
    }
    if (next != static_cast<int>(s_.nodes.size()))
      problems_.add(s_.file,
                    "groups list " + std::to_string(next) + " of " + std::to_string(s_.nodes.size()) + " nodes");
  }

  // Products of sizes that later arithmetic forms must fit its 64 bits.
  void check_sizes() {
    for (const Tensor& t : s_.tensors) {
      std::int64_t bytes = 1;
      for (std::int64_t size : t.shape) bytes = times(bytes, size);
      if (bytes > kMaxTensorBytes)
        problems_.add(s_.file + ": tensor '" + t.name + "'", "shape multiplies to more than 2^46 bytes");
    }
    for (const Node& node : s_.nodes) {
      if (!node.gemm) continue;
      const Extents& e = node.gemm->extents;
      if (times(times(e.b, e.m), times(e.n, e.k)) >= kMost)
        problems_.add(place(node), "extents multiply to more than 2^61 multiply-accumulates");
    }
  }

  static std::int64_t product(const TensorView& v, const std::vector<Index>& group) {
    std::int64_t p = 1;
    for (const auto& d : v.dims)
      if (std::find(group.begin(), group.end(), d.index) != group.end()) p = times(p, d.size);
    return p;
  }

  // The view lists exactly the indices of `groups`, in order, with the products `extents`; and stays inside its tensor.
  void check_view(const Node& node, const TensorView& v, const char* role,
                  const std::vector<std::pair<const std::vector<Index>*, std::int64_t>>& groups) {
    std::vector<Index> expected, found;
    for (const auto& [indices, extent] : groups) {
      expected.insert(expected.end(), indices->begin(), indices->end());
      if (product(v, *indices) != extent)
        problems_.add(place(node), std::string(role) + ": sizes of an index group multiply to " +
                                       std::to_string(product(v, *indices)) + ", expected " + std::to_string(extent));
    }
    std::int64_t last = 0;
    for (const auto& d : v.dims) {
      found.push_back(d.index);
      last = std::min(kMost, last + times(d.size - 1, d.stride));
    }
    if (found != expected)
      problems_.add(place(node), std::string(role) + ": dims must name the node's indices in order");
    if (last >= tensor(v.tensor).bytes())
      problems_.add(place(node), std::string(role) + ": reaches byte " + std::to_string(last) + " of tensor '" +
                                     tensor(v.tensor).name + "', which has " +
                                     std::to_string(tensor(v.tensor).bytes()));
  }

  // An index has one size, whatever view names it.
  void check_index_sizes(const Node& node, const std::vector<const TensorView*>& views) {
    std::map<Index, std::int64_t> sizes;
    for (const TensorView* view : views)
      for (const ViewDim& d : view->dims) {
        const std::int64_t first = sizes.emplace(d.index, d.size).first->second;
        if (first != d.size)
          problems_.add(place(node), "index '" + d.index + "' has size " + std::to_string(first) + " in one view and " +
                                         std::to_string(d.size) + " in another");
      }
  }

  // A share of a resident tensor is one block of the global buffer.
  void check_resident_layout(const FusedGroup& g, const Node& node, const TensorView& view) {
    if (!is_resident(s_, g, view.tensor)) return;
    for (const ViewDim& d : view.dims)
      if (d.index == g.index && times(d.stride, d.size) != tensor(view.tensor).bytes())
        problems_.add(place(node), "tensor '" + tensor(view.tensor).name + "' is in the global buffer, so index '" +
                                       g.index + "' must be its outermost axis");
  }

  void check_bound(const FusedGroup& g, const Node& node, const std::vector<Index>& group, const TensorView& view) {
    if (group.empty() || group.front() != g.index)
      problems_.add(place(node), "the group's index '" + g.index + "' must lead the bound dimension's indices");
    for (const auto& d : view.dims)
      if (d.index == g.index && d.size != g.extent)
        problems_.add(place(node), "index '" + g.index + "' has size " + std::to_string(d.size) +
                                       ", the group's extent is " + std::to_string(g.extent));
  }

  void check_parameters(const Node& node, const char* role, int t, std::int64_t bytes) {
    if (t < 0) return;
    if (tensor(t).bytes() < bytes)
      problems_.add(place(node), std::string(role) + ": tensor '" + tensor(t).name + "' has " +
                                     std::to_string(tensor(t).bytes()) + " bytes, expected at least " +
                                     std::to_string(bytes));
    if (tensor(t).home != Home::kDram) problems_.add(place(node), std::string(role) + ": must live in DRAM");
  }

  void check_gemm(const FusedGroup& g, const Node& node, const GemmNode& gemm) {
    const auto& i = gemm.indices;
    const Extents& e = gemm.extents;
    check_view(node, gemm.weight, "weight", {{&i.b, e.b}, {&i.m, e.m}, {&i.k, e.k}});
    check_view(node, gemm.input, "input", {{&i.b, e.b}, {&i.n, e.n}, {&i.k, e.k}});
    check_view(node, gemm.output, "output", {{&i.b, e.b}, {&i.m, e.m}, {&i.n, e.n}});
    const auto& bound = node.bound == LoopDim::kB ? i.b : node.bound == LoopDim::kM ? i.m : i.n;
    check_bound(g, node, bound, node.bound == LoopDim::kN ? gemm.input : gemm.weight);
    if (e.n % gemm.epilogue.n_channels != 0)
      problems_.add(place(node), "n_channels " + std::to_string(gemm.epilogue.n_channels) + " does not divide n " +
                                     std::to_string(e.n));
    const std::int64_t channels =
        times(gemm.epilogue.channels_include_batch ? e.b * e.m : e.m, gemm.epilogue.n_channels);
    check_parameters(node, "requant", gemm.epilogue.requant,
                     times(channels, static_cast<std::int64_t>(sizeof(RequantRecord))));
    check_parameters(node, "activation_table", gemm.epilogue.activation_table, kActivationTableBytes);
    const GemmMapping& m = gemm.mapping;
    const Extents wave{m.spatial.b * m.pe_tile.b, m.spatial.m * m.pe_tile.m, m.spatial.n * m.pe_tile.n, m.pe_tile.k};
    const Extents step = step_extents(gemm, node.bound, g.extent, std::min(g.step, g.extent));
    for (LoopDim d : {LoopDim::kB, LoopDim::kM, LoopDim::kN, LoopDim::kK}) {
      if (m.gb_tile[d] > step[d])
        problems_.add(place(node), std::string("gb_tile.") + loop_dim_name(d) + " is " + std::to_string(m.gb_tile[d]) +
                                       ", the node's extent in a step is " + std::to_string(step[d]));
      if (m.pe_tile[d] > m.gb_tile[d])
        problems_.add(place(node), std::string("pe_tile.") + loop_dim_name(d) + " is larger than gb_tile's");
    }
    if (m.gb_tile.k < step.k && (wave.b < m.gb_tile.b || wave.m < m.gb_tile.m || wave.n < m.gb_tile.n))
      problems_.add(place(node), "k takes several global-buffer tiles, so a tile must be one wave in b, m and n");
  }

  void check_vector(const FusedGroup& g, const Node& node, const VectorNode& v) {
    check_view(node, v.input, "input", {{&v.n, v.rows}, {&v.k, v.columns}});
    if (v.residual) check_view(node, *v.residual, "residual", {{&v.n, v.rows}, {&v.k, v.columns}});
    check_view(node, v.output, "output", {{&v.n, v.rows}, {&v.k, v.columns}});
    if (node.bound != LoopDim::kN) problems_.add(place(node), "bound: a vector node binds 'n'");
    check_bound(g, node, v.n, v.input);
    check_columns(node, v, v.input);
    if (v.residual) check_columns(node, v, *v.residual);
    check_columns(node, v, v.output);
    check_parameters(
        node, "parameters", v.parameters,
        v.op == VectorOp::kSoftmax ? kExpTableBytes : v.columns * static_cast<std::int64_t>(sizeof(LayerNormRecord)));
  }

  // The columns of a row lie one after another.
  void check_columns(const Node& node, const VectorNode& v, const TensorView& view) {
    std::int64_t stride = 1;
    for (auto d = view.dims.rbegin(); d != view.dims.rend(); ++d) {
      if (std::find(v.k.begin(), v.k.end(), d->index) == v.k.end()) continue;
      if (d->size > 1 && d->stride != stride)
        problems_.add(place(node), "index '" + d->index + "' of a row has stride " + std::to_string(d->stride) +
                                       ", expected " + std::to_string(stride));
      stride = times(stride, d->size);
    }
  }

  // Tensors that nodes produce are written before they are read; tensors that are given are not written.
  void check_data_flow() {
    std::vector<bool> ready;
    for (const Tensor& t : s_.tensors)
      ready.push_back(t.kind != TensorKind::kIntermediate && t.kind != TensorKind::kOutput);
    const std::vector<bool> given = ready;
    for (const Node& node : s_.nodes) {
      const auto [reads, writes] = accesses(node);
      for (const TensorView* view : reads)
        if (!ready[static_cast<std::size_t>(view->tensor)])
          problems_.add(place(node),
                        "reads tensor '" + tensor(view->tensor).name + "', which no node before it writes");
      if (given[static_cast<std::size_t>(writes->tensor)])
        problems_.add(place(node),
                      "writes tensor '" + tensor(writes->tensor).name + "', which is given before the run");
      ready[static_cast<std::size_t>(writes->tensor)] = true;
    }
  }

  static std::pair<std::vector<const TensorView*>, const TensorView*> accesses(const Node& node) {
    if (node.gemm) return {{&node.gemm->weight, &node.gemm->input}, &node.gemm->output};
    std::vector<const TensorView*> reads{&node.vector->input};
    if (node.vector->residual) reads.push_back(&*node.vector->residual);
    return {reads, &node.vector->output};
  }

  // A tensor at home in the global buffer is written and read inside one group only.
  void check_residents() {
    std::vector<int> group_of(s_.tensors.size(), -1);
    for (const Tensor& t : s_.tensors)
      if (t.home == Home::kGlobalBuffer && t.kind != TensorKind::kIntermediate)
        problems_.add(s_.file + ": tensor '" + t.name + "'", "only intermediate tensors can live in the global buffer");
    for (std::size_t g = 0; g < s_.groups.size(); ++g)
      for (int n : s_.groups[g].nodes) {
        const Node& node = s_.nodes[static_cast<std::size_t>(n)];
        auto [views, output] = accesses(node);
        views.push_back(output);
        for (const TensorView* v : views) {
          if (tensor(v->tensor).home != Home::kGlobalBuffer) continue;
          int& owner = group_of[static_cast<std::size_t>(v->tensor)];
          if (owner < 0) owner = static_cast<int>(g);
          if (owner != static_cast<int>(g))
            problems_.add(place(node),
                          "tensor '" + tensor(v->tensor).name + "' lives in the global buffer of another group");
        }
      }
  }

  const Schedule& s_;
  base::Problems& problems_;
};

}  // namespace

void check_structure(const Schedule& schedule, base::Problems& problems) {
  Checker(schedule, problems).check();
}

bool is_resident(const Schedule& schedule, const FusedGroup& group, int tensor) {
  return schedule.tensors[static_cast<std::size_t>(tensor)].home == Home::kGlobalBuffer ||
         std::find(group.pinned.begin(), group.pinned.end(), tensor) != group.pinned.end();
}

Extents step_extents(const GemmNode& gemm, LoopDim bound, std::int64_t extent, std::int64_t values) {
  Extents e = gemm.extents;
  e[bound] = e[bound] / extent * values;
  return e;
}

}  // namespace heat::spec
