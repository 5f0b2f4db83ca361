// A layer norm over L columns with y = x mx + r mr, |x|, |r| <= 128: sum d^2 <= L (128 (mx + mr))^2, the squares of
// values within that of their mean; and |d| < sqrt(L (v + 1)) <= 2 sqrt(L) s, so |t gamma| < 2^17 sqrt(L) 2^31. Both
// and beta below 2^61, with a rounding term of at most 2^61, add up in 64 bits.
#include "spec/verify_parameters.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <stdexcept>

#include "spec/arithmetic.h"
#include "spec/checked_sizes.h"

namespace heat::spec {
namespace {

template <class Record>
Record record_at(const ParameterBytes& bytes, std::int64_t i) {
  Record record;
  std::memcpy(&record, bytes.data + i * static_cast<std::int64_t>(sizeof record), sizeof record);
  return record;
}

std::string requant_fault(const RequantRecord& r) {
  const int shift = requant_shift(r);
  if (shift >= kLeastRequantShift && shift <= kMostRequantShift) return "";
  return "shift " + std::to_string(shift) + " is not in " + std::to_string(kLeastRequantShift) + ".." +
         std::to_string(kMostRequantShift);
}

std::string layer_norm_fault(const LayerNormRecord& r) {
  const auto beta =
      static_cast<std::int64_t>(static_cast<std::uint64_t>(static_cast<std::uint32_t>(r.beta_high)) << 32 |
                                static_cast<std::uint32_t>(r.beta_low));
  if (beta > kMostBeta || beta < -kMostBeta) return "beta " + std::to_string(beta) + " is not within 2^61";
  if (r.reserved != 0) return "its reserved word is " + std::to_string(r.reserved) + ", expected 0";
  return "";
}

// All `count` records of one kind. Where there are fewer bytes the workload is at fault, and says so.
template <class Record>
void verify_records(std::int64_t count, const ParameterBytes& bytes, const std::string& what, const std::string& place,
                    base::Problems& problems, std::string (*fault)(const Record&)) {
  if (bytes.size < times(count, sizeof(Record))) return;
  std::int64_t faults = 0, first = 0;
  std::string text;
  for (std::int64_t i = 0; i < count; ++i) {
    std::string found = fault(record_at<Record>(bytes, i));
    if (!found.empty() && faults++ == 0) {
      text = std::move(found);
      first = i;
    }
  }
  if (faults == 0) return;
  problems.add(place, what + "[" + std::to_string(first) + "]: " + text +
                          (faults > 1 ? " (and " + std::to_string(faults - 1) + " more)" : ""));
}

void verify_exp_table(std::int64_t columns, const ParameterBytes& bytes, const std::string& what,
                      const std::string& place, base::Problems& problems) {
  if (bytes.size < kExpTableBytes) return;
  std::int64_t largest = 0;
  for (std::int64_t i = 0; i < kExpTableBytes / 2; ++i)
    largest = std::max<std::int64_t>(largest, record_at<std::uint16_t>(bytes, i));
  if (record_at<std::uint16_t>(bytes, 0) == 0)
    problems.add(place, what + "[0]: is 0, expected at least 1: a row's exponentials can add up to 0");
  if (times(columns, largest) > std::numeric_limits<std::uint32_t>::max())
    problems.add(place, what + ": " + std::to_string(columns) + " columns of up to " + std::to_string(largest) +
                            " add up to more than 32 bits hold");
}

void verify_mask(const ParameterBytes& mask, const std::string& place, base::Problems& problems) {
  bool any = false;
  for (std::int64_t i = 0; i < mask.size; ++i) {
    any = any || mask.data[i] == 1;
    if (mask.data[i] <= 1) continue;
    problems.add(place, "mask '" + mask.name + "': byte " + std::to_string(i) + " is " + std::to_string(mask.data[i]) +
                            ", expected 0 or 1");
    return;
  }
  if (!any) problems.add(place, "mask '" + mask.name + "': has no 1, at least one column must count");
}

}  // namespace

void verify_row_numbers(const VectorNode& node, const std::string& place, base::Problems& problems) {
  if (node.op != VectorOp::kLayerNorm) return;
  if (node.columns > kMostLayerNormColumns)
    problems.add(place, "columns " + std::to_string(node.columns) + " of a layer norm are more than " +
                            std::to_string(kMostLayerNormColumns));
  const std::int64_t spread = 128 * (static_cast<std::int64_t>(node.multiplier_x) + node.multiplier_r);
  if (times(node.columns, times(spread, spread)) >= kMostSize)
    problems.add(place, "multiplier_x " + std::to_string(node.multiplier_x) + " and multiplier_r " +
                            std::to_string(node.multiplier_r) + " take the sum of squares of " +
                            std::to_string(node.columns) + " columns beyond 2^61");
}

void verify_parameters(const Node& node, TensorId tensor, const ParameterBytes& bytes, const std::string& place,
                       base::Problems& problems) {
  if (node.gemm) {
    if (tensor == node.gemm->epilogue.requant)  // any byte is good in an activation table
      verify_records<RequantRecord>(channel_count(*node.gemm), bytes, "requant '" + bytes.name + "'", place, problems,
                                    requant_fault);
    return;
  }
  if (tensor == node.vector->mask) {
    verify_mask(bytes, place, problems);
    return;
  }
  const std::string what = "parameters '" + bytes.name + "'";
  switch (node.vector->op) {
    case VectorOp::kSoftmax:
      verify_exp_table(node.vector->columns, bytes, what, place, problems);
      return;
    case VectorOp::kLayerNorm:
      verify_records<LayerNormRecord>(node.vector->columns, bytes, what, place, problems, layer_norm_fault);
      return;
    case VectorOp::kReduce:
      verify_records<RequantRecord>(node.vector->columns, bytes, what, place, problems, requant_fault);
      return;
  }
  throw std::logic_error("unknown row operation");
}

}  // namespace heat::spec
