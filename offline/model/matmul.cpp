// Axes are permuted, and merged only where a role has another number of axes than one: a product of two matrices a head
// then sees the operands' own memory.
#include "offline/model/matmul.h"

#include <algorithm>
#include <functional>
#include <numeric>

namespace heat::offline {
namespace {

using Labels = std::vector<std::string>;

bool has(const Labels& labels, const std::string& label) {
  return std::find(labels.begin(), labels.end(), label) != labels.end();
}

Labels joined(const Labels& x, const Labels& y, const Labels& z) {
  Labels all = x;
  all.insert(all.end(), y.begin(), y.end());
  all.insert(all.end(), z.begin(), z.end());
  return all;
}

// [batch, from] seen as [batch, to].
at::Tensor permuted(const at::Tensor& x, const Labels& from, const Labels& to) {
  if (from == to) return x;
  std::vector<std::int64_t> dims{0};
  for (const std::string& label : to) dims.push_back(std::find(from.begin(), from.end(), label) - from.begin() + 1);
  return x.permute(dims);
}

std::int64_t product(at::IntArrayRef sizes) {
  return std::accumulate(sizes.begin(), sizes.end(), std::int64_t{1}, std::multiplies<>());
}

// [batch, shared, rows, columns] with the last two groups merged to one axis each.
at::Tensor matrices(const at::Tensor& x, std::size_t shared, std::size_t rows, std::size_t columns) {
  if (rows == 1 && columns == 1) return x;
  const at::IntArrayRef sizes = x.sizes();
  std::vector<std::int64_t> merged(sizes.begin(), sizes.begin() + 1 + static_cast<std::ptrdiff_t>(shared));
  merged.push_back(product(sizes.slice(1 + shared, rows)));
  merged.push_back(product(sizes.slice(1 + shared + rows, columns)));
  return x.reshape(merged);
}

}  // namespace

at::Tensor labelled_matmul(const op::Matmul& o, const at::Tensor& a, const at::Tensor& b) {
  Labels shared, rows, columns, summed;
  for (const std::string& l : o.output_axes) {
    if (has(o.a_axes, l) && has(o.b_axes, l)) shared.push_back(l);
    if (has(o.a_axes, l) && !has(o.b_axes, l)) rows.push_back(l);
    if (!has(o.a_axes, l) && has(o.b_axes, l)) columns.push_back(l);
  }
  for (const std::string& l : o.a_axes)
    if (!has(o.output_axes, l)) summed.push_back(l);
  const at::Tensor scaled = o.factor == 1 ? a : a * o.factor;
  const at::Tensor x = permuted(scaled, o.a_axes, joined(shared, rows, summed)),
                   y = permuted(b, o.b_axes, joined(shared, summed, columns));
  at::Tensor z = at::matmul(matrices(x, shared.size(), rows.size(), summed.size()),
                            matrices(y, shared.size(), summed.size(), columns.size()));
  if (rows.size() != 1 || columns.size() != 1) {
    std::vector<std::int64_t> sizes(x.sizes().begin(), x.sizes().begin() + 1 + shared.size() + rows.size());
    sizes.insert(sizes.end(), y.sizes().end() - columns.size(), y.sizes().end());
    z = z.reshape(sizes);
  }
  return permuted(z, joined(shared, rows, columns), o.output_axes);
}

}  // namespace heat::offline
