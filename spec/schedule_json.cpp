// Schedule -> JSON. The reader is schedule_reader.cpp; a test round-trips both.
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "base/atomic_file.h"
#include "spec/schedule.h"

namespace heat::spec {
namespace {

using Json = nlohmann::ordered_json;

const char* kind_name(TensorKind kind) {
  switch (kind) {
    case TensorKind::kInput:
      return "input";
    case TensorKind::kWeight:
      return "weight";
    case TensorKind::kParameters:
      return "parameters";
    case TensorKind::kIntermediate:
      return "intermediate";
    case TensorKind::kOutput:
      return "output";
  }
  throw std::logic_error("unknown tensor kind");
}

const char* operation_name(VectorOp op) {
  switch (op) {
    case VectorOp::kSoftmax:
      return "softmax";
    case VectorOp::kLayerNorm:
      return "layer_norm";
    case VectorOp::kReduce:
      return "reduce";
  }
  throw std::logic_error("unknown row operation");
}

Json extents_json(const Extents& e) {
  return {{"b", e.b}, {"m", e.m}, {"n", e.n}, {"k", e.k}};
}

Json prediction_json(const Prediction& p) {
  return {{"cycles", p.cycles}, {"energy_pj", p.energy_pj}, {"energy_by_component_pj", Json(p.energy_by_component_pj)}};
}

template <std::size_t N>
Json order_json(const std::array<LoopDim, N>& order) {
  Json list = Json::array();
  for (LoopDim d : order) list.push_back(loop_dim_name(d));
  return list;
}

Json mapping_json(const GemmMapping& m) {
  return {{"gb_tile", extents_json(m.gb_tile)},
          {"gb_order", order_json(m.gb_order)},
          {"pe_tile", extents_json(m.pe_tile)},
          {"spatial", {{"b", m.spatial.b}, {"m", m.spatial.m}, {"n", m.spatial.n}, {"k", m.spatial.k}}},
          {"wave_order", order_json(m.wave_order)}};
}

class Writer {
 public:
  Writer(const Workload& workload, const Plan& plan) : w_(workload), p_(plan) {}

  Json workload() const {
    Json j{{"network", w_.network}, {"method", w_.method}, {"tokens", w_.tokens}};
    j["tensors"] = Json::array();
    for (const Tensor& t : w_.tensors)
      j["tensors"].push_back({{"name", t.name}, {"kind", kind_name(t.kind)}, {"shape", t.shape}, {"scale", t.scale}});
    j["nodes"] = Json::array();
    for (const Node& n : w_.nodes) j["nodes"].push_back(node(n));
    if (!w_.layers.empty()) j["layers"] = to_json(w_.layers);
    return j;
  }

  Json plan() const {
    Json j{{"arch", p_.arch}, {"prediction", prediction_json(p_.prediction)}};
    j["groups"] = Json::array();
    for (const FusedGroup& g : p_.groups) j["groups"].push_back(group(g));
    j["homes"] = Json::array();
    for (const Home& h : p_.homes)
      j["homes"].push_back({{"tensor", tensor_name(h.tensor, "a home of the plan", "tensor")},
                            {"extent", h.extent},
                            {"chiplets", h.chiplets},
                            {"address", h.address}});
    j["dram_addresses"] = Json::object();
    for (TensorId t : p_.dram_addresses.ids())
      if (p_.dram_addresses[t] >= 0) j["dram_addresses"][w_.tensors[t].name] = p_.dram_addresses[t];
    return j;
  }

 private:
  // The tensor that `owner` ("node 'query'") has as its `role`.
  const std::string& tensor_name(TensorId id, const std::string& owner, const char* role) const {
    if (!w_.tensors.contains(id))
      throw base::ScheduleError("schedule '" + w_.network + "': " + owner + " has no tensor as its " + role);
    return w_.tensors[id].name;
  }
  Json tensor_names(const std::vector<TensorId>& ids, const std::string& owner, const char* role) const {
    Json names = Json::array();
    for (TensorId t : ids) names.push_back(tensor_name(t, owner, role));
    return names;
  }

  Json view(const TensorView& v, const std::string& owner, const char* role) const {
    Json dims = Json::array();
    for (const ViewDim& d : v.dims) {
      nlohmann::ordered_json dim{{"index", d.index}, {"size", d.size}, {"stride", d.stride}};
      if (d.inner > 1) {
        dim["inner"] = d.inner;
        dim["inner_stride"] = d.inner_stride;
      }
      dims.push_back(std::move(dim));
    }
    return {{"tensor", tensor_name(v.tensor, owner, role)}, {"dims", dims}};
  }

  Json gemm(const GemmNode& g, const std::string& owner) const {
    Json j{{"indices", {{"b", g.indices.b}, {"m", g.indices.m}, {"n", g.indices.n}, {"k", g.indices.k}}},
           {"extents", extents_json(g.extents)},
           {"weight", view(g.weight, owner, "weight")},
           {"input", view(g.input, owner, "input")},
           {"output", view(g.output, owner, "output")}};
    if (g.epilogue.sums) {
      j["epilogue"] = {{"sums", true}};
      return j;
    }
    j["epilogue"] = {{"requant", tensor_name(g.epilogue.requant, owner, "requantisation records (requant)")},
                     {"channels_include_batch", g.epilogue.channels_include_batch},
                     {"n_channels", g.epilogue.n_channels}};
    if (g.epilogue.activation_table)
      j["epilogue"]["activation_table"] = tensor_name(g.epilogue.activation_table, owner, "activation table");
    return j;
  }

  Json vector(const VectorNode& v, const std::string& owner) const {
    Json indices{{"n", v.n}, {"k", v.k}};
    if (v.op == VectorOp::kReduce) indices["parts"] = v.parts;
    Json j{{"op", operation_name(v.op)},
           {"indices", indices},
           {"rows", v.rows},
           {"columns", v.columns},
           {"input", view(v.input, owner, "input")}};
    if (v.residual) j["residual"] = view(*v.residual, owner, "residual");
    j["output"] = view(v.output, owner, "output");
    j["parameters"] = tensor_name(v.parameters, owner, "parameters");
    if (v.mask) j["mask"] = tensor_name(v.mask, owner, "mask");
    if (v.op == VectorOp::kLayerNorm) {
      j["multiplier_x"] = v.multiplier_x;
      j["multiplier_r"] = v.multiplier_r;
      j["shift"] = v.shift;
    }
    return j;
  }

  Json node(const Node& n) const {
    Json j{{"name", n.name}, {"layer", n.layer}, {"einsum", n.einsum}};
    const std::string owner = "node '" + n.name + "'";
    if (n.gemm) j["gemm"] = gemm(*n.gemm, owner);
    if (n.vector) j["vector"] = vector(*n.vector, owner);
    return j;
  }

  Json planned(const PlannedNode& n) const {
    const Node& node = w_.nodes[n.node];
    Json j{{"node", node.name}, {"bound", loop_dim_name(n.bound)}};
    if (node.gemm) j["mapping"] = mapping_json(n.mapping);
    j["prediction"] = prediction_json(n.prediction);
    return j;
  }

  Json group(const FusedGroup& g) const {
    const std::string owner = "group '" + g.name + "'";
    Json nodes = Json::array();
    for (const PlannedNode& n : g.nodes) nodes.push_back(planned(n));
    return {{"name", g.name},
            {"index", g.index},
            {"extent", g.extent},
            {"step", g.step},
            {"chiplets", g.chiplets},
            {"ahead", g.ahead},
            {"in_global_buffer", tensor_names(g.in_global_buffer, owner, "tensor in the global buffer")},
            {"pinned", tensor_names(g.pinned, owner, "pinned tensor")},
            {"nodes", nodes},
            {"prediction", prediction_json(g.prediction)}};
  }

  const Workload& w_;
  const Plan& p_;
};

}  // namespace

nlohmann::ordered_json to_json(const Schedule& schedule) {
  const Writer writer(schedule.workload, schedule.plan);
  Json j{{"format", kScheduleFormat}, {"dram_image", schedule.dram_image}};
  if (!schedule.dram_image.empty()) j["data_crc32"] = schedule.data_crc32;
  j["workload"] = writer.workload();
  j["plan"] = writer.plan();
  return j;
}

nlohmann::ordered_json to_json(const Workload& workload) {
  return Writer(workload, {}).workload();
}

void save(const Schedule& schedule, const std::string& path) {
  base::write_file_atomically(path, to_json(schedule).dump(1) + "\n");
}

}  // namespace heat::spec
