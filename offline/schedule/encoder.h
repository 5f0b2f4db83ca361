// A BERT encoder as a network: per block six linear layers, batched attention GEMMs, softmax and two layer norms.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "offline/schedule/linear_lowering.h"

namespace heat::offline {

struct EncoderShape {
  std::string name;  // of the network
  std::int64_t layers = 0, tokens = 0, hidden = 0, heads = 0, intermediate = 0;
  Activation activation = Activation::kGelu;
  std::int64_t head_size() const { return hidden / heads; }
};

struct NormForm {
  std::vector<float> gamma, beta;  // empty: no values
};

// What the encoder's layers hold, by their names:
//   linear   "encoder.layer.<i>.attention.self.query" (key, value), "...attention.output.dense",
//            "...intermediate.dense", "...output.dense"
//   norm     "...attention.output.LayerNorm", "...output.LayerNorm"
struct EncoderForms {
  std::function<LinearForm(const std::string& name, std::int64_t in, std::int64_t out)> linear;
  std::function<NormForm(const std::string& name)> norm;
  PathChooser choose = least_macs_plan;  // for factorised layers
};

// Nodes that fused groups may join: consecutive positions, all walked over the same index.
struct Segment {
  int first = 0, count = 0;
};

// What the group loop of attention runs over: heads (scores of a head at a time) or query tokens.
enum class AttentionLoop { kHeads, kTokens };

struct LoweredEncoder {
  Network network;
  std::vector<Segment> segments;
};

// The six linear layers of a block under their names without the block's prefix, with their sizes.
struct LinearName {
  std::string suffix;
  std::int64_t in, out;
};
std::vector<LinearName> block_linears(const EncoderShape& shape);
std::string block_prefix(std::int64_t layer);  // "encoder.layer.<i>."

LoweredEncoder lower_encoder(const EncoderShape& shape, const std::string& method, const EncoderForms& forms,
                             AttentionLoop loop = AttentionLoop::kHeads);

// One linear layer alone.
LoweredEncoder lower_single_linear(const std::string& network, const std::string& method, std::int64_t tokens,
                                   const LinearForm& form, Activation activation = Activation::kNone,
                                   const PathChooser& choose = least_macs_plan);

}  // namespace heat::offline
