// Schedule -> JSON. The reader is schedule_reader.cpp; a test round-trips both.
#include <nlohmann/json.hpp>

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

class Writer {
 public:
  explicit Writer(const Schedule& schedule) : s_(schedule) {}

  Json write() const {
    Json j{{"format", "heat-schedule/1"}, {"network", s_.network}, {"arch", s_.arch},
           {"method", s_.method},         {"tokens", s_.tokens},   {"dram_image", s_.dram_image}};
    j["prediction"] = prediction_json(s_.prediction);
    j["tensors"] = Json::array();
    for (const Tensor& t : s_.tensors) j["tensors"].push_back(tensor(t));
    j["nodes"] = Json::array();
    for (const Node& n : s_.nodes) j["nodes"].push_back(node(n));
    j["groups"] = Json::array();
    for (const FusedGroup& g : s_.groups) j["groups"].push_back(group(g));
    for (const LayerForm& l : s_.layers)
      j["layers"].push_back({{"layer", l.layer},
                             {"rows", l.rows},
                             {"cols", l.cols},
                             {"method", l.method},
                             {"shape", l.shape},
                             {"rank", l.rank}});
    return j;
  }

 private:
  // The tensor that `owner` ("node 'query'") has as its `role`.
  const std::string& tensor_name(int id, const std::string& owner, const char* role) const {
    if (id < 0 || static_cast<std::size_t>(id) >= s_.tensors.size())
      throw base::ScheduleError("schedule '" + s_.network + "': " + owner + " has no tensor as its " + role);
    return s_.tensors[static_cast<std::size_t>(id)].name;
  }

  Json tensor(const Tensor& t) const {
    Json j{{"name", t.name},
           {"kind", kind_name(t.kind)},
           {"home", t.home == Home::kDram ? "dram" : "global_buffer"},
           {"shape", t.shape}};
    if (t.home == Home::kDram) j["dram_address"] = t.dram_address;
    j["scale"] = t.scale;
    return j;
  }

  Json view(const TensorView& v, const std::string& owner, const char* role) const {
    Json dims = Json::array();
    for (const ViewDim& d : v.dims) dims.push_back({{"index", d.index}, {"size", d.size}, {"stride", d.stride}});
    return {{"tensor", tensor_name(v.tensor, owner, role)}, {"dims", dims}};
  }

  Json gemm(const GemmNode& g, const std::string& owner) const {
    Json j{{"indices", {{"b", g.indices.b}, {"m", g.indices.m}, {"n", g.indices.n}, {"k", g.indices.k}}},
           {"extents", extents_json(g.extents)},
           {"weight", view(g.weight, owner, "weight")},
           {"input", view(g.input, owner, "input")},
           {"output", view(g.output, owner, "output")}};
    j["epilogue"] = {{"requant", tensor_name(g.epilogue.requant, owner, "requantisation records (requant)")},
                     {"channels_include_batch", g.epilogue.channels_include_batch},
                     {"n_channels", g.epilogue.n_channels}};
    if (g.epilogue.activation_table >= 0)
      j["epilogue"]["activation_table"] = tensor_name(g.epilogue.activation_table, owner, "activation table");
    const GemmMapping& m = g.mapping;
    j["mapping"] = {{"gb_tile", extents_json(m.gb_tile)},
                    {"gb_order", order_json(m.gb_order)},
                    {"pe_tile", extents_json(m.pe_tile)},
                    {"spatial", {{"b", m.spatial.b}, {"m", m.spatial.m}, {"n", m.spatial.n}}},
                    {"wave_order", order_json(m.wave_order)}};
    return j;
  }

  Json vector(const VectorNode& v, const std::string& owner) const {
    Json j{{"op", v.op == VectorOp::kSoftmax ? "softmax" : "layer_norm"},
           {"indices", {{"n", v.n}, {"k", v.k}}},
           {"rows", v.rows},
           {"columns", v.columns},
           {"input", view(v.input, owner, "input")}};
    if (v.residual) j["residual"] = view(*v.residual, owner, "residual");
    j["output"] = view(v.output, owner, "output");
    j["parameters"] = tensor_name(v.parameters, owner, "parameters");
    if (v.op == VectorOp::kLayerNorm) {
      j["multiplier_x"] = v.multiplier_x;
      j["multiplier_r"] = v.multiplier_r;
      j["shift"] = v.shift;
    }
    return j;
  }

  Json node(const Node& n) const {
    Json j{{"name", n.name}, {"layer", n.layer}, {"einsum", n.einsum}, {"bound", loop_dim_name(n.bound)}};
    const std::string owner = "node '" + n.name + "'";
    if (n.gemm) j["gemm"] = gemm(*n.gemm, owner);
    if (n.vector) j["vector"] = vector(*n.vector, owner);
    j["prediction"] = prediction_json(n.prediction);
    return j;
  }

  Json group(const FusedGroup& g) const {
    Json nodes = Json::array(), pinned = Json::array();
    for (int n : g.nodes) nodes.push_back(s_.nodes.at(static_cast<std::size_t>(n)).name);
    for (int t : g.pinned) pinned.push_back(tensor_name(t, "group '" + g.name + "'", "pinned tensor"));
    return {{"name", g.name},
            {"index", g.index},
            {"extent", g.extent},
            {"step", g.step},
            {"nodes", nodes},
            {"pinned", pinned},
            {"prediction", prediction_json(g.prediction)}};
  }

  const Schedule& s_;
};

}  // namespace

nlohmann::ordered_json to_json(const Schedule& schedule) {
  return Writer(schedule).write();
}

void save(const Schedule& schedule, const std::string& path) {
  base::write_file_atomically(path, to_json(schedule).dump(1) + "\n");
}

}  // namespace heat::spec
