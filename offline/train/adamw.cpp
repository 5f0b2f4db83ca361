// Not LibTorch's torch::optim::AdamW: its update rounds in another order (with equal gradients 70 % of the weights
// differ in the last bit after 20 steps), so that every trained result would change. Its speed is alike; clipping and
// the moving average would still be ours. The norm's sum is formed over fixed chunks, so that the result does not
// depend on the number of threads.
#include "offline/train/adamw.h"

#include <ATen/Parallel.h>

#include <cmath>

namespace heat::offline {
namespace {

constexpr std::int64_t kChunk = 16384;

double squared_norm(const at::Tensor& t) {
  const float* p = t.data_ptr<float>();
  const std::int64_t n = t.numel(), chunks = (n + kChunk - 1) / kChunk;
  std::vector<double> partial(chunks);
  at::parallel_for(0, chunks, 8, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t c = begin; c < end; ++c) {
      float lanes[16] = {};
      const std::int64_t first = c * kChunk, last = std::min(n, first + kChunk);
      std::int64_t i = first;
      for (; i + 16 <= last; i += 16)
        for (int k = 0; k < 16; ++k) lanes[k] += p[i + k] * p[i + k];
      for (; i < last; ++i) lanes[0] += p[i] * p[i];
      for (float lane : lanes) partial[c] += lane;
    }
  });
  double sum = 0;
  for (double s : partial) sum += s;
  return sum;
}

struct UpdateFactors {
  float b1, b2, g_scale, shrink, step_size, v_scale, eps, keep;
};

// Wider vectors where the machine has them; the same operations, hence the same bits. Bare pointers as parameters: the
// compiler vectorises what it knows not to overlap.
__attribute__((target_clones("avx2", "default"))) void update(std::int64_t n, const float* __restrict g,
                                                              float* __restrict p, float* __restrict m,
                                                              float* __restrict v, float* __restrict a,
                                                              const UpdateFactors& f_in) {
  const UpdateFactors f = f_in;
  for (std::int64_t k = 0; k < n; ++k) {
    const float gk = g[k] * f.g_scale;
    m[k] = f.b1 * m[k] + (1 - f.b1) * gk;
    v[k] = f.b2 * v[k] + (1 - f.b2) * gk * gk;
    p[k] = p[k] * f.shrink - f.step_size * m[k] / (std::sqrt(v[k]) * f.v_scale + f.eps);
  }
  if (f.keep > 0)
    for (std::int64_t k = 0; k < n; ++k) a[k] = f.keep * a[k] + (1 - f.keep) * p[k];
}

bool decays(const std::string& name) {
  return !name.ends_with("bias") && name.find("LayerNorm") == std::string::npos;
}

}  // namespace

AdamW::AdamW(NamedTensors parameters, const AdamWOptions& options)
    : parameters_(std::move(parameters)), options_(options) {
  for (auto& [name, p] : parameters_) {
    m_.push_back(at::zeros(p.sizes(), at::kFloat));
    v_.push_back(at::zeros(p.sizes(), at::kFloat));
    average_.push_back(p.detach().clone());
  }
}

void AdamW::zero_gradients() {
  for (auto& [name, p] : parameters_) p.mutable_grad() = at::Tensor();
}

double AdamW::step(double rate) {
  ++steps_;
  double sum = 0;
  std::vector<at::Tensor> gradients;
  for (auto& [name, p] : parameters_) {
    gradients.push_back(p.grad().defined() ? p.grad().contiguous() : at::Tensor());
    if (gradients.back().defined()) sum += squared_norm(gradients.back());
  }
  const double norm = std::sqrt(sum);
  const double scale = options_.clip_norm > 0 && norm > options_.clip_norm ? options_.clip_norm / norm : 1.0;
  const double correction1 = 1.0 - std::pow(options_.beta1, static_cast<double>(steps_));
  const double correction2 = 1.0 - std::pow(options_.beta2, static_cast<double>(steps_));
  const auto b1 = static_cast<float>(options_.beta1), b2 = static_cast<float>(options_.beta2);
  const auto g_scale = static_cast<float>(scale), step_size = static_cast<float>(rate / correction1);
  const auto v_scale = static_cast<float>(1.0 / std::sqrt(correction2)), eps = static_cast<float>(options_.epsilon);
  const auto keep = static_cast<float>(options_.average_decay);
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    if (!gradients[i].defined()) continue;
    const float shrink = decays(parameters_[i].first) ? static_cast<float>(1.0 - rate * options_.weight_decay) : 1.0f;
    float *p = parameters_[i].second.data_ptr<float>(), *m = m_[i].data_ptr<float>(), *v = v_[i].data_ptr<float>();
    float* a = average_[i].data_ptr<float>();
    const float* g = gradients[i].data_ptr<float>();
    const UpdateFactors f{b1, b2, g_scale, shrink, step_size, v_scale, eps, keep};
    at::parallel_for(0, gradients[i].numel(), kChunk, [&](std::int64_t begin, std::int64_t end) {
      update(end - begin, g + begin, p + begin, m + begin, v + begin, a + begin, f);
    });
  }
  return norm;
}

void AdamW::swap_average() {
  if (options_.average_decay <= 0) return;
  at::NoGradGuard no_grad;
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    const at::Tensor trained = parameters_[i].second.detach().clone();
    parameters_[i].second.copy_(average_[i]);
    average_[i].copy_(trained);
  }
}

void AdamW::reset_average() {
  for (std::size_t i = 0; i < parameters_.size(); ++i) average_[i].copy_(parameters_[i].second.detach());
}

std::map<std::string, at::Tensor> AdamW::state() const {
  std::map<std::string, at::Tensor> out;
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    out["param/" + parameters_[i].first] = parameters_[i].second;
    out["m/" + parameters_[i].first] = m_[i];
    out["v/" + parameters_[i].first] = v_[i];
    out["average/" + parameters_[i].first] = average_[i];
  }
  return out;
}

}  // namespace heat::offline
