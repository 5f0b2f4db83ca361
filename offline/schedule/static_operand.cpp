// Products of cores are contracted one core after another in double; an index is summed once no later core has it.
#include "offline/schedule/static_operand.h"

#include <algorithm>
#include <array>
#include <set>

#include "base/errors.h"

namespace heat::offline {
namespace {

using spec::Index;
using Indices = std::vector<Index>;

struct Value {
  Indices indices;
  std::vector<double> data;
};

// Row-major strides of `axes` for a walk over `order`; 0 where an axis is absent.
std::vector<std::int64_t> strides_in(const Indices& axes, const Indices& order,
                                     const std::map<Index, std::int64_t>& sizes) {
  std::vector<std::int64_t> strides(order.size(), 0);
  std::int64_t stride = 1;
  for (std::size_t a = axes.size(); a-- > 0;) {
    const auto at = std::find(order.begin(), order.end(), axes[a]);
    HEAT_CHECK(at != order.end(), "axis " + axes[a]);
    strides[static_cast<std::size_t>(at - order.begin())] = stride;
    stride *= sizes.at(axes[a]);
  }
  return strides;
}

// Calls visit(offsets) for every value of `order`, last index fastest; offsets[i] follows strides[i].
template <std::size_t N, class Visit>
void walk(const Indices& order, const std::map<Index, std::int64_t>& sizes,
          const std::array<std::vector<std::int64_t>, N>& strides, Visit visit) {
  std::vector<std::int64_t> counter(order.size(), 0), extents;
  for (const Index& i : order) extents.push_back(sizes.at(i));
  std::array<std::int64_t, N> offset{};
  for (;;) {
    visit(offset);
    std::size_t axis = order.size();
    for (; axis > 0; --axis) {
      const std::size_t a = axis - 1;
      for (std::size_t n = 0; n < N; ++n) offset[n] += strides[n][a];
      if (++counter[a] < extents[a]) break;
      counter[a] = 0;
      for (std::size_t n = 0; n < N; ++n) offset[n] -= strides[n][a] * extents[a];
    }
    if (axis == 0) return;
  }
}

Value multiply(const Value& a, const Value& b, const Indices& result, const std::map<Index, std::int64_t>& sizes) {
  Indices all = result;
  for (const Indices* list : {&a.indices, &b.indices})
    for (const Index& i : *list)
      if (std::find(all.begin(), all.end(), i) == all.end()) all.push_back(i);
  Value out{result, {}};
  std::int64_t count = 1;
  for (const Index& i : result) count *= sizes.at(i);
  out.data.assign(static_cast<std::size_t>(count), 0);
  walk<3>(all, sizes,
          {strides_in(a.indices, all, sizes), strides_in(b.indices, all, sizes), strides_in(result, all, sizes)},
          [&](const std::array<std::int64_t, 3>& at) {
            out.data[static_cast<std::size_t>(at[2])] +=
                a.data[static_cast<std::size_t>(at[0])] * b.data[static_cast<std::size_t>(at[1])];
          });
  return out;
}

std::vector<std::string> split(const std::string& name) {
  std::vector<std::string> parts(1);
  for (char c : name) {
    if (c == '*')
      parts.emplace_back();
    else
      parts.back() += c;
  }
  return parts;
}

}  // namespace

std::vector<float> permute_axes(const std::vector<float>& data, const Indices& from, const Indices& to,
                                const std::map<Index, std::int64_t>& sizes) {
  std::vector<float> out(data.size());
  walk<2>(to, sizes, {strides_in(from, to, sizes), strides_in(to, to, sizes)},
          [&](const std::array<std::int64_t, 2>& at) {
            out[static_cast<std::size_t>(at[1])] = data[static_cast<std::size_t>(at[0])];
          });
  return out;
}

std::vector<float> static_values(const TensorNetwork& network, const std::vector<Core>& cores, const std::string& name,
                                 const Indices& indices) {
  const auto& sizes = network.einsum.sizes;
  std::vector<Value> parts;
  for (const std::string& part : split(name)) {
    const auto operand = std::find(network.names.begin(), network.names.end(), part) - network.names.begin();
    const auto core = std::find_if(cores.begin(), cores.end(), [&](const Core& c) { return c.name == part; });
    HEAT_CHECK(operand < static_cast<std::ptrdiff_t>(network.size()) && core != cores.end(), "no core " + part);
    parts.push_back({network.einsum.operands[static_cast<std::size_t>(operand)], core->data});
  }
  Value value = parts.front();
  for (std::size_t p = 1; p < parts.size(); ++p) {
    std::set<Index> needed(indices.begin(), indices.end());
    for (std::size_t q = p + 1; q < parts.size(); ++q) needed.insert(parts[q].indices.begin(), parts[q].indices.end());
    Indices result;
    for (const Indices* list : {&value.indices, &parts[p].indices})
      for (const Index& i : *list)
        if (needed.count(i) && std::find(result.begin(), result.end(), i) == result.end()) result.push_back(i);
    value = multiply(value, parts[p], result, sizes);
  }
  std::vector<float> data(value.data.begin(), value.data.end());
  return permute_axes(data, value.indices, indices, sizes);
}

}  // namespace heat::offline
