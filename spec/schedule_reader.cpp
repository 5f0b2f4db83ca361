// JSON -> Schedule, through the reader that collects problems with their lines; then the structural checks.
#include <algorithm>
#include <map>
#include <optional>

#include "base/config_reader.h"
#include "spec/arch_spec.h"
#include "spec/schedule.h"
#include "spec/schedule_checks.h"

namespace heat::spec {
namespace {

constexpr std::int64_t kMaxExtent = std::int64_t{1} << 32;

class Reader {
 public:
  Reader(const std::string& path, base::Problems& problems)
      : r_(base::ConfigReader::load(path, problems)), problems_(problems) {
    s_.file = path;
  }

  // Empty when the file is of another format: then nothing else in it means what it seems to.
  std::optional<Schedule> read() {
    const std::string format = r_.text_or("format", "");
    if (format != kScheduleFormat) {
      problems_.add(r_.place("format"), "the file is of format '" + format + "', expected '" + kScheduleFormat +
                                            "'; write the schedule again with this program's heat-offline schedule");
      return std::nullopt;
    }
    s_.dram_image = r_.text_or("dram_image", "");
    workload(r_.section("workload"));
    plan(r_.section("plan"));
    r_.finish();
    return std::move(s_);
  }

 private:
  void workload(base::ConfigReader r) {
    Workload& w = s_.workload;
    w.network = r.text("network");
    w.method = r.text("method");
    w.tokens = r.integer("tokens", {1, kMaxExtent});
    for (auto& t : r.sections("tensors")) tensor(t);
    for (auto& n : r.sections("nodes")) node(n);
    if (r.has("layers"))
      for (auto& l : r.sections("layers")) w.layers.push_back(read_layer_form(l));
  }

  void plan(base::ConfigReader r) {
    Plan& p = s_.plan;
    p.arch = r.text("arch");
    p.prediction = prediction(r);
    for (auto& g : r.sections("groups")) group(g);
    p.dram_addresses.assign(s_.workload.tensors.size(), -1);
    base::ConfigReader addresses = r.section("dram_addresses");
    for (const auto& name : addresses.keys()) {
      const std::int64_t address = addresses.integer(name, {0, std::int64_t{1} << 46});
      if (address % kDmaBlockBytes != 0)
        problems_.add(addresses.place(name), "value is no multiple of " + std::to_string(kDmaBlockBytes));
      if (const TensorId t = lookup<TensorId>(addresses, name, tensors_, name, "tensor")) p.dram_addresses[t] = address;
    }
  }

  void tensor(base::ConfigReader r) {
    Tensor t;
    t.name = r.text("name");
    t.kind = kind_of(r.choice("kind", {"input", "weight", "parameters", "intermediate", "output"}));
    t.shape = r.integers("shape", {1, kMaxExtent});
    t.scale = r.number("scale");
    if (!tensors_.emplace(t.name, s_.workload.tensors.next_id()).second)
      problems_.add(r.place("name"), "tensor '" + t.name + "' is defined twice");
    s_.workload.tensors.push_back(std::move(t));
  }

  static TensorKind kind_of(const std::string& word) {
    return word == "input"          ? TensorKind::kInput
           : word == "weight"       ? TensorKind::kWeight
           : word == "parameters"   ? TensorKind::kParameters
           : word == "intermediate" ? TensorKind::kIntermediate
                                    : TensorKind::kOutput;
  }

  template <class Key>
  Key lookup(base::ConfigReader& r, const std::string& key, const std::map<std::string, Key>& table,
             const std::string& name, const char* what) {
    const auto found = table.find(name);
    if (found != table.end()) return found->second;
    if (!name.empty() || r.has(key)) problems_.add(r.place(key), std::string("no ") + what + " named '" + name + "'");
    return Key();
  }
  TensorId tensor_id(base::ConfigReader& r, const std::string& key) {
    return lookup<TensorId>(r, key, tensors_, r.text(key), "tensor");
  }
  std::vector<TensorId> tensor_ids(base::ConfigReader& r, const std::string& key) {
    std::vector<TensorId> ids;
    for (const auto& name : r.texts(key)) ids.push_back(lookup<TensorId>(r, key, tensors_, name, "tensor"));
    return ids;
  }

  TensorView view(base::ConfigReader r) {
    TensorView v;
    v.tensor = tensor_id(r, "tensor");
    for (auto& d : r.sections("dims"))
      v.dims.push_back({d.text("index"), d.integer("size", {1, kMaxExtent}), d.integer("stride", {0, kMaxExtent})});
    return v;
  }

  Extents extents(base::ConfigReader r) {
    Extents e;
    for (LoopDim d : {LoopDim::kB, LoopDim::kM, LoopDim::kN, LoopDim::kK})
      e[d] = r.integer(loop_dim_name(d), {1, kMaxExtent});
    return e;
  }

  LoopDim loop_dim(const std::string& word) {
    return word == "b" ? LoopDim::kB : word == "m" ? LoopDim::kM : word == "n" ? LoopDim::kN : LoopDim::kK;
  }

  template <std::size_t N>
  void order(base::ConfigReader& r, const std::string& key, std::array<LoopDim, N>& into, const std::string& allowed) {
    const auto words = r.texts(key);
    std::string sorted;
    for (const auto& w : words) sorted += w;
    std::sort(sorted.begin(), sorted.end());
    if (words.size() != N || sorted != allowed) {
      problems_.add(r.place(key), "expected a permutation of the letters '" + allowed + "'");
      return;
    }
    for (std::size_t i = 0; i < N; ++i) into[i] = loop_dim(words[i]);
  }

  Prediction prediction(base::ConfigReader& parent) {
    Prediction p;
    base::ConfigReader r = parent.section("prediction");
    p.cycles = r.number("cycles", {0, 1e18});
    p.energy_pj = r.number("energy_pj", {0, 1e24});
    base::ConfigReader parts = r.section("energy_by_component_pj");
    for (const auto& key : parts.keys()) p.energy_by_component_pj[key] = parts.number(key, {0, 1e24});
    return p;
  }

  GemmNode gemm(base::ConfigReader r) {
    GemmNode g;
    base::ConfigReader indices = r.section("indices");
    g.indices = {indices.texts("b"), indices.texts("m"), indices.texts("n"), indices.texts("k")};
    g.extents = extents(r.section("extents"));
    g.weight = view(r.section("weight"));
    g.input = view(r.section("input"));
    g.output = view(r.section("output"));
    base::ConfigReader epilogue = r.section("epilogue");
    g.epilogue.requant = tensor_id(epilogue, "requant");
    g.epilogue.channels_include_batch = epilogue.boolean("channels_include_batch");
    g.epilogue.n_channels = epilogue.integer_or("n_channels", 1, {1, kMaxExtent});
    if (epilogue.has("activation_table")) g.epilogue.activation_table = tensor_id(epilogue, "activation_table");
    return g;
  }

  GemmMapping mapping(base::ConfigReader r) {
    GemmMapping m;
    m.gb_tile = extents(r.section("gb_tile"));
    order(r, "gb_order", m.gb_order, "bmn");
    m.pe_tile = extents(r.section("pe_tile"));
    base::ConfigReader spatial = r.section("spatial");
    m.spatial = {spatial.integer("b", {1, 4096}), spatial.integer("m", {1, 4096}), spatial.integer("n", {1, 4096})};
    order(r, "wave_order", m.wave_order, "mn");
    return m;
  }

  VectorNode vector(base::ConfigReader r) {
    VectorNode v;
    v.op = r.choice("op", {"softmax", "layer_norm"}) == "softmax" ? VectorOp::kSoftmax : VectorOp::kLayerNorm;
    base::ConfigReader indices = r.section("indices");
    v.n = indices.texts("n");
    v.k = indices.texts("k");
    v.rows = r.integer("rows", {1, kMaxExtent});
    v.columns = r.integer("columns", {1, kMaxExtent});
    v.input = view(r.section("input"));
    if (auto residual = r.optional_section("residual")) v.residual = view(*residual);
    v.output = view(r.section("output"));
    v.parameters = tensor_id(r, "parameters");
    if (v.op == VectorOp::kLayerNorm) {
      v.multiplier_x = static_cast<std::int32_t>(r.integer("multiplier_x", {1, 1 << 22}));
      v.multiplier_r = static_cast<std::int32_t>(r.integer("multiplier_r", {0, 1 << 22}));
      v.shift = static_cast<int>(r.integer("shift", {1, 62}));
    }
    return v;
  }

  void node(base::ConfigReader r) {
    Node n;
    n.name = r.text("name");
    n.layer = r.text("layer");
    n.einsum = r.text("einsum");
    if (auto g = r.optional_section("gemm")) n.gemm = gemm(*g);
    if (auto v = r.optional_section("vector")) n.vector = vector(*v);
    if (n.gemm.has_value() == n.vector.has_value())
      problems_.add(r.place(), "expected exactly one of 'gemm', 'vector'");
    if (!nodes_.emplace(n.name, s_.workload.nodes.next_id()).second)
      problems_.add(r.place("name"), "node '" + n.name + "' is defined twice");
    s_.workload.nodes.push_back(std::move(n));
  }

  PlannedNode planned(base::ConfigReader r) {
    PlannedNode n;
    n.node = lookup<NodeId>(r, "node", nodes_, r.text("node"), "node");
    n.bound = loop_dim(r.choice("bound", {"n", "m", "b"}));
    if (n.node && s_.workload.nodes[n.node].gemm) n.mapping = mapping(r.section("mapping"));
    n.prediction = prediction(r);
    return n;
  }

  void group(base::ConfigReader r) {
    FusedGroup g;
    g.name = r.text("name");
    g.index = r.text("index");
    g.extent = r.integer("extent", {1, kMaxExtent});
    g.step = r.integer("step", {1, kMaxExtent});
    g.in_global_buffer = tensor_ids(r, "in_global_buffer");
    g.pinned = tensor_ids(r, "pinned");
    for (auto& n : r.sections("nodes")) g.nodes.push_back(planned(n));
    g.prediction = prediction(r);
    s_.plan.groups.push_back(std::move(g));
  }

  base::ConfigReader r_;
  base::Problems& problems_;
  Schedule s_;
  std::map<std::string, TensorId> tensors_;
  std::map<std::string, NodeId> nodes_;
};

}  // namespace

Schedule Schedule::load(const std::string& path) {
  base::Problems problems;
  std::optional<Schedule> schedule = Reader(path, problems).read();
  problems.throw_if_any<base::ScheduleError>();
  check_structure(*schedule, problems);
  problems.throw_if_any<base::ScheduleError>();
  return std::move(*schedule);
}

}  // namespace heat::spec
