// Tensors and nodes get their ids in the order of the file.
#include "spec/arithmetic.h"
#include "spec/schedule_fields.h"

namespace heat::spec {
namespace {

class WorkloadReader {
 public:
  WorkloadReader(base::ConfigReader r, WorkloadNames& names) : r_(std::move(r)), names_(names) {}

  Workload read() {
    w_.network = r_.text("network");
    w_.method = r_.text("method");
    w_.tokens = r_.integer("tokens", {1, kMaxExtent});
    for (auto& t : r_.sections("tensors")) tensor(t);
    for (auto& n : r_.sections("nodes")) node(n);
    if (r_.has("layers"))
      for (auto& l : r_.sections("layers")) w_.layers.push_back(read_layer_form(l));
    return std::move(w_);
  }

 private:
  void tensor(base::ConfigReader r) {
    Tensor t;
    t.name = r.text("name");
    t.kind = kind_of(r.choice("kind", {"input", "weight", "parameters", "intermediate", "output"}));
    t.shape = r.integers("shape", {1, kMaxExtent});
    t.scale = r.number("scale");
    names_.tensors.add(r, "name", t.name, w_.tensors.next_id());
    w_.tensors.push_back(std::move(t));
  }

  static TensorKind kind_of(const std::string& word) {
    return word == "input"          ? TensorKind::kInput
           : word == "weight"       ? TensorKind::kWeight
           : word == "parameters"   ? TensorKind::kParameters
           : word == "intermediate" ? TensorKind::kIntermediate
                                    : TensorKind::kOutput;
  }

  static VectorOp operation_of(const std::string& word) {
    return word == "softmax" ? VectorOp::kSoftmax : word == "layer_norm" ? VectorOp::kLayerNorm : VectorOp::kReduce;
  }

  static ViewDim dim(base::ConfigReader& r) {
    ViewDim d{r.text("index"), r.integer("size", {1, kMaxExtent}), r.integer("stride", {0, kMaxExtent})};
    if (!r.has("inner")) return d;
    d.inner = r.integer("inner", {2, kMaxExtent});
    d.inner_stride = r.integer("inner_stride", {0, kMaxExtent});
    if (d.size % d.inner != 0) {
      r.problems().add(r.place("inner"),
                       std::to_string(d.inner) + " does not divide the size " + std::to_string(d.size));
      d.inner = 1;
    }
    return d;
  }

  TensorView view(base::ConfigReader r) {
    TensorView v;
    v.tensor = names_.tensors.read(r, "tensor");
    for (auto& d : r.sections("dims")) v.dims.push_back(dim(d));
    return v;
  }

  GemmNode gemm(base::ConfigReader r) {
    GemmNode g;
    base::ConfigReader indices = r.section("indices");
    g.indices = {indices.texts("b"), indices.texts("m"), indices.texts("n"), indices.texts("k")};
    g.extents = read_extents(r.section("extents"));
    g.weight = view(r.section("weight"));
    g.input = view(r.section("input"));
    g.output = view(r.section("output"));
    base::ConfigReader epilogue = r.section("epilogue");
    g.epilogue.sums = epilogue.boolean_or("sums", false);
    if (g.epilogue.sums) return g;
    g.epilogue.requant = names_.tensors.read(epilogue, "requant");
    g.epilogue.channels_include_batch = epilogue.boolean("channels_include_batch");
    g.epilogue.n_channels = epilogue.integer_or("n_channels", 1, {1, kMaxExtent});
    if (epilogue.has("activation_table"))
      g.epilogue.activation_table = names_.tensors.read(epilogue, "activation_table");
    return g;
  }

  VectorNode vector(base::ConfigReader r) {
    VectorNode v;
    v.op = operation_of(r.choice("op", {"softmax", "layer_norm", "reduce"}));
    base::ConfigReader indices = r.section("indices");
    v.n = indices.texts("n");
    v.k = indices.texts("k");
    if (v.op == VectorOp::kReduce) v.parts = indices.texts("parts");
    v.rows = r.integer("rows", {1, kMaxExtent});
    v.columns = r.integer("columns", {1, kMaxExtent});
    v.input = view(r.section("input"));
    if (auto residual = r.optional_section("residual")) v.residual = view(*residual);
    v.output = view(r.section("output"));
    v.parameters = names_.tensors.read(r, "parameters");
    if (r.has("mask")) v.mask = names_.tensors.read(r, "mask");
    if (v.op == VectorOp::kLayerNorm) {
      v.multiplier_x = static_cast<std::int32_t>(r.integer("multiplier_x", {1, 1 << 22}));
      v.multiplier_r = static_cast<std::int32_t>(r.integer("multiplier_r", {0, 1 << 22}));
      v.shift = static_cast<int>(r.integer("shift", {1, kMostLayerNormShift}));
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
      r.problems().add(r.place(), "expected exactly one of 'gemm', 'vector'");
    names_.nodes.add(r, "name", n.name, w_.nodes.next_id());
    w_.nodes.push_back(std::move(n));
  }

  base::ConfigReader r_;
  WorkloadNames& names_;
  Workload w_;
};

}  // namespace

Workload read_workload(base::ConfigReader r, WorkloadNames& names) {
  return WorkloadReader(std::move(r), names).read();
}

}  // namespace heat::spec
