// Images of a batch are written, run and read before those of the next.
#include "offline/pipeline/machine_accuracy.h"

#include <algorithm>
#include <filesystem>

#include "base/atomic_file.h"
#include "base/errors.h"
#include "offline/model/embed.h"
#include "offline/schedule/evaluate.h"
#include "offline/schedule/quantize.h"
#include "offline/train/evaluate.h"

namespace heat::offline {
namespace {

class MachineRuns {
 public:
  MachineRuns(TorchModel& model, const MaskedBody& body, const std::string& arch, const SimulationFarm& farm)
      : model_(model), body_(body), workload_(body.planned.network.workload), arch_(arch), farm_(farm) {}

  // Appends the classes that the head gives the outputs of `texts`; false when an output is not the integers'.
  bool run(const std::vector<EncodedText>& texts, std::vector<std::int64_t>& answers) {
    std::vector<SimulationRequest> requests;
    std::vector<TensorBytes> given;
    for (const EncodedText& text : texts) {
      given.push_back(bytes_of(text));
      const std::string name = farm_.folder + "/sentence" + std::to_string(requests.size());
      write_schedule(body_.planned.schedule(), given.back(), name + ".json");
      std::filesystem::remove(name + ".run.json");
      requests.push_back({arch_, name + ".json", true, "", name + ".run.json", {"--output", name + ".out"}});
    }
    simulate_all(requests, farm_);
    bool exact = true;
    for (std::size_t i = 0; i < texts.size(); ++i) {
      const std::string written = base::read_file(farm_.folder + "/sentence" + std::to_string(i) + ".out");
      const std::vector<std::int8_t> output(written.begin(), written.end());
      evaluate_integer(workload_, given[i]);
      exact = exact && output == given[i][body_.planned.network.output];
      answers.push_back(answer(output, texts[i]));
    }
    return exact;
  }

 private:
  TensorBytes bytes_of(const EncodedText& text) const {
    TensorBytes bytes = body_.bytes;
    std::vector<std::int8_t>& input = bytes[body_.planned.network.input];
    std::fill(input.begin(), input.end(), std::int8_t{0});
    const double scale = workload_.tensors[body_.planned.network.input].scale;
    const std::vector<float> rows = embed(model_, text.ids);
    std::transform(rows.begin(), rows.end(), input.begin(), [&](float x) { return quantize_value(x, scale); });
    bytes[body_.planned.network.mask] =
        padding_mask(workload_.tokens, static_cast<std::int64_t>(text.ids.size()));
    return bytes;
  }

  std::int64_t answer(const std::vector<std::int8_t>& output, const EncodedText& text) {
    at::NoGradGuard no_grad;
    const double scale = workload_.tensors[body_.planned.network.output].scale;
    const auto tokens = static_cast<std::int64_t>(text.ids.size());
    const std::int64_t features = static_cast<std::int64_t>(output.size()) / workload_.tokens;
    std::vector<float> rows;  // padding is behind the sentence
    for (std::int64_t i = 0; i < tokens * features; ++i)
      rows.push_back(static_cast<float>(scale * output[static_cast<std::size_t>(i)]));
    const at::Tensor logits = model_.head(at::from_blob(rows.data(), {1, tokens, features}, at::kFloat)).logits;
    HEAT_CHECK(logits.defined(), "the model has a classifier");
    return logits.argmax(1).item<std::int64_t>();
  }

  TorchModel& model_;
  const MaskedBody& body_;
  const spec::Workload& workload_;
  const std::string arch_;
  const SimulationFarm& farm_;
};

}  // namespace

MachineAccuracy machine_accuracy(TorchModel& model, const MaskedBody& body, const std::vector<EncodedText>& texts,
                                 const std::string& arch, const SimulationFarm& farm,
                                 const std::function<void(std::int64_t)>& progress) {
  MachineAccuracy result;
  if (texts.empty()) return result;
  std::filesystem::create_directories(farm.folder);
  MachineRuns runs(model, body, arch, farm);
  std::vector<std::int64_t> answers;
  constexpr std::size_t kBatch = 20;
  for (std::size_t begin = 0; begin < texts.size(); begin += kBatch) {
    if (progress) progress(static_cast<std::int64_t>(begin));
    const auto first = texts.begin() + static_cast<std::ptrdiff_t>(begin);
    const std::size_t count = std::min(kBatch, texts.size() - begin);
    result.bit_exact = runs.run({first, first + static_cast<std::ptrdiff_t>(count)}, answers) && result.bit_exact;
  }
  std::filesystem::remove_all(farm.folder);
  result.examples = static_cast<std::int64_t>(texts.size());
  std::int64_t right = 0;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    right += answers[i] == texts[i].label;
    result.padded += static_cast<std::int64_t>(texts[i].ids.size()) < body.planned.network.workload.tokens;
  }
  result.accuracy = static_cast<double>(right) / static_cast<double>(result.examples);
  result.float_accuracy = evaluate(model, texts).accuracy;
  return result;
}

}  // namespace heat::offline
