// Which bytes of its tensor a view names, in closed form: no loop over elements, so a view of any size costs nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "spec/tensor.h"

namespace heat::spec {

// Why `view` does not name every byte of a tensor of `bytes` bytes exactly once, for a person ("index 'd' of size 4 has
// stride 0 where 6 would name the next byte"); nothing when it does. Exact.
std::optional<std::string> coverage_fault(const TensorView& view, std::int64_t bytes);

// One element of a view that lies in another part of its tensor than it should.
struct StrayElement {
  std::vector<std::int64_t> values;  // of the view's dims
  std::int64_t byte = 0;
  std::int64_t value = 0;   // of the index at this element
  std::int64_t writer = 0;  // value of the index at which the byte was written
};

// Where `index` (in both views, of one size) divides a tensor: an element that `read` names at one value of it and
// `written` at another; nothing when every value reads what the same value wrote. `written` names every byte once.
// Exact.
std::optional<StrayElement> stray_element(const TensorView& written, const TensorView& read, const Index& index);

// The dim of `view` that runs over `index`; none: null.
const ViewDim* dim_of(const TensorView& view, const Index& index);

}  // namespace heat::spec
