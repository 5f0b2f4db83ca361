// The problem: what is to be computed, whatever the machine. Lowering makes it; from then on it does not change.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "spec/arithmetic.h"
#include "spec/form.h"
#include "spec/ids.h"
#include "spec/mapping.h"
#include "spec/tensor.h"

namespace heat::spec {

// The innermost dim of every view of sums that left as they are, over their kSumBytes.
inline const Index kSumByte = "byte";

// What the PPU does to sums on their way out.
struct Epilogue {
  // Nothing: 32-bit sums leave, and the output's last dim is kSumByte. They are partial ones, of a part of k, which a
  // row operation reduces. No other field is set.
  bool sums = false;
  TensorId requant;                     // of RequantRecord, one a channel (spec/arithmetic.h)
  bool channels_include_batch = false;  // channel = b * M + m instead of m
  // Output features among the n indices (the last node of a factorised layer: "t d r, e r -> t d e" has a bias per d
  // and e): the innermost n_channels values of n are channels too, channel = (the above) * n_channels + n % n_channels.
  std::int64_t n_channels = 1;
  TensorId activation_table;  // 256 bytes, or none
};

struct GemmNode {
  TensorView weight;  // dims: b, m, k
  TensorView input;   // dims: b, n, k
  TensorView output;  // dims: b, m, n
  GemmIndices indices;
  Extents extents;  // of the whole node (all chiplets, all steps)
  Epilogue epilogue;
  // Bytes of an element of the output, which lie one after another behind n.
  std::int64_t output_bytes() const { return epilogue.sums ? kSumBytes : 1; }
};

enum class VectorOp { kSoftmax, kLayerNorm, kReduce };

// A row operation on the global PE. Rows are the flattened n indices, columns the k indices (stride 1). A reduction adds
// up the partial sums of a column and requantises them.
struct VectorNode {
  VectorOp op = VectorOp::kSoftmax;
  TensorView input;                    // dims: n, k; of a reduction: n, parts, k, kSumByte
  std::optional<TensorView> residual;  // layer norm only; same index sizes
  TensorView output;                   // dims: n, k
  std::vector<Index> n, k;
  std::vector<Index> parts;  // reduction only: what it sums over
  std::int64_t rows = 0, columns = 0;
  TensorId parameters;  // exp table (softmax), LayerNormRecord or RequantRecord (reduction) per column
  TensorId mask;        // softmax only: an input of a byte a column, 1 where it counts, 0 for padding; none: all count
  std::int32_t multiplier_x = 1, multiplier_r = 0;  // layer norm
  int shift = 1;                                    // layer norm
  // Partial sums of a column; 1 of other operations.
  std::int64_t part_count() const;
  // Bytes of an input row.
  std::int64_t input_columns() const { return op == VectorOp::kReduce ? part_count() * columns * kSumBytes : columns; }
};

struct Node {
  std::string name;              // unique, e.g. "encoder.layer.0.intermediate.dense/2"
  std::string layer;             // the network layer it belongs to, e.g. "encoder.layer.0.intermediate.dense"
  std::string einsum;            // for people, e.g. "t c, r c -> t r"
  std::optional<GemmNode> gemm;  // exactly one of gemm, vector
  std::optional<VectorNode> vector;

  // The views by which it reads activations and weights: input, then weight or residual.
  std::vector<const TensorView*> reads() const;
  const TensorView& writes() const;
  // Records and tables that it reads whole: requantisation and activation, or the row operation's.
  std::vector<TensorId> parameters() const;
  // The index group of b, m or n. A row operation has n alone. Throws std::logic_error for k.
  const std::vector<Index>& indices(LoopDim dim) const;
  std::int64_t macs() const { return gemm ? gemm->extents.product() : 0; }
};

struct Workload {
  std::string network;  // name of what is computed
  std::string method;   // of all layers: dense or a method's name; or mixed
  std::int64_t tokens = 0;
  IdVector<TensorId, Tensor> tensors;
  IdVector<NodeId, Node> nodes;   // in an order in which they can be executed
  std::vector<LayerForm> layers;  // of the linear layers, where known
};

// The innermost index group of what a GEMM writes and of what a row operation reads, with the bytes of sums behind it.
std::vector<Index> columns_written(const GemmNode& gemm);
std::vector<Index> columns_read(const VectorNode& rows);

// Requantisation records of a GEMM node (Epilogue).
std::int64_t channel_count(const GemmNode& gemm);

// Extents of a GEMM node when the bound index covers `values` of its `extent` values.
Extents step_extents(const GemmNode& gemm, LoopDim bound, std::int64_t extent, std::int64_t values);

}  // namespace heat::spec
