// A safetensors file of F32 tensors; the position lies in its metadata. Random numbers need no state (base/random.h).
#include "offline/train/training_state.h"

#include "base/errors.h"
#include "offline/model/checkpoint.h"

namespace heat::offline {

void save_training_state(const std::string& path, const AdamW& optimizer, const TrainingPosition& position) {
  Safetensors file;
  for (const auto& [name, tensor] : optimizer.state()) file.tensors[name] = to_raw(tensor, DType::kF32);
  file.metadata = {{"phase", std::to_string(position.phase)},
                   {"step", std::to_string(position.step)},
                   {"optimizer_steps", std::to_string(optimizer.steps())},
                   {"digest", position.digest}};
  file.save(path);
}

TrainingPosition load_training_state(const std::string& path, AdamW& optimizer) {
  const Safetensors file = Safetensors::load(path);
  base::Problems problems;
  for (const char* key : {"phase", "step", "optimizer_steps", "digest"})
    if (!file.metadata.contains(key)) problems.add(path, std::string("__metadata__.") + key + " is missing");
  at::NoGradGuard no_grad;
  for (auto& [name, tensor] : optimizer.state()) {
    const auto it = file.tensors.find(name);
    if (it == file.tensors.end() || at::IntArrayRef(it->second.shape) != tensor.sizes())
      problems.add(path, name + " is missing or has another shape than the model's");
    else
      tensor.detach().copy_(to_float_tensor(it->second));
  }
  problems.throw_if_any();
  optimizer.set_steps(std::stoll(file.metadata.at("optimizer_steps")));
  return {std::stoll(file.metadata.at("phase")), std::stoll(file.metadata.at("step")), file.metadata.at("digest")};
}

}  // namespace heat::offline
