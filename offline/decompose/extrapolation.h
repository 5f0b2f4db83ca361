// How far alternating least squares goes on in the direction of its last sweep (Ang, Cohen, Gillis, Hien 2021,
// "Accelerating block coordinate descent for nonnegative tensor factorization": HER, here without the sign constraint).
#pragma once

#include <algorithm>

namespace heat::offline {

// x + step() * (x - x of the sweep before); backs off when the error rises. The constants are the paper's.
class ExtrapolationStep {
 public:
  double step() const { return step_; }
  // After a sweep that lowered the error, and after one that went too far.
  void grow() {
    bound_ = std::min(1.0, kBoundGrowth * bound_);
    step_ = std::min(bound_, kGrowth * step_);
  }
  void shrink() {
    bound_ = step_;
    step_ /= kShrink;
  }

 private:
  static constexpr double kStart = 0.5, kGrowth = 1.05, kBoundGrowth = 1.01, kShrink = 1.5;
  double step_ = kStart, bound_ = 1;
};

}  // namespace heat::offline
