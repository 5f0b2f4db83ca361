// Where 32-bit sums are written, how they lie, and who reads them.
#include "spec/verify.h"

namespace heat::spec {
namespace {

// The bytes of a sum lie one after another.
void verify_bytes(const Node& node, const TensorView& view, const std::string& place, base::Problems& problems) {
  if (view.dims.empty() || view.dims.back().index != kSumByte) return;  // a problem already
  const ViewDim& d = view.dims.back();
  if (d.size != kSumBytes || d.stride != 1)
    problems.add(place, std::string(node.gemm ? "output" : "input") + ": index '" + kSumByte + "' has size " +
                            std::to_string(d.size) + " and stride " + std::to_string(d.stride) + ", expected " +
                            std::to_string(kSumBytes) + " and 1");
}

}  // namespace

void verify_sums(const Workload& workload, const std::string& file, base::Problems& problems) {
  IdVector<TensorId, char> sums(workload.tensors.size(), 0);
  for (const Node& node : workload.nodes) {
    const std::string place = file + ": node '" + node.name + "'";
    const bool reduces = node.vector && node.vector->op == VectorOp::kReduce;
    for (const TensorView* view : node.reads())
      if (reduces != static_cast<bool>(sums[view->tensor]))
        problems.add(place, "reads tensor '" + workload.tensors[view->tensor].name +
                                (reduces ? "', which no node before it writes as sums: a reduction adds up sums"
                                         : "', which holds sums: only a reduction reads them"));
    const bool writes_sums = node.gemm && node.gemm->epilogue.sums;
    if (writes_sums) verify_bytes(node, node.gemm->output, place, problems);
    if (reduces) verify_bytes(node, node.vector->input, place, problems);
    sums[node.writes().tensor] = writes_sums;
  }
}

}  // namespace heat::spec
