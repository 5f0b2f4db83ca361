// The only place where LibTorch tensors become the lowering's plain vectors.
#include "offline/pipeline/model_forms.h"

#include <memory>

#include "offline/model/factorize.h"
#include "offline/model/wordpiece.h"

namespace heat::offline {
namespace {

std::vector<float> values_of(const at::Tensor& tensor) {
  const at::Tensor flat = tensor.detach().to(at::kFloat).contiguous();
  return {flat.data_ptr<float>(), flat.data_ptr<float>() + flat.numel()};
}

using Values = std::map<std::string, std::vector<float>>;

// The body's parameters.
std::shared_ptr<Values> body_values(const TorchModel& model) {
  auto values = std::make_shared<Values>();
  for (const auto& [name, tensor] : model.named_parameters(model.graph().body)) (*values)[name] = values_of(tensor);
  return values;
}

}  // namespace

// The cores of a factorised layer at its active ranks, any scale folded in.
Decomposition decomposition_of(const FactorizedLinear& layer) {
  const std::unique_ptr<FactorizedLinear> cut = layer.cut();
  Decomposition d = without_values(cut->max_form());
  NamedTensors tensors;
  cut->collect("layer", tensors);
  for (const auto& [name, tensor] : tensors) {
    const std::string prefix = "layer.cores.";
    if (name.rfind(prefix, 0) != 0) continue;
    const std::vector<float> values = values_of(tensor);
    d.cores.at(static_cast<std::size_t>(std::stoi(name.substr(prefix.size()))))
        .data.assign(values.begin(), values.end());
  }
  return d;
}

NetworkForms forms_of_model(TorchModel& model) {
  const auto values = body_values(model);
  const auto factors = std::make_shared<std::map<std::string, Decomposition>>();
  for (const auto& [name, layer] : factorized_layers(model)) (*factors)[name] = decomposition_of(*layer);
  NetworkForms forms;
  forms.linear = [values, factors](const LinearLayer& layer) {
    LinearForm form{layer.name, layer.in, layer.out, {}, values->at(layer.parameters + ".bias"), {}};
    if (const auto f = factors->find(layer.parameters); f != factors->end())
      form.factors = f->second;
    else
      form.weight = values->at(layer.parameters + ".weight");
    return form;
  };
  forms.norm = [values](const NormLayer& layer) {
    return NormForm{values->at(layer.parameters + ".weight"), values->at(layer.parameters + ".bias")};
  };
  return forms;
}

std::vector<std::vector<std::int32_t>> full_sequences(const WordPieceTokenizer& tokenizer,
                                                      const std::vector<std::string>& texts, std::int64_t tokens,
                                                      std::size_t count) {
  HEAT_CHECK(!texts.empty() && tokens >= 2, "texts and at least two tokens");
  const auto length = static_cast<std::size_t>(tokens);
  std::vector<std::vector<std::int32_t>> sequences;
  for (std::size_t text = 0; sequences.size() < count;) {
    std::vector<std::int32_t> ids{tokenizer.vocabulary().cls()};
    while (ids.size() + 1 < length) {
      const auto pieces = tokenizer.encode(texts[text++ % texts.size()], static_cast<std::int64_t>(length) + 2);
      for (std::size_t i = 1; i + 1 < pieces.size() && ids.size() + 1 < length; ++i) ids.push_back(pieces[i]);
      if (text > texts.size() * length) throw base::Error("the texts for calibration hold no words");
    }
    ids.push_back(tokenizer.vocabulary().sep());
    sequences.push_back(std::move(ids));
  }
  return sequences;
}

const std::vector<std::string>& calibration_sentences() {
  static const std::vector<std::string> sentences{
      "The river runs through the old town and under a bridge of grey stone.",
      "A person who repairs engines needs patience, good light and the right tools.",
      "Small birds gather in the hedge before the winter and leave it again in spring.",
      "The committee will publish its decision about the new law at the end of the month.",
      "Water boils at a lower temperature on a mountain because the pressure of the air is lower.",
      "She wrote a long letter to her brother, who had gone to sea three years before.",
      "An instrument for measuring the speed of the wind stands on the roof of the school.",
      "The price of bread rose again, although the harvest had been better than expected."};
  return sentences;
}

}  // namespace heat::offline
