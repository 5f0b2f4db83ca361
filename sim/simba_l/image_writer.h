// Words and records of a program image, appended one after another; what does not fit its word is a problem.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/errors.h"
#include "machines/simba/gb_layout.h"
#include "sim/simba_l/tile_view.h"
#include "spec/schedule.h"

namespace heat::simba {

class ImageWriter {
 public:
  // The index groups by which a record of a view flattens it; null: the group is empty.
  using IndexGroups = std::array<const std::vector<spec::Index>*, 3>;

  // Views are decoded into `views` as they are written, by their offset.
  ImageWriter(const spec::Schedule& schedule, int chiplets, std::vector<std::uint32_t>& words,
              std::unordered_map<std::uint32_t, ViewSpec>& views)
      : s_(schedule), chiplets_(chiplets), w_(words), views_(views) {}

  std::uint32_t& operator[](std::size_t at) { return w_[at]; }
  // `value` as a word; a problem when it is no word of an image.
  std::uint32_t word(std::int64_t value, const char* what);
  // Offset of so many new words, all 0.
  std::size_t reserve(std::size_t words);
  void append(const std::uint32_t* first, std::size_t count) { w_.insert(w_.end(), first, first + count); }
  std::uint32_t size() const { return static_cast<std::uint32_t>(w_.size()); }
  void put_extents(std::size_t at, const spec::Extents& e);
  // Offsets of records: a view with its dims split into three groups; a tensor's bytes as one run; parameters that
  // stream to `offset` of their slot (0 when there are none).
  // `home`: from and to which the tensor's tiles travel, if they do.
  std::uint32_t view(const spec::TensorView& view, const IndexGroups& indices, const spec::Home* home);
  std::uint32_t bytes_view(spec::TensorId tensor, const spec::Home* home);
  std::uint32_t parameters(spec::TensorId tensor, std::int64_t offset);

  // Writes a SIMBA_PLACE record of a range of the global buffer.
  void put_spatial(std::size_t at, const spec::SpatialSplit& split);
  void put_place(std::size_t at, const machines::simba::GbRange& range, std::uint32_t results);

  // What problems are about from here on, "file: node 'x'".
  void about(const std::string& place) { place_ = place; }
  void problem(const std::string& text) { problems_.add(place_, text); }
  const base::Problems& problems() const { return problems_; }

 private:
  std::uint32_t view_record(spec::TensorId tensor, const std::array<std::vector<StridedDim>, 3>& groups,
                            const spec::Home* home);
  const spec::Tensor& tensor(spec::TensorId t) const { return s_.workload.tensors[t]; }

  const spec::Schedule& s_;
  const int chiplets_;
  std::vector<std::uint32_t>& w_;
  std::unordered_map<std::uint32_t, ViewSpec>& views_;
  base::Problems problems_;
  std::string place_;
};

// The view record at `offset` of an image.
ViewSpec decode_view(const std::vector<std::uint32_t>& words, std::uint32_t offset);

}  // namespace heat::simba
