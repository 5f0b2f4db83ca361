// Sizes, views, parameters and data flow of a workload.
#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "spec/arithmetic.h"
#include "spec/checked_sizes.h"
#include "spec/schedule_checks.h"
#include "spec/verify.h"
#include "spec/verify_parameters.h"

namespace heat::spec {
namespace {

constexpr std::int64_t kMostReducedBytes = kSumBytes << 24;
constexpr std::int64_t kMaxTensorBytes = std::int64_t{1} << 46;

// An index has one size, whatever view names it.
void check_index_sizes(const Node& node, const std::string& place, base::Problems& problems) {
  std::map<Index, std::int64_t> sizes;
  std::vector<const TensorView*> views = node.reads();
  views.push_back(&node.writes());
  for (const TensorView* view : views)
    for (const ViewDim& d : view->dims) {
      const std::int64_t first = sizes.emplace(d.index, d.size).first->second;
      if (first != d.size)
        problems.add(place, "index '" + d.index + "' has size " + std::to_string(first) + " in one view and " +
                                std::to_string(d.size) + " in another");
    }
}

class WorkloadChecker {
 public:
  WorkloadChecker(const Workload& workload, const std::string& file, base::Problems& problems)
      : w_(workload), file_(file), problems_(problems) {}

  bool check() {
    if (!check_sizes()) return false;  // later checks need products that fit 64 bits
    for (const Node& node : w_.nodes) {
      if (node.gemm)
        check_gemm(node, *node.gemm);
      else
        check_vector(node, *node.vector);
      check_indices_once(node);
      check_index_sizes(node, place(node), problems_);
    }
    check_data_flow();
    verify_sums(w_, file_, problems_);
    return true;
  }

 private:
  std::string place(const Node& n) const { return file_ + ": node '" + n.name + "'"; }

  // Products of sizes that later arithmetic forms must fit its 64 bits.
  bool check_sizes() {
    bool fit = true;
    for (const Node& node : w_.nodes) {
      if (!node.vector || node.vector->op != VectorOp::kReduce) continue;
      if (times(node.vector->part_count(), times(node.vector->columns, kSumBytes)) <= kMostReducedBytes) continue;
      problems_.add(place(node), "has more than 2^24 sums in a row");
      fit = false;
    }
    for (const Tensor& t : w_.tensors) {
      std::int64_t bytes = 1;
      for (std::int64_t size : t.shape) bytes = times(bytes, size);
      if (bytes <= kMaxTensorBytes) continue;
      problems_.add(file_ + ": tensor '" + t.name + "'", "shape multiplies to more than 2^46 bytes");
      fit = false;
    }
    for (const Node& node : w_.nodes) {
      if (!node.gemm) continue;
      const Extents& e = node.gemm->extents;
      if (times(times(e.b, e.m), times(e.n, e.k)) < kMostSize) continue;
      problems_.add(place(node), "extents multiply to more than 2^61 multiply-accumulates");
      fit = false;
    }
    return fit;
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
      for (const ViewDim& digit : digits(d)) last = std::min(kMostSize, last + times(digit.size - 1, digit.stride));
    }
    if (found != expected)
      problems_.add(place(node), std::string(role) + ": dims must name the node's indices in order");
    if (last >= w_.tensors[v.tensor].bytes())
      problems_.add(place(node), std::string(role) + ": reaches byte " + std::to_string(last) + " of tensor '" +
                                     w_.tensors[v.tensor].name + "', which has " +
                                     std::to_string(w_.tensors[v.tensor].bytes()));
  }

  // An index is in one of the groups b, m, n, k, once.
  void check_indices_once(const Node& node) {
    std::set<Index> seen;
    const auto add = [&](const std::vector<Index>& group) {
      for (const Index& i : group)
        if (!seen.insert(i).second) problems_.add(place(node), "index '" + i + "' is among its indices twice");
    };
    if (node.gemm)
      for (const auto* group :
           {&node.gemm->indices.b, &node.gemm->indices.m, &node.gemm->indices.n, &node.gemm->indices.k})
        add(*group);
    if (node.vector)
      for (const auto* group : {&node.vector->n, &node.vector->parts, &node.vector->k}) add(*group);
  }

  void check_parameters(const Node& node, const char* role, TensorId t, std::int64_t bytes) {
    if (!t) return;
    const std::string what = std::string(role) + ": tensor '" + w_.tensors[t].name + "' ";
    if (w_.tensors[t].kind != TensorKind::kParameters) problems_.add(place(node), what + "is not of kind 'parameters'");
    if (w_.tensors[t].bytes() < bytes)
      problems_.add(place(node), what + "has " + std::to_string(w_.tensors[t].bytes()) + " bytes, expected at least " +
                                     std::to_string(bytes));
  }

  void check_gemm(const Node& node, const GemmNode& gemm) {
    const auto& i = gemm.indices;
    const Extents& e = gemm.extents;
    check_view(node, gemm.weight, "weight", {{&i.b, e.b}, {&i.m, e.m}, {&i.k, e.k}});
    check_view(node, gemm.input, "input", {{&i.b, e.b}, {&i.n, e.n}, {&i.k, e.k}});
    check_output(node, gemm);
    if (gemm.epilogue.sums) return;
    if (e.n % gemm.epilogue.n_channels != 0)
      problems_.add(place(node), "n_channels " + std::to_string(gemm.epilogue.n_channels) + " does not divide n " +
                                     std::to_string(e.n));
    check_parameters(node, "requant", gemm.epilogue.requant,
                     times(channel_count(gemm), static_cast<std::int64_t>(sizeof(RequantRecord))));
    check_parameters(node, "activation_table", gemm.epilogue.activation_table, kActivationTableBytes);
  }

  void check_output(const Node& node, const GemmNode& gemm) {
    const auto& i = gemm.indices;
    const Extents& e = gemm.extents;
    const std::vector<Index> n = columns_written(gemm);
    check_view(node, gemm.output, "output", {{&i.b, e.b}, {&i.m, e.m}, {&n, times(e.n, gemm.output_bytes())}});
  }

  void check_reduction(const Node& node, const VectorNode& v) {
    const std::vector<Index> columns = columns_read(v);
    check_view(node, v.input, "input", {{&v.n, v.rows}, {&columns, v.input_columns()}});
    if (v.residual) problems_.add(place(node), "a reduction has no residual");
    check_view(node, v.output, "output", {{&v.n, v.rows}, {&v.k, v.columns}});
    check_columns(node, v, v.output);
    check_mask(node, v);
    check_parameters(node, "parameters", v.parameters, times(v.columns, sizeof(RequantRecord)));
  }

  void check_vector(const Node& node, const VectorNode& v) {
    if (v.op == VectorOp::kReduce) return check_reduction(node, v);
    check_view(node, v.input, "input", {{&v.n, v.rows}, {&v.k, v.columns}});
    if (v.residual) check_view(node, *v.residual, "residual", {{&v.n, v.rows}, {&v.k, v.columns}});
    check_view(node, v.output, "output", {{&v.n, v.rows}, {&v.k, v.columns}});
    check_columns(node, v, v.input);
    if (v.residual) check_columns(node, v, *v.residual);
    check_columns(node, v, v.output);
    verify_row_numbers(v, place(node), problems_);
    check_mask(node, v);
    check_parameters(
        node, "parameters", v.parameters,
        v.op == VectorOp::kSoftmax ? kExpTableBytes : v.columns * static_cast<std::int64_t>(sizeof(LayerNormRecord)));
  }

  void check_mask(const Node& node, const VectorNode& v) {
    if (!v.mask) return;
    const Tensor& mask = w_.tensors[v.mask];
    const std::string what = "mask: tensor '" + mask.name + "' ";
    if (v.op != VectorOp::kSoftmax)
      problems_.add(place(node), what + "is given to another operation than softmax, which alone takes one");
    if (mask.kind != TensorKind::kInput) problems_.add(place(node), what + "is not of kind 'input'");
    if (mask.bytes() != v.columns)
      problems_.add(place(node), what + "has " + std::to_string(mask.bytes()) +
                                     " bytes, expected one for each of the " + std::to_string(v.columns) + " columns");
  }

  // The columns of a row lie one after another.
  void check_columns(const Node& node, const VectorNode& v, const TensorView& view) {
    std::int64_t stride = 1;
    for (auto d = view.dims.rbegin(); d != view.dims.rend(); ++d) {
      if (std::find(v.k.begin(), v.k.end(), d->index) == v.k.end()) continue;
      if (d->size > 1 && (d->stride != stride || d->inner > 1))
        problems_.add(place(node), "index '" + d->index + "' of a row has stride " + std::to_string(d->stride) +
                                       ", expected " + std::to_string(stride));
      stride = times(stride, d->size);
    }
  }

  // Tensors that nodes produce are written before they are read; tensors that are given are not written.
  void check_data_flow() {
    IdVector<TensorId, char> ready(w_.tensors.size(), 0);
    for (TensorId t : w_.tensors.ids()) ready[t] = w_.tensors[t].is_given();
    for (const Node& node : w_.nodes) {
      for (const TensorView* view : node.reads())
        if (!ready[view->tensor])
          problems_.add(place(node),
                        "reads tensor '" + w_.tensors[view->tensor].name + "', which no node before it writes");
      const TensorId written = node.writes().tensor;
      if (w_.tensors[written].is_given())
        problems_.add(place(node), "writes tensor '" + w_.tensors[written].name + "', which is given before the run");
      ready[written] = 1;
    }
  }

  const Workload& w_;
  const std::string& file_;
  base::Problems& problems_;
};

}  // namespace

bool check_workload(const Workload& workload, const std::string& file, base::Problems& problems) {
  return WorkloadChecker(workload, file, problems).check();
}

}  // namespace heat::spec
