// One pool of threads for everything: OpenMP's, which LibTorch and OpenBLAS (openmp build) share.
#include "offline/train/run_control.h"

#include <ATen/Parallel.h>
#include <malloc.h>

#include <chrono>
#include <cmath>
#include <cstdio>

namespace heat::offline {
double now_s() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

void prepare_process(int threads) {
  at::set_num_threads(threads);
  mallopt(M_MMAP_THRESHOLD, 1 << 30);
  mallopt(M_TRIM_THRESHOLD, 2000000000);
  mallopt(M_TOP_PAD, 64 << 20);
}

ProgressCallback progress_to_stderr(double seconds) {
  return [seconds, last = -1e9](const Progress& p) mutable {
    const bool end = p.step == p.total;
    if (!end && now_s() - last < seconds) return;
    last = now_s();
    std::fprintf(stderr, "%s: %lld/%lld", p.stage.c_str(), static_cast<long long>(p.step),
                 static_cast<long long>(p.total));
    if (!std::isnan(p.loss)) std::fprintf(stderr, ", loss %.4f", p.loss);
    if (!std::isnan(p.dev_accuracy)) std::fprintf(stderr, ", dev %.2f %%", 100 * p.dev_accuracy);
    std::fprintf(stderr, ", %.0f s, %.0f s to go\n", p.elapsed_s, p.remaining_s);
  };
}

ProgressMeter::ProgressMeter(std::string stage, std::int64_t first, std::int64_t total, ProgressCallback callback)
    : first_(first), start_(now_s()), callback_(std::move(callback)) {
  progress_.stage = std::move(stage);
  progress_.total = total;
}

void ProgressMeter::step(std::int64_t done, double loss) {
  if (!callback_) return;
  mean_ = 0.99 * mean_ + 0.01 * loss;
  weight_ = 0.99 * weight_ + 0.01;
  progress_.step = done;
  progress_.loss = mean_ / weight_;
  progress_.elapsed_s = now_s() - start_;
  progress_.remaining_s = done > first_ ? progress_.elapsed_s * static_cast<double>(progress_.total - done) /
                                              static_cast<double>(done - first_)
                                        : 0;
  callback_(progress_);
}

}  // namespace heat::offline
