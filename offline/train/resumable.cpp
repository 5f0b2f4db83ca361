// The position is (stage, step); a finished stage is stored as the next one's step 0.
#include "offline/train/resumable.h"

#include <cmath>
#include <filesystem>

#include "base/errors.h"
#include "base/jobs/interrupt.h"

namespace heat::offline {

ResumableRun::ResumableRun(AdamW& optimizer, RunFolder folder, const std::string& digest, ProgressCallback progress)
    : optimizer_(optimizer), folder_(std::move(folder)), progress_(std::move(progress)) {
  position_.digest = digest;
  if (folder_.path.empty()) return;
  file_ = (std::filesystem::path(folder_.path) / "training.safetensors").string();
  if (!std::filesystem::exists(file_)) return;
  const TrainingPosition stored = load_training_state(file_, optimizer_);
  if (stored.digest != digest)
    throw base::ConfigError(file_ + ": was written under another configuration; use another folder or remove it");
  position_ = stored;
}

void ResumableRun::save(std::int64_t stage, std::int64_t step) {
  position_.phase = stage;
  position_.step = step;
  if (!file_.empty()) save_training_state(file_, optimizer_, position_);
}

bool ResumableRun::stage(std::int64_t number, const std::string& name, std::int64_t total,
                         const std::function<double(std::int64_t)>& step) {
  if (position_.phase > number) return true;
  const std::int64_t first = position_.phase == number ? position_.step : 0;
  ProgressMeter meter(name, first, total, progress_);
  for (std::int64_t i = first; i < total; ++i) {
    const double loss = step(i);
    if (!std::isfinite(loss))
      throw base::Error(name + ": the loss is not finite at step " + std::to_string(i) + "; lower the learning rate");
    meter.step(i + 1, loss);
    if (--folder_.stop_after_steps == 0) return false;
    const bool stop = base::interrupted();
    if (stop || (i + 1) % folder_.checkpoint_steps == 0) save(number, i + 1);
    if (stop) return false;
  }
  save(number + 1, 0);
  return true;
}

double ramp(double rate, double warmup, std::int64_t step, std::int64_t total) {
  const double at = (static_cast<double>(step) + 0.5) / static_cast<double>(total);
  return rate * (at < warmup ? at / warmup : (1 - at) / (1 - warmup));
}

}  // namespace heat::offline
