// Sizes and strides of a view are joined where they step through memory as one.
#include "sim/simba_l/image_writer.h"

#include <algorithm>

#include "firmware/include/simba_abi.h"

namespace heat::simba {

std::uint32_t ImageWriter::word(std::int64_t value, const char* what) {
  if (value < 0 || value > 0x7FFFFFFF)
    problem(std::string(what) + " is " + std::to_string(value) + ", the program image holds 0 to 2147483647");
  return static_cast<std::uint32_t>(value);
}

std::size_t ImageWriter::reserve(std::size_t words) {
  const std::size_t at = w_.size();
  w_.resize(at + words);
  return at;
}

void ImageWriter::put_extents(std::size_t at, const spec::Extents& e) {
  w_[at] = word(e.b, "extent b");
  w_[at + 1] = word(e.m, "extent m");
  w_[at + 2] = word(e.n, "extent n");
  w_[at + 3] = word(e.k, "extent k");
}

void ImageWriter::put_spatial(std::size_t at, const spec::SpatialSplit& split) {
  w_[at] = word(split.b, "spatial b");
  w_[at + 1] = word(split.m, "spatial m");
  w_[at + 2] = word(split.n, "spatial n");
  w_[at + 3] = word(split.k, "spatial k");
}

std::uint32_t ImageWriter::view_record(spec::TensorId t, const std::array<std::vector<StridedDim>, 3>& groups,
                                       const spec::Home* home) {
  std::array<std::vector<StridedDim>, 3> list;
  std::size_t dims = 0;
  for (std::size_t g = 0; g < 3; ++g) {
    list[g] = joined(groups[g]);
    dims += list[g].size();
  }
  const std::size_t at = reserve(SIMBA_VIEW_LIST + 2 * dims);
  const auto address =
      static_cast<std::uint64_t>(home ? home->address : std::max<std::int64_t>(0, s_.plan.dram_addresses[t]));
  w_[at + SIMBA_VIEW_TENSOR] = static_cast<std::uint32_t>(t.value);
  w_[at + SIMBA_VIEW_ADDRESS] = static_cast<std::uint32_t>(address);
  w_[at + SIMBA_VIEW_ADDRESS_HIGH] = static_cast<std::uint32_t>(address >> 32);
  if (home)
    w_[at + SIMBA_VIEW_SHARE] =
        word(machines::simba::share_bytes(s_.workload, *home, chiplets_), "bytes of a share of a tensor at home");
  std::size_t next = at + SIMBA_VIEW_LIST;
  for (std::size_t g = 0; g < 3; ++g) {
    w_[at + SIMBA_VIEW_DIMS + g] = static_cast<std::uint32_t>(list[g].size());
    for (const StridedDim& d : list[g]) {
      w_[next++] = word(d.size, "size of an index");
      w_[next++] = word(d.stride, "stride of an index");
    }
  }
  const auto offset = static_cast<std::uint32_t>(at);
  views_[offset] = decode_view(w_, offset);
  views_[offset].tensor_bytes = tensor(t).bytes();
  return offset;
}

std::uint32_t ImageWriter::view(const spec::TensorView& v, const IndexGroups& indices, const spec::Home* home) {
  std::array<std::vector<StridedDim>, 3> groups;
  for (const auto& d : v.dims)
    for (std::size_t g = 0; g < 3; ++g)
      if (indices[g] && std::find(indices[g]->begin(), indices[g]->end(), d.index) != indices[g]->end())
        for (const spec::ViewDim& digit : spec::digits(d)) groups[g].push_back({digit.size, digit.stride});
  return view_record(v.tensor, groups, home);
}

std::uint32_t ImageWriter::bytes_view(spec::TensorId t, const spec::Home* home) {
  return view_record(t, {{{}, {}, {{tensor(t).bytes(), 1}}}}, home);
}

std::uint32_t ImageWriter::parameters(spec::TensorId t, std::int64_t offset) {
  if (!t) return 0;
  const std::uint32_t at_view = bytes_view(t, nullptr);
  const std::size_t at = reserve(SIMBA_OPR_WORDS);
  w_[at + SIMBA_OPR_GB] = word(offset, "parameter offset");
  w_[at + SIMBA_OPR_OBJECT] = SIMBA_NONE;
  w_[at + SIMBA_OPR_VIEW] = at_view;
  w_[at + SIMBA_OPR_BYTES] = word(tensor(t).bytes(), "parameter bytes");
  return static_cast<std::uint32_t>(at);
}

void ImageWriter::put_place(std::size_t at, const machines::simba::GbRange& range, std::uint32_t results) {
  w_[at + SIMBA_PLACE_GB] = word(range.offset, "global buffer address");
  w_[at + SIMBA_PLACE_BYTES] = word(range.bytes, "bytes of a place in the global buffer");
  w_[at + SIMBA_PLACE_RESULTS] = results;
}

ViewSpec decode_view(const std::vector<std::uint32_t>& words, std::uint32_t offset) {
  ViewSpec view;
  view.tensor = static_cast<int>(words[offset + SIMBA_VIEW_TENSOR]);
  view.address =
      words[offset + SIMBA_VIEW_ADDRESS] | static_cast<std::uint64_t>(words[offset + SIMBA_VIEW_ADDRESS_HIGH]) << 32;
  view.share_bytes = words[offset + SIMBA_VIEW_SHARE];
  if (view.share_bytes > 0) {
    view.share_address = static_cast<std::int64_t>(view.address);
    view.address = 0;
  }
  std::size_t next = offset + SIMBA_VIEW_LIST;
  for (std::size_t g = 0; g < 3; ++g)
    for (std::uint32_t d = 0; d < words[offset + SIMBA_VIEW_DIMS + g]; ++d, next += 2)
      view.groups[g].push_back({words[next], words[next + 1]});
  return view;
}

}  // namespace heat::simba
