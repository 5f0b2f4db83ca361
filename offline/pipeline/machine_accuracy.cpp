// The schedule and its image are written once; a run replaces the two inputs.
#include "offline/pipeline/machine_accuracy.h"

#include <ATen/Parallel.h>

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
      : model_(model), network_(body.planned.network), bytes_(body.bytes), arch_(arch), farm_(farm) {
    std::filesystem::create_directories(farm.folder);
    write_schedule(body.planned.schedule(), bytes_, schedule());
  }

  // Appends the classes of texts [begin, end) by their outputs; false when an output is not that of the integers.
  bool run(const std::vector<EncodedText>& texts, std::size_t begin, std::size_t end,
           std::vector<std::int64_t>& answers) {
    std::vector<SimulationRequest> requests;
    for (std::size_t i = begin; i < end; ++i) requests.push_back(request(texts[i], i));
    cycles_ = simulate_all(requests, farm_).front().cycles;
    std::vector<std::int64_t> classes(end - begin);
    std::vector<char> equal(end - begin);
    at::parallel_for(0, static_cast<std::int64_t>(end - begin), 1, [&](std::int64_t from, std::int64_t to) {
      for (auto i = static_cast<std::size_t>(from); i < static_cast<std::size_t>(to); ++i) {
        const EncodedText& text = texts[begin + i];
        const std::vector<std::int8_t> output = output_of(begin + i);
        equal[i] = output == expected(text);
        classes[i] = answer(output, text);
      }
    });
    answers.insert(answers.end(), classes.begin(), classes.end());
    return std::all_of(equal.begin(), equal.end(), [](char same) { return same != 0; });
  }

  double cycles() const { return cycles_; }

 private:
  std::string schedule() const { return farm_.folder + "/schedule.json"; }
  std::string file(std::size_t text, const char* what) const {
    return farm_.folder + "/sentence" + std::to_string(text) + what;
  }

  SimulationRequest request(const EncodedText& text, std::size_t number) const {
    const std::string result = file(number, ".run.json");
    std::vector<std::string> options{"--output", file(number, ".output.bin")};
    const auto give = [&](spec::TensorId t, const std::vector<std::int8_t>& bytes, const char* what) {
      base::write_file_atomically(file(number, what), std::string(bytes.begin(), bytes.end()));
      options.insert(options.end(), {"--input", network_.workload.tensors[t].name + "=" + file(number, what)});
    };
    give(network_.input, input(text), ".input.bin");
    give(network_.mask, mask(text), ".mask.bin");
    return {arch_, schedule(), true, "", result, options};
  }

  // Padding is behind the sentence.
  std::vector<std::int8_t> input(const EncodedText& text) const {
    const spec::Tensor& tensor = network_.workload.tensors[network_.input];
    std::vector<std::int8_t> bytes(static_cast<std::size_t>(tensor.bytes()), 0);
    const std::vector<float> rows = embed(model_, text.ids);
    HEAT_CHECK(rows.size() <= bytes.size(), "the text fits the schedule");
    std::transform(rows.begin(), rows.end(), bytes.begin(), [&](float x) { return quantize_value(x, tensor.scale); });
    return bytes;
  }
  std::vector<std::int8_t> mask(const EncodedText& text) const {
    return padding_mask(network_.workload.tokens, static_cast<std::int64_t>(text.ids.size()));
  }

  std::vector<std::int8_t> output_of(std::size_t text) const {
    const std::string written = base::read_file(file(text, ".output.bin"));
    return {written.begin(), written.end()};
  }
  std::vector<std::int8_t> expected(const EncodedText& text) const {
    TensorBytes bytes = bytes_;
    bytes[network_.input] = input(text);
    bytes[network_.mask] = mask(text);
    evaluate_integer(network_.workload, bytes);
    return bytes[network_.output];
  }

  std::int64_t answer(const std::vector<std::int8_t>& output, const EncodedText& text) const {
    at::NoGradGuard no_grad;  // a thread's own
    const double scale = network_.workload.tensors[network_.output].scale;
    const auto tokens = static_cast<std::int64_t>(text.ids.size());
    const std::int64_t features = static_cast<std::int64_t>(output.size()) / network_.workload.tokens;
    std::vector<float> rows;
    for (std::int64_t i = 0; i < tokens * features; ++i)
      rows.push_back(static_cast<float>(scale * output[static_cast<std::size_t>(i)]));
    const at::Tensor logits = model_.head(at::from_blob(rows.data(), {1, tokens, features}, at::kFloat)).logits;
    HEAT_CHECK(logits.defined(), "the model has a classifier");
    return logits.argmax(1).item<std::int64_t>();
  }

  TorchModel& model_;
  const Network& network_;
  const TensorBytes& bytes_;
  const std::string arch_;
  const SimulationFarm& farm_;
  double cycles_ = 0;
};

}  // namespace

MachineAccuracy machine_accuracy(TorchModel& model, const MaskedBody& body, const std::vector<EncodedText>& texts,
                                 const std::string& arch, const SimulationFarm& farm,
                                 const std::function<void(std::int64_t)>& progress) {
  HEAT_CHECK(body.planned.network.mask, "the network has a mask");
  MachineAccuracy result;
  if (texts.empty()) return result;
  MachineRuns runs(model, body, arch, farm);
  std::vector<std::int64_t> answers;
  constexpr std::size_t kBatch = 20;
  for (std::size_t begin = 0; begin < texts.size(); begin += kBatch) {
    if (progress) progress(static_cast<std::int64_t>(begin));
    result.bit_exact = runs.run(texts, begin, std::min(begin + kBatch, texts.size()), answers) && result.bit_exact;
  }
  result.cycles = runs.cycles();
  result.examples = static_cast<std::int64_t>(texts.size());
  const Evaluation real = evaluate(model, texts);
  std::int64_t right = 0, same = 0;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    right += answers[i] == texts[i].label;
    same += answers[i] == real.predictions[i];
    result.padded += static_cast<std::int64_t>(texts[i].ids.size()) < body.planned.network.workload.tokens;
  }
  result.accuracy = static_cast<double>(right) / static_cast<double>(result.examples);
  result.agreement = static_cast<double>(same) / static_cast<double>(result.examples);
  result.float_accuracy = real.accuracy;
  return result;
}

}  // namespace heat::offline
