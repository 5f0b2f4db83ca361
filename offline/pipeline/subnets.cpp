// Parameters travel between stages as safetensors, which hold the same bits on every machine.
#include "offline/pipeline/subnets.h"

#include "base/errors.h"
#include "offline/model/checkpoint.h"

namespace heat::offline {

std::vector<double> features_of(const SubNet& subnet) {
  return {subnet.begin(), subnet.end()};
}

void write_parameters(const TorchModel& model, const std::string& path,
                      const std::map<std::string, std::string>& metadata) {
  Safetensors file;
  file.metadata = metadata;
  for (const auto& [name, tensor] : model.named_parameters()) file.tensors[name] = to_raw(tensor.detach(), DType::kF32);
  file.save(path);
}

void read_parameters(TorchModel& model, const std::string& path) {
  const Safetensors file = Safetensors::load(path);
  base::Problems problems;
  for (auto& [name, tensor] : model.named_parameters()) {
    const auto found = file.tensors.find(name);
    if (found == file.tensors.end()) {
      problems.add(path, "no tensor '" + name + "'");
      continue;
    }
    const at::Tensor stored = to_float_tensor(found->second);
    if (stored.sizes() != tensor.sizes())
      problems.add(path, "tensor '" + name + "' has another shape than the model's");
    else
      tensor.detach().copy_(stored);
  }
  problems.throw_if_any();
}

}  // namespace heat::offline
