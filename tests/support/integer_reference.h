// An independent, naive execution of a schedule: what every tensor must hold, bit for bit, after the simulator ran it.
//
// Use: TensorData expected = run_reference(schedule, image);   expected.at("y") is tensor "y", row-major as stored.
//
// It knows nothing of mappings, tiles, chiplets or buffers: each node is plain loops over all values of its indices
// through its views. The formulas are those of the text of spec/arithmetic.h, written down a second time.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "spec/arithmetic.h"
#include "spec/schedule.h"

namespace heat::test_support {

using TensorData = std::map<std::string, std::vector<std::int8_t>>;

// Executes the nodes in order of the groups. `dram_image` is the content of the DRAM from address 0 before the run;
// tensors of kind input, weight and parameters are taken from it at their dram_address. Returns all tensors by name;
// elements that no node wrote are 0. Throws std::runtime_error with the tensor's or node's name when the schedule is
// inconsistent.
TensorData run_reference(const spec::Schedule& schedule, const std::vector<std::uint8_t>& dram_image);

// The same, a node at a time.
class IntegerReference {
 public:
  // Keeps a reference to `schedule`.
  IntegerReference(const spec::Schedule& schedule, const std::vector<std::uint8_t>& dram_image);

  // Sums of a GEMM node before requantisation, flattened [b, m, n].
  std::vector<std::int32_t> accumulate(const spec::Node& node) const;
  // Sums of a reduction before requantisation, flattened [n, k].
  std::vector<std::int32_t> reduced(const spec::Node& node) const;
  // Executes one node: writes its output tensor.
  void run(const spec::Node& node);
  // The bytes of a tensor.
  const std::vector<std::int8_t>& tensor(spec::TensorId tensor) const {
    return data_.at(static_cast<std::size_t>(tensor.value));
  }
  // Replaces a tensor's bytes (for makers of test data).
  void set_tensor(spec::TensorId tensor, std::vector<std::int8_t> bytes);

 private:
  void run_gemm(const spec::Node& node);
  void run_softmax(const spec::Node& node);
  void run_layer_norm(const spec::Node& node);
  void run_reduction(const spec::Node& node);

  const spec::Schedule& schedule_;
  std::vector<std::vector<std::int8_t>> data_;
};

// Element formulas, each usable alone.
std::int64_t floor_division(std::int64_t numerator, std::int64_t denominator);
std::int64_t integer_square_root(std::int64_t value);
std::int8_t requantise(std::int32_t accumulated, const spec::RequantRecord& record);
// `mask`: empty, or 0 for the columns that do not count.
std::vector<std::int8_t> softmax_row(const std::vector<std::int8_t>& row, const std::vector<std::uint16_t>& exp_table,
                                     const std::vector<std::int8_t>& mask = {});
// `residual` empty: none. beta is given whole.
std::vector<std::int8_t> layer_norm_row(const std::vector<std::int8_t>& row, const std::vector<std::int8_t>& residual,
                                        std::int32_t multiplier_x, std::int32_t multiplier_r,
                                        const std::vector<std::int32_t>& gamma, const std::vector<std::int64_t>& beta,
                                        int shift);

}  // namespace heat::test_support
