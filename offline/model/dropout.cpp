// Four masks a hash: the draws cost as little as the multiplication.
#include "offline/model/dropout.h"

#include "base/random.h"

namespace heat::offline {

at::Tensor counter_dropout(const at::Tensor& x, double p, std::uint64_t seed) {
  const auto threshold = static_cast<std::uint32_t>(p * 65536.0);
  if (threshold == 0) return x;
  at::Tensor mask = at::empty(x.sizes(), at::kFloat);
  float* m = mask.data_ptr<float>();
  const std::int64_t n = mask.numel();
  const float keep = 65536.0f / static_cast<float>(65536 - threshold);
  std::int64_t i = 0;
  for (; i + 4 <= n; i += 4) {
    const std::uint64_t bits = base::mix64(seed + static_cast<std::uint64_t>(i));
    for (int k = 0; k < 4; ++k) m[i + k] = ((bits >> (16 * k)) & 0xffff) >= threshold ? keep : 0.0f;
  }
  for (; i < n; ++i) m[i] = (base::mix64(seed + static_cast<std::uint64_t>(i)) & 0xffff) >= threshold ? keep : 0.0f;
  return x * (x.scalar_type() == at::kFloat ? mask : mask.to(x.scalar_type()));
}

}  // namespace heat::offline
