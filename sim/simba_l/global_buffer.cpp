// A box is visited row by row (b, x); a row along y is copied at once when it is contiguous.
#include "sim/simba_l/global_buffer.h"

#include <cstring>

namespace heat::simba {

GlobalBuffer::GlobalBuffer(const spec::GlobalBufferSpec& spec, bool data) : spec_(spec), counted_(kCounted) {
  if (data) bytes_.resize(static_cast<std::size_t>(spec.capacity.value()));
}

WordCount GlobalBuffer::words(const GbPlace& place, const Box& box) const {
  if (!place.view) return packed_words(box.elements());
  if (place.view_id == 0) return count_words(*place.view, box, place.base, spec_);
  Counted& c = counted(place, box);
  if (c.view_id != place.view_id || c.base != place.base || c.box.start != box.start || c.box.count != box.count)
    c = {place.view_id, place.base, box, count_words(*place.view, box, place.base, spec_)};
  return c.words;
}

GlobalBuffer::Counted& GlobalBuffer::counted(const GbPlace& place, const Box& box) const {
  auto hash = static_cast<std::uint64_t>(place.base) ^ std::uint64_t{place.view_id} << 32;
  for (std::size_t i = 0; i < 3; ++i)
    for (const std::int64_t value : {box.start[i], box.count[i]})
      hash = (hash ^ static_cast<std::uint64_t>(value)) * 0x9E3779B97F4A7C15ull;
  return counted_[hash >> 54];
}

std::int64_t GlobalBuffer::end_of(const GbPlace& place, const Box& box) const {
  if (!place.view)
    return place.base +
           ((box.start[0] + box.count[0] - 1) * place.pitch_x + box.start[1] + box.count[1] - 1) * place.pitch_y +
           box.start[2] + box.count[2];
  std::int64_t last = 0;
  for (std::size_t g = 0; g < 3; ++g) {
    // The largest offset of a flattened range: its last value, or the last inner digits of an outer one before it.
    std::int64_t largest = 0;
    std::vector<std::int64_t> offsets;
    group_offsets(place.view->groups[g], box.start[g], box.count[g], offsets);
    for (std::int64_t o : offsets) largest = std::max(largest, o);
    last += largest;
  }
  return place.base + last + 1;
}

template <class Copy>
void GlobalBuffer::each_row(const GbPlace& place, const Box& box, const Copy& copy) const {
  std::vector<std::int64_t> b, x, y;
  if (place.view) {
    group_offsets(place.view->groups[0], box.start[0], box.count[0], b);
    group_offsets(place.view->groups[1], box.start[1], box.count[1], x);
    group_offsets(place.view->groups[2], box.start[2], box.count[2], y);
  } else {
    group_offsets({{box.start[0] + box.count[0], place.pitch_x * place.pitch_y}}, box.start[0], box.count[0], b);
    group_offsets({{box.start[1] + box.count[1], place.pitch_y}}, box.start[1], box.count[1], x);
    group_offsets({{box.start[2] + box.count[2], 1}}, box.start[2], box.count[2], y);
  }
  const std::int64_t length = box.count[2];
  bool dense = true;
  for (std::size_t i = 1; i < y.size(); ++i) dense = dense && y[i] == y[i - 1] + 1;
  std::int64_t row = 0;
  for (std::int64_t ob : b)
    for (std::int64_t ox : x) {
      const std::int64_t base = place.base + ob + ox;
      if (dense) {
        copy(base + y[0], row, length);
      } else {
        for (std::int64_t i = 0; i < length; ++i) copy(base + y[static_cast<std::size_t>(i)], row + i, 1);
      }
      row += length;
    }
}

void GlobalBuffer::read(const GbPlace& place, const Box& box, std::int8_t* out) const {
  each_row(place, box, [&](std::int64_t address, std::int64_t index, std::int64_t length) {
    std::memcpy(out + index, bytes_.data() + address, static_cast<std::size_t>(length));
  });
}

void GlobalBuffer::write(const GbPlace& place, const Box& box, const std::int8_t* in) {
  each_row(place, box, [&](std::int64_t address, std::int64_t index, std::int64_t length) {
    std::memcpy(bytes_.data() + address, in + index, static_cast<std::size_t>(length));
  });
}

}  // namespace heat::simba
