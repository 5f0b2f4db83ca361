// A flattened range [start, start + count) of mixed-radix digits is split, from the outermost digit: a ragged head, the
// whole rows between, a ragged tail; each part recurses on the inner digits. The rectangles of the three groups
// multiply.
#include "sim/simba_l/tile_view.h"

#include <algorithm>

namespace heat::simba {
namespace {

struct Rectangle {
  std::int64_t offset = 0;
  std::vector<StridedDim> dims;
};

// Splits ranges of one group.
class Splitter {
 public:
  explicit Splitter(const std::vector<StridedDim>& dims) : dims_(dims) {}
  // Rectangles of [start, start + count) of the digits from `at` inwards, at `offset`.
  void split(std::size_t at, std::int64_t start, std::int64_t count, std::int64_t offset) {
    if (count <= 0) return;
    if (at == dims_.size()) {
      rectangles.push_back({offset, prefix_});
      return;
    }
    std::int64_t inner = 1;
    for (std::size_t i = at + 1; i < dims_.size(); ++i) inner *= dims_[i].size;
    const std::int64_t stride = dims_[at].stride;
    const std::int64_t first = start / inner, last = (start + count - 1) / inner;
    if (first == last) {
      split(at + 1, start % inner, count, offset + first * stride);
      return;
    }
    std::int64_t begin = first, end = last + 1;
    if (start % inner != 0) {
      split(at + 1, start % inner, inner - start % inner, offset + first * stride);
      ++begin;
    }
    const std::int64_t tail = (start + count) % inner;
    if (tail != 0) --end;
    if (begin < end) {
      prefix_.push_back({end - begin, stride});
      split(at + 1, 0, inner, offset + begin * stride);
      prefix_.pop_back();
    }
    if (tail != 0) split(at + 1, 0, tail, offset + last * stride);
  }
  std::vector<Rectangle> rectangles;

 private:
  const std::vector<StridedDim>& dims_;
  std::vector<StridedDim> prefix_;  // whole digits further out
};

std::vector<Rectangle> group_rectangles(const std::vector<StridedDim>& group, std::int64_t start, std::int64_t count) {
  Splitter splitter(group);
  splitter.split(0, start, count, 0);
  return std::move(splitter.rectangles);
}

// A rectangle as `outer` dims (ascending strides outward, repetitions last) times one contiguous run.
struct Runs {
  std::int64_t offset = 0, length = 1;
  std::vector<StridedDim> outer;  // outermost first
};

Runs runs_of(std::int64_t offset, std::vector<StridedDim> dims) {
  dims.erase(std::remove_if(dims.begin(), dims.end(), [](const StridedDim& d) { return d.size == 1; }), dims.end());
  std::stable_sort(dims.begin(), dims.end(), [](const StridedDim& x, const StridedDim& y) {
    return (x.stride == 0) != (y.stride == 0) ? y.stride == 0 : x.stride < y.stride;
  });
  Runs runs;
  runs.offset = offset;
  std::size_t i = 0;
  while (i < dims.size() && dims[i].stride == runs.length) runs.length *= dims[i++].size;
  for (; i < dims.size(); ++i) runs.outer.insert(runs.outer.begin(), dims[i]);
  return runs;
}

template <class Visit>
void for_each_rectangle(const ViewSpec& view, const Box& box, const Visit& visit) {
  std::array<std::vector<Rectangle>, 3> parts;
  for (std::size_t g = 0; g < 3; ++g) parts[g] = group_rectangles(view.groups[g], box.start[g], box.count[g]);
  for (const auto& r0 : parts[0])
    for (const auto& r1 : parts[1])
      for (const auto& r2 : parts[2]) {
        std::vector<StridedDim> dims = r0.dims;
        dims.insert(dims.end(), r1.dims.begin(), r1.dims.end());
        dims.insert(dims.end(), r2.dims.begin(), r2.dims.end());
        visit(runs_of(r0.offset + r1.offset + r2.offset, std::move(dims)));
      }
}

void walk(const Runs& runs, std::size_t dim, std::int64_t offset,
          const std::function<void(std::int64_t, std::int64_t)>& visit) {
  if (dim == runs.outer.size()) {
    visit(offset, runs.length);
    return;
  }
  for (std::int64_t i = 0; i < runs.outer[dim].size; ++i)
    walk(runs, dim + 1, offset + i * runs.outer[dim].stride, visit);
}

}  // namespace

std::vector<StridedDim> joined(const std::vector<StridedDim>& dims) {
  std::vector<StridedDim> out;
  for (const StridedDim& d : dims) {
    if (d.size == 1) continue;
    if (!out.empty() && out.back().stride == d.stride * d.size)
      out.back() = {out.back().size * d.size, d.stride};
    else
      out.push_back(d);
  }
  return out;
}

void group_offsets(const std::vector<StridedDim>& group, std::int64_t start, std::int64_t count,
                   std::vector<std::int64_t>& offsets) {
  offsets.resize(static_cast<std::size_t>(count));
  // Digits of the present element, counted on like an odometer's.
  static thread_local std::vector<std::int64_t> digits;
  digits.assign(group.size(), 0);
  std::int64_t offset = 0, rest = start;
  for (std::size_t d = group.size(); d-- > 0; rest /= group[d].size) {
    digits[d] = rest % group[d].size;
    offset += digits[d] * group[d].stride;
  }
  for (std::int64_t& at : offsets) {
    at = offset;
    for (std::size_t d = group.size(); d-- > 0;) {
      offset += group[d].stride;
      if (++digits[d] < group[d].size) break;
      offset -= digits[d] * group[d].stride;
      digits[d] = 0;
    }
  }
}

void for_each_run(const ViewSpec& view, const Box& box, const std::function<void(std::int64_t, std::int64_t)>& visit) {
  for_each_rectangle(view, box, [&](const Runs& runs) { walk(runs, 0, runs.offset, visit); });
}

machines::simba::WordCount count_words(const ViewSpec& view, const Box& box, std::int64_t base,
                                       const spec::GlobalBufferSpec& gb) {
  static thread_local machines::simba::BankCounter counter;
  counter.start(gb);
  for_each_rectangle(view, box, [&](const Runs& runs) { counter.add(base + runs.offset, runs.outer, runs.length); });
  return counter.count();
}

std::vector<AddressSpan> covering_spans(const ViewSpec& view, const Box& box, std::uint64_t align) {
  std::vector<AddressSpan> spans;
  bool sorted = true;
  for_each_run(view, box, [&](std::int64_t offset, std::int64_t length) {
    const std::uint64_t at = view.address + static_cast<std::uint64_t>(offset);
    const AddressSpan span{at / align * align, (at + static_cast<std::uint64_t>(length) + align - 1) / align * align};
    if (!spans.empty() && span.begin >= spans.back().begin && span.begin <= spans.back().end) {
      spans.back().end = std::max(spans.back().end, span.end);
    } else {
      sorted = sorted && (spans.empty() || span.begin > spans.back().end);
      spans.push_back(span);
    }
  });
  if (sorted) return spans;
  std::sort(spans.begin(), spans.end(), [](const AddressSpan& x, const AddressSpan& y) { return x.begin < y.begin; });
  std::vector<AddressSpan> merged;
  for (const AddressSpan& s : spans) {
    if (!merged.empty() && s.begin <= merged.back().end)
      merged.back().end = std::max(merged.back().end, s.end);
    else
      merged.push_back(s);
  }
  return merged;
}

}  // namespace heat::simba
