// Both run over the last factor innermost, so that the rank axis stays contiguous.
#include "offline/decompose/khatri_rao.h"

namespace heat::offline {
namespace {

// panel [left, mode, right, rank] times factor [mode, rank], summed over mode: [left, right, rank].
std::vector<double> sum_mode(const std::vector<double>& panel, std::int64_t left, std::int64_t mode, std::int64_t right,
                             std::int64_t rank, const double* factor) {
  std::vector<double> out(static_cast<std::size_t>(left * right * rank), 0.0);
  for (std::int64_t l = 0; l < left; ++l)
    for (std::int64_t m = 0; m < mode; ++m) {
      const double* f = factor + m * rank;
      for (std::int64_t q = 0; q < right; ++q) {
        const double* source = panel.data() + ((l * mode + m) * right + q) * rank;
        double* target = out.data() + (l * right + q) * rank;
        for (std::int64_t r = 0; r < rank; ++r) target[r] += source[r] * f[r];
      }
    }
  return out;
}

}  // namespace

std::vector<double> khatri_rao(const std::vector<Core>& factors, std::int64_t rank) {
  std::vector<double> out(static_cast<std::size_t>(rank), 1.0);
  for (const Core& factor : factors) {
    const std::int64_t have = static_cast<std::int64_t>(out.size()) / rank, mode = factor.dims[0];
    std::vector<double> next(static_cast<std::size_t>(have * mode * rank));
    double* target = next.data();
    for (std::int64_t i = 0; i < have; ++i)
      for (std::int64_t m = 0; m < mode; ++m)
        for (std::int64_t r = 0; r < rank; ++r)
          *target++ = out[static_cast<std::size_t>(i * rank + r)] * factor.data[static_cast<std::size_t>(m * rank + r)];
    out = std::move(next);
  }
  return out;
}

std::vector<double> contract_panel(const std::vector<double>& panel, const std::vector<Core>& factors, std::size_t kept,
                                   std::int64_t rank) {
  std::vector<double> out = panel;
  std::int64_t left = 1;
  for (const Core& f : factors) left *= f.dims[0];
  for (std::size_t k = factors.size(); --k > kept;) {  // from the right down to `kept`
    left /= factors[k].dims[0];
    out = sum_mode(out, left, factors[k].dims[0], 1, rank, factors[k].data.data());
  }
  std::int64_t right = left;
  for (std::size_t k = 0; k < kept; ++k) {
    right /= factors[k].dims[0];
    out = sum_mode(out, 1, factors[k].dims[0], right, rank, factors[k].data.data());
  }
  return out;
}

}  // namespace heat::offline
