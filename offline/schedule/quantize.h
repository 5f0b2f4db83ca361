// Real numbers to the PPU's integers (spec/arithmetic.h).
//
// Values: q = clamp(round(x / scale), -127, 127), scale = max|x| / 127.
//
// Requantisation: a sum of products of int8 values with scales s_w (weight, per output channel) and s_x (input), times
// `factor`, becomes an int8 value with scale s_y by multiplying it with M = factor * s_w * s_x / s_y. M is held as
// multiplier * 2^-shift: with M = f * 2^e, f in [0.5, 1), multiplier = round(f * 2^16) in [2^15, 2^16), shift = 16 - e
// (2^15 and 15 - e when f rounds up to 2^16). The bias is added before, in units of s_w * s_x * factor.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "offline/schedule/network.h"
#include "spec/arithmetic.h"

namespace heat::offline {

// max|x| / 127; 1 when all values are zero.
double symmetric_scale(double largest);
std::int8_t quantize_value(double x, double scale);

// A channel's ratio of output steps to sums, and its bias in output steps. Throws base::Error when the ratio is not in
// (2^-37, 2^6), since the scales then lie too far apart for the record, or when the bias is not within +-1024.
spec::RequantRecord requant_record(double ratio, double bias);
// table[uint8(q + 128)] = activation(q * scale_in) in units of scale_out.
std::vector<std::int8_t> activation_table(Activation activation, double scale_in, double scale_out);
// 256 x uint16: round(65535 * exp(-i * scale)), as bytes.
std::vector<std::int8_t> exp_table(double scale);

// What a layer norm of the inputs' scales needs: multipliers bring x and the residual to one scale.
struct LayerNormIntegers {
  std::int32_t multiplier_x = 1, multiplier_r = 0;
  int shift = 1;
  std::vector<spec::LayerNormRecord> records;
};
LayerNormIntegers layer_norm_integers(double scale_x, double scale_residual, double scale_out,
                                      const std::vector<float>& gamma, const std::vector<float>& beta);

// Largest magnitudes seen in calibration, by the names of tensors and, ahead of their activation, of nodes: so they hold
// for every lowering of a network.
struct Ranges {
  std::map<std::string, double> tensor, before_activation;
  // The larger of both, name by name.
  void include(const Ranges& other);
};
// Runs the network in real numbers on every input and takes the largest magnitudes.
Ranges calibrate_ranges(const Network& network, const std::vector<std::vector<float>>& inputs);

// What a network's mask holds for a sentence of `count` tokens padded to `tokens`.
std::vector<std::int8_t> padding_mask(std::int64_t tokens, std::int64_t count);

// The bytes of every given tensor (weights, parameters, `input`; a mask under which all tokens count). `ranges`: of all
// tensors of the network but weights, parameters, its mask and partial sums. Sets the tensors' scales and the nodes'
// layer-norm multipliers in network.workload. Precondition: network.has_weights().
TensorBytes quantize_network(Network& network, const Ranges& ranges, const std::vector<float>& input);

}  // namespace heat::offline
