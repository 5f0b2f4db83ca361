// Eight numbers at once, in as many registers as the processor needs for them; functions that use them are compiled for
// several processors, of which one is chosen at run time. Inside this room only.
#pragma once

namespace heat::offline {

typedef double Wide __attribute__((vector_size(64)));

// By reference: how a vector is returned depends on the processor.
[[gnu::always_inline]] inline void load(const double* p, Wide& v) {
  typedef double Unaligned __attribute__((vector_size(64), aligned(8), may_alias));
  v = *reinterpret_cast<const Unaligned*>(p);
}
[[gnu::always_inline]] inline void store(double* p, const Wide& v) {
  typedef double Unaligned __attribute__((vector_size(64), aligned(8), may_alias));
  *reinterpret_cast<Unaligned*>(p) = v;
}

}  // namespace heat::offline
