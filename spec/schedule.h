// A schedule: the mappings of a whole network, with tensor layouts. heat-offline writes it, simba-sim runs it.
//
// On disk: `<name>.json` (this structure) and beside it the file named by "dram_image" with the initial content of the
// tensors that are given before the run (inputs, weights, parameters), each at its dram_address.
//
// Execution: groups run one after another with a package barrier between them. A group's loop covers `extent` values of
// one index (tokens, heads, output features): chiplet c takes the c-th contiguous share of ceil(extent / chiplets)
// values, and walks it in steps of `step`. In each step every node of the group runs once, in order, on that share.
// Every node binds the group's index as the leading (outermost) index of its b, m or n group (`bound`), so its extent
// in a step is step * (product of the other indices of that group). Operands that do not contain the bound index are
// the same on every chiplet and are multicast.
//
// Where an operand comes from: a tensor is in the global buffer when its home is kGlobalBuffer, or when the group pins
// it (`pinned`: loaded from DRAM whole before the first step when it does not hold the bound index, else its share at
// each step). Anything else streams from DRAM tile by tile. A tensor that lives in the global buffer has the bound
// index outermost in its shape, or does not hold it.
#pragma once

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/errors.h"
#include "spec/arch_spec.h"
#include "spec/arithmetic.h"
#include "spec/mapping.h"
#include "spec/tensor.h"

namespace heat::spec {

// What the analytical model expects, to compare with what the simulator measures.
struct Prediction {
  double cycles = 0;
  double energy_pj = 0;
  std::map<std::string, double> energy_by_component_pj;
  friend bool operator==(const Prediction& x, const Prediction& y) {
    return x.cycles == y.cycles && x.energy_pj == y.energy_pj && x.energy_by_component_pj == y.energy_by_component_pj;
  }
};

// What the PPU does to sums on their way out.
struct Epilogue {
  int requant = -1;                     // tensor of RequantRecord, one a channel (spec/arithmetic.h)
  bool channels_include_batch = false;  // channel = b * M + m instead of m
  // Output features among the n indices (the last node of a factorised layer: "t d r, e r -> t d e" has a bias per d
  // and e): the innermost n_channels values of n are channels too, channel = (the above) * n_channels + n % n_channels.
  std::int64_t n_channels = 1;
  int activation_table = -1;  // tensor of 256 bytes, or -1
};

struct GemmNode {
  TensorView weight;  // dims: b, m, k
  TensorView input;   // dims: b, n, k
  TensorView output;  // dims: b, m, n
  GemmIndices indices;
  Extents extents;  // of the whole node (all chiplets, all steps)
  Epilogue epilogue;
  GemmMapping mapping;
};

enum class VectorOp { kSoftmax, kLayerNorm };

// A row operation on the global PE. Rows are the flattened n indices, columns the k indices (stride 1).
struct VectorNode {
  VectorOp op = VectorOp::kSoftmax;
  TensorView input;                    // dims: n, k
  std::optional<TensorView> residual;  // layer norm only; same index sizes
  TensorView output;                   // dims: n, k
  std::vector<Index> n, k;
  std::int64_t rows = 0, columns = 0;
  int parameters = -1;                              // exp table (softmax) or LayerNormRecord per column
  std::int32_t multiplier_x = 1, multiplier_r = 0;  // layer norm
  int shift = 1;                                    // layer norm
};

struct Node {
  std::string name;              // unique, e.g. "encoder.layer.0.intermediate.dense/2"
  std::string layer;             // the network layer it belongs to, e.g. "encoder.layer.0.intermediate.dense"
  std::string einsum;            // for people, e.g. "t c, r c -> t r"
  LoopDim bound = LoopDim::kN;   // vector nodes: always kN
  std::optional<GemmNode> gemm;  // exactly one of gemm, vector
  std::optional<VectorNode> vector;
  Prediction prediction;
  std::int64_t macs() const { return gemm ? gemm->extents.product() : 0; }
};

struct FusedGroup {
  std::string name;
  Index index;              // what the loop runs over, e.g. "t" or "h"
  std::int64_t extent = 1;  // values of the index
  std::int64_t step = 1;    // values a chiplet takes in one step
  std::vector<int> nodes;   // positions in Schedule::nodes, in order
  std::vector<int> pinned;  // positions in Schedule::tensors
  Prediction prediction;    // of the group, cycles include its barrier
};

// Which shape-rank pair of a weight matrix [rows, cols] the nodes of a linear layer compute, in the words of the cost
// table (docs/cost-table.md).
struct LayerForm {
  std::string layer;  // as in Node::layer
  std::int64_t rows = 0, cols = 0;
  std::string method;  // dense | cp | tucker | ttm | svd
  std::string shape;   // "768x12x64"; dense: "768x768"
  std::string rank;    // "280"; dense: empty
  friend bool operator==(const LayerForm& x, const LayerForm& y) {
    return x.layer == y.layer && x.rows == y.rows && x.cols == y.cols && x.method == y.method && x.shape == y.shape &&
           x.rank == y.rank;
  }
};

struct Schedule {
  std::string network;  // name of what is computed
  std::string arch;     // name of the ArchSpec it was made for
  std::string method;   // dense | cp | tucker | ttm | svd | mixed
  std::int64_t tokens = 0;
  std::string dram_image;  // file name beside the JSON; empty: no data (timing only)
  std::vector<Tensor> tensors;
  std::vector<Node> nodes;
  std::vector<FusedGroup> groups;
  std::vector<LayerForm> layers;  // of the linear layers, where known
  Prediction prediction;          // of the whole run
  std::string file;               // where it was read from (not part of the JSON)

  // Reads and validates structure (ranges, references, view bounds, groups partition the nodes in order).
  // Throws ScheduleError with all problems.
  static Schedule load(const std::string& path);
};

nlohmann::ordered_json to_json(const Schedule& schedule);
// Writes the JSON whole. The DRAM image is written by its producer.
void save(const Schedule& schedule, const std::string& path);

// True when `tensor` is in the global buffer while `group` runs: at home there, or pinned.
bool is_resident(const Schedule& schedule, const FusedGroup& group, int tensor);

// Extents of a GEMM node when the bound index covers `values` of its `extent` values.
Extents step_extents(const GemmNode& gemm, LoopDim bound, std::int64_t extent, std::int64_t values);

}  // namespace heat::spec
