// The integer arithmetic of the PPU and the vector unit: what "bit for bit" means. Record layouts are little-endian.
// The simulator implements it; tests hold an independent implementation.
//
// GEMM accumulation: acc = sum_k weight * input, exact in int32. Producers keep |acc| < 2^(accumulator_bits - 1) (128
// times the absolute row sum of the weights bounds it); a run with data that finds a larger sum ends with an error
// naming the node.
//
// Requantise (per output channel c, a RequantRecord):
//   v = int64(acc) * multiplier + (int64(bias) << (shift - 5))         (multiplier = 1024 + mantissa)
//   q = clamp((v + (1 << (shift - 1))) >> shift, -128, 127)            (arithmetic shift, shift in 5..47)
//   with an activation table (optional, 256 bytes): q = table[uint8(q + 128)]
//
// Sums (Epilogue::sums): acc itself, int32, little-endian. Reduction of a column's partial sums p_0..p_P:
//   acc = p_0 + ... + p_P, within int32 (a run with data that finds a larger one ends with an error naming the node),
//   requantised as above by the column's RequantRecord, without a table.
//
// Softmax over a row s[0..L):
//   e_i = exp_table[max(s) - s_i]                                      (256 x uint16)
//   S = sum e_i                                   (uint32: L times the largest entry fits; table[0] >= 1, so S > 0)
//   out_i = (e_i * 254 + S) / (2 * S)                                  (the real value times 127, rounded half up)
// with a mask (optional, L bytes): max and sum run over the columns of mask 1, of which there is one at least; the others
// have e_i = 0 and so out_i = 0
//
// Layer norm with residual over a row of L columns:
//   y_i = x_i * multiplier_x + r_i * multiplier_r                      (int32; r_i = 0 without residual)
//   mean = floor(sum y / L), d_i = y_i - mean
//   v = floor(sum d_i^2 / L)                                           (int64)
//   s = max(1, isqrt(v))                                               (floor)
//   t_i = (int64(d_i) * 65536) / s                                     (C++ division, toward zero)
//   out_i = clamp((t_i * gamma_i + beta_i + (1 << (shift - 1))) >> shift, -128, 127)   (int64, arithmetic shift)
// with L <= 2^24, L (128 (multiplier_x + multiplier_r))^2 < 2^61, |beta| <= 2^61 and shift in 1..62, so that nothing
// overflows. Reserved fields are 0. Readers refuse data outside these ranges (spec/verify_parameters.h).
#pragma once

#include <cstdint>

namespace heat::spec {

// One record an output channel; channel = flattened m index (or flattened b,m when Epilogue::channels_include_batch),
// times Epilogue::n_channels plus n % n_channels.
// A channel's scale and bias in 4 bytes: q is off by at most 128 * 2^-11 + 2^-6 = 0.08 steps from what exact ones give.
struct RequantRecord {
  std::int16_t bias;    // in 2^-kRequantBiasBits of a step of q, before the activation table
  std::uint16_t scale;  // shift << kRequantMantissaBits | mantissa; shift in kLeastRequantShift..kMostRequantShift
};
static_assert(sizeof(RequantRecord) == 4);
constexpr int kRequantMantissaBits = 10;
constexpr int kRequantBiasBits = 5;
constexpr int kLeastRequantShift = kRequantBiasBits;
// The leading bit of the multiplier is not stored.
constexpr std::int64_t requant_multiplier(const RequantRecord& r) {
  return (1 << kRequantMantissaBits) + (r.scale & ((1 << kRequantMantissaBits) - 1));
}
constexpr int requant_shift(const RequantRecord& r) {
  return r.scale >> kRequantMantissaBits;
}

// One record a column of a layer norm.
struct LayerNormRecord {
  std::int32_t gamma;
  std::int32_t beta_low;  // beta = int64(beta_high) << 32 | uint32(beta_low)
  std::int32_t beta_high;
  std::int32_t reserved;
};
static_assert(sizeof(LayerNormRecord) == 16);

constexpr std::int64_t kSumBytes = 4;
constexpr int kMostRequantShift = 47;
constexpr int kMostLayerNormShift = 62;
constexpr std::int64_t kMostLayerNormColumns = std::int64_t{1} << 24;
constexpr std::int64_t kMostBeta = std::int64_t{1} << 61;
constexpr int kActivationTableBytes = 256;
constexpr int kExpTableBytes = 512;

}  // namespace heat::spec
