// One lambda an alternative for std::visit; a missing alternative does not compile.
#pragma once

namespace heat::base {

template <class... F>
struct Overloaded : F... {
  using F::operator()...;
};
template <class... F>
Overloaded(F...) -> Overloaded<F...>;

}  // namespace heat::base
