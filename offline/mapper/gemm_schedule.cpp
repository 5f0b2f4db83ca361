// The bound index goes to the front of every tensor that holds it; k stays innermost.
#include "offline/mapper/gemm_schedule.h"

#include <algorithm>

#include "offline/mapper/batched_gemm.h"
#include "offline/mapper/lower_path.h"

namespace heat::offline::mapper {

spec::Schedule gemm_schedule(std::int64_t m, std::int64_t k, std::int64_t n, std::int64_t b, spec::LoopDim bound,
                             const std::string& arch, bool requantised) {
  using Indices = std::vector<spec::Index>;
  const std::map<spec::Index, std::int64_t> sizes{{"h", b}, {"o", m}, {"t", n}, {"c", k}};
  const spec::Index index = bound == spec::LoopDim::kB ? "h" : bound == spec::LoopDim::kM ? "o" : "t";
  spec::Schedule s;
  s.network = "gemm";
  s.arch = arch;
  s.method = "dense";
  s.tokens = n;
  const auto operand = [&](const std::string& name, spec::TensorKind kind, Indices indices) {
    if (b == 1 && index != "h") std::erase(indices, "h");
    if (const auto at = std::find(indices.begin(), indices.end(), index); at != indices.end())
      std::rotate(indices.begin(), at, at + 1);
    spec::Tensor tensor;
    tensor.name = name;
    tensor.kind = kind;
    for (const auto& i : indices) tensor.shape.push_back(sizes.at(i));
    s.tensors.push_back(tensor);
    return GemmOperand{static_cast<int>(s.tensors.size()) - 1, indices, {}};
  };
  const GemmOperand weight = operand("weight", spec::TensorKind::kWeight, {"h", "o", "c"});
  const GemmOperand input = operand("input", spec::TensorKind::kInput, {"t", "h", "c"});
  const GemmOperand output = operand("output", spec::TensorKind::kOutput, {"t", "h", "o"});
  spec::Node node;
  node.name = node.layer = "gemm";
  node.bound = bound;
  node.gemm = batched_gemm(weight, input, output, sizes);
  node.einsum = spec::Einsum{{input.indices, weight.indices}, output.indices, sizes}.text();
  if (requantised) {
    spec::Tensor records;
    records.name = "requant";
    records.kind = spec::TensorKind::kParameters;
    records.shape = {m, static_cast<std::int64_t>(sizeof(spec::RequantRecord))};
    node.gemm->epilogue.requant = static_cast<int>(s.tensors.size());
    s.tensors.push_back(records);
  }
  s.nodes.push_back(node);
  spec::FusedGroup group;
  group.name = "gemm";
  group.index = index;
  group.extent = sizes.at(index);
  group.step = group.extent;
  group.nodes = {0};
  s.groups.push_back(group);
  assign_dram_addresses(s);
  return s;
}

}  // namespace heat::offline::mapper
