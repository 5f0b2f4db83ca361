// Boxes of a strided view: which bytes a tile touches. Plain, no kernel.
//
// A view has three index groups (b, x, y), each a list of (size, stride); a tile is a range of the flattened values of
// each group. It falls apart into rectangles (a flattened range that starts or ends inside a row of digits is ragged),
// and a rectangle into contiguous runs.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <vector>

#include "machines/simba/gb_words.h"
#include "spec/tensor.h"

namespace heat::simba {

using machines::simba::StridedDim;

struct ViewSpec {
  int tensor = -1;
  std::uint64_t address = 0;
  std::array<std::vector<StridedDim>, 3> groups;
  // Of a tensor at home in the global buffers: bytes of every chiplet's share, and where it lies in each; the view's
  // address is 0 and its offsets count from the tensor's beginning. 0: in DRAM.
  std::int64_t share_bytes = 0, share_address = 0, tensor_bytes = 0;
};

// A range of flattened values of the three groups.
struct Box {
  std::array<std::int64_t, 3> start{0, 0, 0};
  std::array<std::int64_t, 3> count{1, 1, 1};
  std::int64_t elements() const { return count[0] * count[1] * count[2]; }
};

// Joins neighbouring dims of a group that step through memory as one, and drops dims of size 1.
std::vector<StridedDim> joined(const std::vector<StridedDim>& dims);

// Offset of every flattened value in [start, start + count) of a group.
void group_offsets(const std::vector<StridedDim>& group, std::int64_t start, std::int64_t count,
                   std::vector<std::int64_t>& offsets);

// Calls visit(offset, length) for each maximal run of a rectangle, rectangles and runs in ascending order of stride
// digits.
void for_each_run(const ViewSpec& view, const Box& box, const std::function<void(std::int64_t, std::int64_t)>& visit);

// Words of the global buffer that the box's runs take, when the view begins at address `base` of it.
machines::simba::WordCount count_words(const ViewSpec& view, const Box& box, std::int64_t base,
                                       const spec::GlobalBufferSpec& gb);

// A half-open range of addresses.
struct AddressSpan {
  std::uint64_t begin = 0, end = 0;
  std::int64_t bytes() const { return static_cast<std::int64_t>(end - begin); }
};

// Whole `align`-byte blocks that cover the box's runs at the view's address, ascending; spans that touch are joined.
std::vector<AddressSpan> covering_spans(const ViewSpec& view, const Box& box, std::uint64_t align);

}  // namespace heat::simba
