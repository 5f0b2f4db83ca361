// The safetensors' names are mapped to the model's by Hugging Face's own history of names.
#include "offline/model/checkpoint.h"

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <set>

#include "base/atomic_file.h"
#include "base/errors.h"
#include "offline/decompose/form_text.h"
#include "offline/model/factorize.h"

namespace heat::offline {
namespace {

// The names of what lies behind the body.
std::set<std::string> head_names(const TorchModel& model) {
  std::set<std::string> names;
  for (const auto& [name, tensor] : model.named_parameters({model.graph().body.last, model.graph().operators.size()}))
    names.insert(name);
  return names;
}

// "embeddings.", "encoder.", ...: how names begin in a checkpoint of the network without its head's prefix.
std::set<std::string> bare_beginnings(const Graph& graph) {
  std::set<std::string> beginnings;
  for (const Operator& o : graph.operators)
    if (const std::string name = parameters_of(o.operation); name.starts_with(graph.base_prefix)) {
      const std::string bare = name.substr(graph.base_prefix.size());
      beginnings.insert(bare.substr(0, bare.find('.') + 1));
    }
  return beginnings;
}

std::string modern_name(std::string name, const Graph& graph, const std::set<std::string>& bare) {
  const auto replace_end = [&](const std::string& old_end, const std::string& new_end) {
    if (name.ends_with(old_end)) name = name.substr(0, name.size() - old_end.size()) + new_end;
  };
  replace_end("LayerNorm.gamma", "LayerNorm.weight");
  replace_end("LayerNorm.beta", "LayerNorm.bias");
  return bare.contains(name.substr(0, name.find('.') + 1)) ? graph.base_prefix + name : name;
}

std::string shape_text(at::IntArrayRef shape) {
  std::string text;
  for (std::int64_t d : shape) text += (text.empty() ? "[" : ", ") + std::to_string(d);
  return text.empty() ? "[]" : text + "]";
}

void fill(TorchModel& model, const Safetensors& file, const std::string& path, bool allow_new_head,
          std::vector<std::string>& notes) {
  std::map<std::string, const RawTensor*> given;
  const std::set<std::string> head = head_names(model), bare = bare_beginnings(model.graph());
  for (const auto& [name, raw] : file.tensors) given[modern_name(name, model.graph(), bare)] = &raw;
  base::Problems problems;
  at::NoGradGuard no_grad;
  for (auto& [name, tensor] : model.named_parameters()) {
    const auto it = given.find(name);
    if (it == given.end()) {
      if (allow_new_head && head.contains(name))
        notes.push_back(name + " is not in the checkpoint: drawn at random");
      else
        problems.add(path, name + " is missing");
      continue;
    }
    if (at::IntArrayRef(it->second->shape) != tensor.sizes()) {
      if (allow_new_head && head.contains(name))
        notes.push_back(name + " has another shape in the checkpoint: drawn at random");
      else
        problems.add(path, name + " has shape " + shape_text(it->second->shape) + ", config.json asks for " +
                               shape_text(tensor.sizes()));
    } else {
      tensor.copy_(to_float_tensor(*it->second));
    }
    given.erase(it);
  }
  problems.throw_if_any();
  for (const auto& [name, raw] : given) notes.push_back(name + " in the checkpoint is not part of the model: ignored");
}

// The "heat" section of config.json: {"layers": [{"layer", "method", "row_modes", "col_modes", "ranks"}]}.
nlohmann::ordered_json heat_section(TorchModel& model) {
  std::vector<LayerForm> layers;
  for (const auto& [name, f] : factorized_layers(model)) layers.push_back({name, f->max_form()});
  return {{"layers", spec::to_json(layers)}};
}

// Puts factorised layers (with zero cores) where the section names them.
void apply_heat_section(TorchModel& model, const nlohmann::json& section, const std::string& path) {
  if (!section.is_object() || !section.contains("layers"))
    throw base::ConfigError(path + ": heat: expected a map with 'layers'");
  const std::vector<LayerForm> forms = spec::layer_forms_from_json(section["layers"], path + ": heat.layers");
  check_forms(model, forms, path + ": heat");
  for (auto& [name, slot] : model.body_linears())
    for (const LayerForm& layer : forms)
      if (layer.layer == name) *slot = std::make_unique<FactorizedLinear>(feasible(layer.form));
}

}  // namespace

RawTensor to_raw(const at::Tensor& tensor, DType dtype) {
  const at::Tensor flat = tensor.detach().to(at::kFloat).contiguous();
  const float* data = flat.data_ptr<float>();
  return RawTensor::from_floats({data, data + flat.numel()}, flat.sizes().vec(), dtype);
}

at::Tensor to_float_tensor(const RawTensor& raw) {
  const std::vector<float> values = raw.floats();
  at::Tensor t = at::empty(raw.shape, at::kFloat);
  std::memcpy(t.data_ptr<float>(), values.data(), values.size() * sizeof(float));
  return t;
}

Checkpoint load_checkpoint(const std::string& folder, bool allow_new_head, std::uint64_t seed) {
  const std::filesystem::path root = folder;
  const std::string config_path = (root / "config.json").string();
  const auto json = nlohmann::json::parse(base::read_file(config_path), nullptr, false);
  if (json.is_discarded()) throw base::ConfigError(config_path + ": is no JSON");
  ModelConfig config = ModelConfig::from_json(json, config_path);
  Vocabulary vocabulary = Vocabulary::load((root / "vocab.txt").string());
  if (vocabulary.size() > config.vocab_size)
    throw base::ConfigError((root / "vocab.txt").string() + ": has " + std::to_string(vocabulary.size()) +
                            " pieces, config.json's vocab_size is " + std::to_string(config.vocab_size));
  const std::string weights = (root / "model.safetensors").string();
  const Safetensors file = Safetensors::load(weights);
  if (config.labels.empty())
    if (const auto it = file.tensors.find("classifier.weight"); it != file.tensors.end() && !it->second.shape.empty())
      for (std::int64_t i = 0; i < it->second.shape[0]; ++i) config.labels.push_back("LABEL_" + std::to_string(i));
  Checkpoint checkpoint{config,
                        TorchModel(build_network(config), seed),
                        WordPieceTokenizer(std::move(vocabulary), {config.do_lower_case, 100}),
                        {}};
  if (json.contains("heat")) apply_heat_section(checkpoint.model, json["heat"], config_path);
  fill(checkpoint.model, file, weights, allow_new_head, checkpoint.notes);
  return checkpoint;
}

void save_checkpoint(const std::string& folder, const ModelConfig& config, const TorchModel& model,
                     const Vocabulary& vocabulary, DType dtype) {
  const std::filesystem::path root = folder;
  Safetensors file;
  file.metadata["format"] = "pt";
  for (const auto& [name, tensor] : model.named_parameters()) file.tensors[name] = to_raw(tensor, dtype);
  nlohmann::ordered_json json = config.to_json();
  auto& layers = const_cast<TorchModel&>(model);
  if (!factorized_layers(layers).empty()) json["heat"] = heat_section(layers);
  base::write_file_atomically((root / "config.json").string(), json.dump(2) + "\n");
  base::write_file_atomically((root / "vocab.txt").string(), vocabulary.text());
  file.save((root / "model.safetensors").string());
}

}  // namespace heat::offline
