// SPDX-License-Identifier: MIT
// The learning rate as a function of the step: nothing to save, nothing to restore. Formulas are those of
// torch.optim.lr_scheduler, counted in optimizer steps.
//
//   Schedule schedule{CosineLr{}, 0.1, epochs * steps_per_epoch, warmup_steps};
//   optimizer.step(ctx, schedule(step), net, grad);
#pragma once

#include <resnet/core/error.hpp>
#include <resnet/core/once.hpp>

#include <cstdint>
#include <variant>
#include <vector>

namespace resnet {

struct ConstantLr {};
/// lr · gamma^⌊step / step_size⌋. WideResNet's schedule is {60 epochs, 0.2}.
struct StepLr {
  std::int64_t step_size;
  double gamma = 0.1;
};
/// lr · gamma^(milestones passed).
struct MultiStepLr {
  std::vector<std::int64_t> milestones;
  double gamma = 0.1;
};
/// From lr to min_lr along half a cosine (Loshchilov & Hutter 2016, arXiv 1608.03983).
struct CosineLr {
  double min_lr = 0;
};
/// Half a cosine from lr to min_lr again and again: over `period` steps, then over `factor` times as many as before
/// (arXiv 1608.03983, CosineAnnealingWarmRestarts). Both are 1 or more.
struct CosineRestartsLr {
  std::int64_t period;
  std::int64_t factor = 1;
  double min_lr = 0;
};
/// Up from lr / div_factor to lr and down to lr / div_factor / final_div_factor, each along half a cosine
/// (Smith & Topin 2017, arXiv 1708.07120).
struct OneCycleLr {
  double pct_start = 0.3, div_factor = 25, final_div_factor = 1e4;
};

struct Schedule {
  std::variant<ConstantLr, StepLr, MultiStepLr, CosineLr, CosineRestartsLr, OneCycleLr> rule;
  double lr;  // the largest
  std::int64_t total_steps;
  std::int64_t warmup_steps = 0;  // the first steps rise linearly to the rule's first value, which follows

  /// For step 0, 1, …, total_steps - 1.
  double operator()(std::int64_t step) const;

  /// Throws Error for a schedule that makes no sense.
  void validate() const;

 private:
  double at(std::int64_t step, std::int64_t total) const;
};

}  // namespace resnet

#ifdef RESNET_BODIES

#include <algorithm>
#include <cmath>
#include <numbers>
#include <string>

namespace resnet {

namespace detail {

/// What each rule accepts.
struct ScheduleCheck {
  double lr;

  static bool positive_or_zero(double x) { return x >= 0 && std::isfinite(x); }
  static void require(bool valid, const char* what, const char* expected, auto found) {
    if (!valid)
      throw Error(std::string("schedule: ") + what + ": expected " + expected + ", found " + std::to_string(found));
  }
  void operator()(const ConstantLr&) const {}
  void operator()(const StepLr& r) const {
    require(r.step_size >= 1, "step size", "1 or more", r.step_size);
    require(positive_or_zero(r.gamma), "gamma", "0 or more", r.gamma);
  }
  void operator()(const MultiStepLr& r) const {
    std::int64_t before = -1;
    for (const std::int64_t milestone : r.milestones) {
      require(milestone > before, "milestone", "0 or more, and more than the one before", milestone);
      before = milestone;
    }
    require(positive_or_zero(r.gamma), "gamma", "0 or more", r.gamma);
  }
  void operator()(const CosineLr& r) const {
    require(r.min_lr >= 0 && r.min_lr <= lr, "min_lr", "0 to the learning rate", r.min_lr);
  }
  void operator()(const CosineRestartsLr& r) const {
    require(r.period >= 1, "period", "1 or more", r.period);
    require(r.factor >= 1, "factor", "1 or more", r.factor);
    require(r.min_lr >= 0 && r.min_lr <= lr, "min_lr", "0 to the learning rate", r.min_lr);
  }
  void operator()(const OneCycleLr& r) const {
    require(r.pct_start >= 0 && r.pct_start <= 1, "pct_start", "0 to 1", r.pct_start);
    require(r.div_factor >= 1 && std::isfinite(r.div_factor), "div_factor", "1 or more", r.div_factor);
    require(r.final_div_factor >= 1 && std::isfinite(r.final_div_factor), "final_div_factor", "1 or more",
            r.final_div_factor);
  }
};

/// Each rule's learning rate.
struct ScheduleValue {
  double lr, step, total;

  /// From `from` at 0 to `to` at 1.
  static double half_cosine(double from, double to, double x) {
    return to + (from - to) / 2 * (1 + std::cos(std::numbers::pi * x));
  }
  double operator()(const ConstantLr&) const { return lr; }
  double operator()(const StepLr& r) const {
    return lr * std::pow(r.gamma, std::floor(step / static_cast<double>(r.step_size)));
  }
  double operator()(const MultiStepLr& r) const {
    double factor = 1;
    for (const std::int64_t milestone : r.milestones)
      if (step >= static_cast<double>(milestone)) factor *= r.gamma;
    return lr * factor;
  }
  double operator()(const CosineLr& r) const { return half_cosine(lr, r.min_lr, step / total); }
  double operator()(const CosineRestartsLr& r) const {
    double left = step;
    auto length = static_cast<double>(r.period);
    for (; left >= length && length >= 1; length *= static_cast<double>(r.factor)) left -= length;
    return half_cosine(lr, r.min_lr, left / length);
  }
  double operator()(const OneCycleLr& r) const {
    const double first = lr / r.div_factor, peak = r.pct_start * total - 1, last = total - 1;
    if (step <= peak) return half_cosine(first, lr, peak > 0 ? step / peak : 1);
    return half_cosine(lr, first / r.final_div_factor, last > peak ? (step - peak) / (last - peak) : 1);
  }
};

}  // namespace detail

RESNET_ONCE double Schedule::operator()(std::int64_t step) const {
  const std::int64_t total = std::max<std::int64_t>(total_steps - warmup_steps, 1);  // 1: all warm-up
  if (step < warmup_steps) return at(0, total) * static_cast<double>(step + 1) / static_cast<double>(warmup_steps + 1);
  return at(step - warmup_steps, total);
}

RESNET_ONCE double Schedule::at(std::int64_t step, std::int64_t total) const {
  return std::visit(detail::ScheduleValue{lr, static_cast<double>(step), static_cast<double>(total)}, rule);
}

RESNET_ONCE void Schedule::validate() const {
  using Check = detail::ScheduleCheck;
  Check::require(Check::positive_or_zero(lr), "learning rate", "0 or more", lr);
  Check::require(total_steps >= 1, "number of steps", "1 or more", total_steps);
  Check::require(warmup_steps >= 0 && warmup_steps <= total_steps, "warm-up", "0 steps to all of them", warmup_steps);
  std::visit(Check{lr}, rule);
}

}  // namespace resnet

#endif  // RESNET_BODIES
