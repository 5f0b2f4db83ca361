// Ready-made small schedules: the shapes of work that a compressed encoder is made of. All data is seeded.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/schedule_builder.h"

namespace heat::test_support {

// What all samples take.
struct SampleOptions {
  std::uint64_t seed = 1;
  bool random_mappings = false;  // random valid steps and mappings instead of plain ones
  bool k_over_pes = true;        // some of them
  std::int64_t step = 0;         // 0: chosen
};

enum class GemmBound { kB, kM, kN };

struct OneGemmOptions : SampleOptions {
  GemmBound bound = GemmBound::kN;  // which dimension the group's loop cuts over the chiplets
  bool gelu = false;
  bool pin_weight = false;  // the weight is loaded before the first step
  std::optional<spec::GemmMapping> mapping;
};

// y[b, n, m] = sum_k w[b, m, k] x[b, n, k]; with B = 1 there is no index b.
BuiltSchedule one_gemm(const spec::ArchSpec& arch, std::int64_t B, std::int64_t M, std::int64_t N, std::int64_t K,
                       const OneGemmOptions& options = {});

struct DividedSumOptions : SampleOptions {
  bool fused = false;                        // a GEMM before it makes the parts, in one group with it
  std::optional<spec::GemmMapping> mapping;  // of the GEMM whose sum is divided
};

// y[n, m] = sum_p sum_k w[p, m, k] x[p, n, k]: a batch of partial sums, one a part, and their reduction.
BuiltSchedule divided_sum(const spec::ArchSpec& arch, std::int64_t parts, std::int64_t M, std::int64_t N,
                          std::int64_t K, const DividedSumOptions& options = {});

enum class LayerMethod { kDense, kSvd, kCp, kTucker, kTtm };
const std::vector<LayerMethod>& all_layer_methods();
const char* layer_method_name(LayerMethod method);

struct LayerOptions : SampleOptions {
  bool resident_intermediates = true;  // in the global buffer; else each node is a group of its own, through DRAM
  bool permuted_layouts = true;        // intermediates stored with their inner axes in another order
  std::int64_t tokens = 10;
};

// One linear layer y = W x of 24 inputs and 20 outputs, factorised by `method` into a chain of nodes.
BuiltSchedule factorised_layer(const spec::ArchSpec& arch, LayerMethod method, const LayerOptions& options = {});

struct AttentionOptions : SampleOptions {
  bool loop_over_heads = true;  // else over the query tokens
  bool ahead = false;           // the next step's scores beside the present one's softmax
  bool pin_shares = false;      // a step's queries, keys and values are loaded before its first node
  bool padding_mask = false;    // some keys do not count
  std::int64_t tokens = 9, heads = 6, head_size = 8;
};

// Query, key and value projections, then scores, softmax and context in one fused group.
BuiltSchedule attention_block(const spec::ArchSpec& arch, const AttentionOptions& options = {});

struct EncoderOptions : SampleOptions {
  bool padding_mask = false;  // some keys do not count
  std::int64_t tokens = 9, heads = 4, head_size = 6, intermediate = 40;
};

// A whole encoder layer: attention, output projection, layer norm with residual, feed-forward with GELU, layer norm.
BuiltSchedule encoder_layer(const spec::ArchSpec& arch, const EncoderOptions& options = {});

// Layer norm alone, with or without residual.
BuiltSchedule layer_norm_block(const spec::ArchSpec& arch, bool residual, const SampleOptions& options = {});

}  // namespace heat::test_support
