// All cores but the last have orthonormal columns.
#include "offline/decompose/tt_svd.h"

#include "offline/decompose/spectral.h"

namespace heat::offline {

std::vector<std::vector<double>> tt_svd(std::vector<double> tensor, const std::vector<std::int64_t>& modes,
                                        const std::vector<std::int64_t>& ranks, int threads) {
  std::vector<std::vector<double>> cores;
  for (std::size_t k = 0; k + 1 < modes.size(); ++k) {
    const std::int64_t rank = ranks[k + 1], height = ranks[k] * modes[k];
    const std::int64_t width = static_cast<std::int64_t>(tensor.size()) / height;
    LeadingProjection p = leading_projection(row_major(tensor.data(), height, width), rank, threads);
    cores.push_back(std::move(p.left));
    tensor = std::move(p.rest);
  }
  cores.push_back(std::move(tensor));
  return cores;
}

}  // namespace heat::offline
