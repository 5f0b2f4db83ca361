// The quantised encoder for sentences of any length. The machine has no padding mask, so every length is a network of
// its own, lowered when first asked for; all share the scales of one calibration. Mappings play no part.
#pragma once

#include <map>
#include <vector>

#include "offline/schedule/encoder.h"
#include "offline/schedule/quantize.h"

namespace heat::offline {

// Encoder networks of one model that differ in their length only: their tensors and nodes are the same list. Paths of
// factorised layers are those chosen at shape.tokens.
class EncoderFamily {
 public:
  EncoderFamily(EncoderShape shape, EncoderForms forms);
  Network network(std::int64_t tokens) const;
  std::int64_t hidden() const { return shape_.hidden; }
  // Largest magnitudes over inputs [tokens, hidden] of any length.
  Ranges calibrate(const std::vector<std::vector<float>>& inputs) const;

 private:
  EncoderShape shape_;
  EncoderForms forms_;
};

class IntegerEncoder {
 public:
  IntegerEncoder(const EncoderFamily& family, Ranges ranges) : family_(family), ranges_(std::move(ranges)) {}

  // Lowers and quantises the network of a length; run() may then be called for it from several threads.
  void prepare(std::int64_t tokens);
  // The last block's output [tokens, hidden] in real numbers (integers times their scale). Precondition: prepared.
  std::vector<float> run(const std::vector<float>& input) const;

 private:
  struct Quantized {
    Network network;
    std::vector<std::vector<std::int8_t>> bytes;
  };
  const EncoderFamily& family_;
  Ranges ranges_;
  std::map<std::int64_t, Quantized> lengths_;
};

}  // namespace heat::offline
