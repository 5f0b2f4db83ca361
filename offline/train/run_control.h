// What every long run shares: threads set once, memory kept by the process, progress with a remaining time.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <string>

namespace heat::offline {

struct Progress {
  std::string stage;  // "pretrain", "supernet", ...
  std::int64_t step = 0, total = 0;
  double loss = 0;                                                 // moving mean; NaN where there is none
  double dev_accuracy = std::numeric_limits<double>::quiet_NaN();  // last look at dev, 0..1; NaN where there is none
  double elapsed_s = 0, remaining_s = 0;
};
using ProgressCallback = std::function<void(const Progress&)>;

// A callback that writes a line to stderr at most every `seconds` and at the end of a stage.
ProgressCallback progress_to_stderr(double seconds = 10);

// Sets the threads of LibTorch, OpenMP and BLAS, and lets malloc keep large blocks (fresh pages for every temporary
// cost more than the arithmetic). Call once, before the first tensor operation.
void prepare_process(int threads);

// Times steps and feeds a callback.
class ProgressMeter {
 public:
  ProgressMeter(std::string stage, std::int64_t first, std::int64_t total, ProgressCallback callback);
  void step(std::int64_t done, double loss);

 private:
  Progress progress_;
  std::int64_t first_;
  double start_, mean_ = 0, weight_ = 0;
  ProgressCallback callback_;
};

// Seconds of a steady clock.
double now_s();

}  // namespace heat::offline
