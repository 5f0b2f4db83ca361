// Structure first (needs the schedule alone), then misfits with an architecture.
#include "spec/schedule_checks.h"

#include <algorithm>

#include "spec/gb_layout.h"
#include "spec/step_geometry.h"

namespace heat::spec {
namespace {

class Checker {
 public:
  Checker(const Schedule& s, Problems& problems) : s_(s), problems_(problems) {}

  void check() {
    check_group_order();
    if (!problems_.empty()) return;  // later checks need every node in a group
    for (const FusedGroup& g : s_.groups)
      for (int n : g.nodes) {
        const Node& node = s_.nodes[static_cast<std::size_t>(n)];
        if (node.gemm)
          check_gemm(g, node, *node.gemm);
        else
          check_vector(g, node, *node.vector);
      }
    check_residents();
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
          problems_.add(s_.file + ": group '" + g.name + "'", "groups must list every node once, in the order of 'nodes'");
    }
    if (next != static_cast<int>(s_.nodes.size()))
      problems_.add(s_.file, "groups list " + std::to_string(next) + " of " + std::to_string(s_.nodes.size()) + " nodes");
  }

  static std::int64_t product(const TensorView& v, const std::vector<Index>& group) {
    std::int64_t p = 1;
    for (const auto& d : v.dims)
      if (std::find(group.begin(), group.end(), d.index) != group.end()) p *= d.size;
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
      last += (d.size - 1) * d.stride;
    }
    if (found != expected) problems_.add(place(node), std::string(role) + ": dims must name the node's indices in order");
    if (last >= tensor(v.tensor).bytes())
      problems_.add(place(node), std::string(role) + ": reaches byte " + std::to_string(last) + " of tensor '" +
                                     tensor(v.tensor).name + "', which has " + std::to_string(tensor(v.tensor).bytes()));
  }

  void check_bound(const FusedGroup& g, const Node& node, const std::vector<Index>& group, const TensorView& view) {
    if (group.empty() || group.front() != g.index)
      problems_.add(place(node), "the group's index '" + g.index + "' must lead the bound dimension's indices");
    for (const auto& d : view.dims)
      if (d.index == g.index && d.size != g.extent)
        problems_.add(place(node), "index '" + g.index + "' has size " + std::to_string(d.size) + ", the group's extent is " +
                                       std::to_string(g.extent));
  }

  void check_parameters(const Node& node, const char* role, int t, std::int64_t bytes) {
    if (t < 0) return;
    if (tensor(t).bytes() < bytes)
      problems_.add(place(node), std::string(role) + ": tensor '" + tensor(t).name + "' has " +
                                     std::to_string(tensor(t).bytes()) + " bytes, expected at least " + std::to_string(bytes));
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
    const std::int64_t channels = (gemm.epilogue.channels_include_batch ? e.b * e.m : e.m) * gemm.epilogue.n_channels;
    check_parameters(node, "requant", gemm.epilogue.requant, channels * static_cast<std::int64_t>(sizeof(RequantRecord)));
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
    check_parameters(node, "parameters", v.parameters,
                     v.op == VectorOp::kSoftmax ? kExpTableBytes
                                                : v.columns * static_cast<std::int64_t>(sizeof(LayerNormRecord)));
  }

  // A tensor at home in the global buffer is written and read inside one group only.
  void check_residents() {
    std::vector<int> group_of(s_.tensors.size(), -1);
    for (std::size_t g = 0; g < s_.groups.size(); ++g)
      for (int n : s_.groups[g].nodes) {
        const Node& node = s_.nodes[static_cast<std::size_t>(n)];
        const auto visit = [&](const TensorView& v) {
          if (tensor(v.tensor).home != Home::kGlobalBuffer) return;
          int& owner = group_of[static_cast<std::size_t>(v.tensor)];
          if (owner < 0) owner = static_cast<int>(g);
          if (owner != static_cast<int>(g))
            problems_.add(place(node), "tensor '" + tensor(v.tensor).name + "' lives in the global buffer of another group");
        };
        if (node.gemm) {
          visit(node.gemm->weight);
          visit(node.gemm->input);
          visit(node.gemm->output);
        } else {
          visit(node.vector->input);
          if (node.vector->residual) visit(*node.vector->residual);
          visit(node.vector->output);
        }
      }
  }

  const Schedule& s_;
  Problems& problems_;
};

void gemm_misfits(const Node& node, const ArchSpec& arch, std::vector<std::string>& found) {
  const GemmMapping& m = node.gemm->mapping;
  const auto add = [&](const std::string& what, std::int64_t value, std::int64_t limit) {
    if (value > limit)
      found.push_back("node '" + node.name + "': " + what + " is " + std::to_string(value) + ", " + arch.name + " has " +
                      std::to_string(limit));
  };
  const Extents& t = m.pe_tile;
  add("number of PEs", m.spatial.product(), arch.pes());
  add("weight tile of a PE (bytes)", t.b * t.m * t.k, arch.pe.weight_buffer.capacity.value() / 2);
  add("input tile of a PE (bytes)", t.b * t.n * t.k, arch.pe.input_buffer.capacity.value() / 2);
  const std::int64_t entries = arch.pe.accumulation_buffer.capacity.value() * 8 / arch.pe.accumulator_bits / 2;
  add("accumulation tile of a PE (entries)", t.b * t.m * t.n, entries);
}

}  // namespace

void check_structure(const Schedule& schedule, Problems& problems) { Checker(schedule, problems).check(); }

std::vector<std::string> misfits(const Schedule& schedule, const ArchSpec& arch) {
  std::vector<std::string> found;
  if (schedule.arch != arch.name)
    found.push_back("the schedule was made for '" + schedule.arch + "', the architecture is '" + arch.name + "'");
  for (const FusedGroup& g : schedule.groups) {
    const std::int64_t bytes = gb_layout(schedule, g, arch).total_bytes;
    if (bytes > arch.global_buffer.capacity.value())
      found.push_back("group '" + g.name + "': needs " + std::to_string(bytes) + " bytes of global buffer, " + arch.name +
                      " has " + std::to_string(arch.global_buffer.capacity.value()));
    for (int n : g.nodes)
      if (schedule.nodes[static_cast<std::size_t>(n)].gemm)
        gemm_misfits(schedule.nodes[static_cast<std::size_t>(n)], arch, found);
  }
  return found;
}

}  // namespace heat::spec
