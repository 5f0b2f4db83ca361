// The bound index goes to the front of every tensor that holds it; k stays innermost.
#include "offline/schedule/gemm_problem.h"

#include <algorithm>
#include <stdexcept>

#include "offline/schedule/batched_gemm.h"
#include "spec/arithmetic.h"

namespace heat::offline {
namespace {

spec::Index index_of(spec::LoopDim bound) {
  switch (bound) {
    case spec::LoopDim::kB:
      return "h";
    case spec::LoopDim::kM:
      return "o";
    case spec::LoopDim::kN:
      return "t";
    case spec::LoopDim::kK:
      break;
  }
  throw std::logic_error("a group's loop binds b, m or n");
}

}  // namespace

GemmProblem gemm_problem(const GemmSize& size, spec::LoopDim bound, bool requantised) {
  using Indices = std::vector<spec::Index>;
  const std::map<spec::Index, std::int64_t> sizes{{"h", size.b}, {"o", size.m}, {"t", size.n}, {"c", size.k}};
  const spec::Index index = index_of(bound);
  GemmProblem problem;
  spec::Workload& w = problem.workload;
  w.network = "gemm";
  w.method = "dense";
  w.tokens = size.n;
  const auto operand = [&](const std::string& name, spec::TensorKind kind, Indices indices) {
    if (size.b == 1 && index != "h") std::erase(indices, "h");
    if (const auto at = std::find(indices.begin(), indices.end(), index); at != indices.end())
      std::rotate(indices.begin(), at, at + 1);
    spec::Tensor tensor;
    tensor.name = name;
    tensor.kind = kind;
    for (const auto& i : indices) tensor.shape.push_back(sizes.at(i));
    return GemmOperand{w.tensors.push_back(tensor), indices, {}};
  };
  const GemmOperand weight = operand("weight", spec::TensorKind::kWeight, {"h", "o", "c"});
  const GemmOperand input = operand("input", spec::TensorKind::kInput, {"t", "h", "c"});
  const GemmOperand output = operand("output", spec::TensorKind::kOutput, {"t", "h", "o"});
  spec::Node node;
  node.name = node.layer = "gemm";
  node.gemm = batched_gemm(weight, input, output, sizes);
  node.einsum = spec::Einsum{{input.indices, weight.indices}, output.indices, sizes}.text();
  if (requantised) {
    spec::Tensor records;
    records.name = "requant";
    records.kind = spec::TensorKind::kParameters;
    records.shape = {size.m, static_cast<std::int64_t>(sizeof(spec::RequantRecord))};
    node.gemm->epilogue.requant = w.tensors.push_back(records);
  }
  spec::FusedGroup& group = problem.group;
  group.name = "gemm";
  group.index = index;
  group.extent = group.step = sizes.at(index);
  group.nodes.push_back({w.nodes.push_back(node), bound, {}, {}});
  return problem;
}

}  // namespace heat::offline
