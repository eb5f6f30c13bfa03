// SPDX-License-Identifier: MIT
// What a Trainer may do besides following the gradient.
#pragma once

#include <resnet/core/error.hpp>
#include <resnet/core/once.hpp>

#include <string>
#include <vector>

namespace resnet {

/// What happens to the running statistics of a BatchNorm2d whose parameters are frozen. `hold`: it normalises
/// with them and they stay, so that what is trained sees the features that evaluation will see. `move`: they
/// follow the batches, as with PyTorch's requires_grad = False.
enum class FrozenStatistics { hold, move };

struct TrainerOptions {
  double label_smoothing = 0;
  double clip_norm = 0;   // largest L2 norm of the gradient; 0: any
  double clip_value = 0;  // largest element of the gradient, before its norm; 0: any
  /// Batches whose gradients are averaged for each update, with the learning rate of the first of them:
  /// without BatchNorm, a run like one with batches of so many times the size. Groups go on from one epoch to
  /// the next.
  int accumulate = 1;
  /// `averaged()` is a moving average of the model, buffers included; 0: it is the model itself.
  ///   average += (1 - d)·(model - average),  d = min(ema_decay, (1 + t) / (10 + t)) after t updates,
  /// as in TensorFlow, so that a short run's average does not consist of what the run began with.
  double ema_decay = 0;
  /// Every so many updates the weights keep only this share of the way that they have come since the last
  /// time (Lookahead, Zhang et al. 2019, arXiv 1907.08610); 0: never.
  int lookahead_steps = 0;
  double lookahead_rate = 0.5;
  /// Parameters whose names begin so are not trained: {"conv1.", "layer1."}. Backward stops at the first
  /// layer that is.
  std::vector<std::string> frozen{};
  FrozenStatistics frozen_statistics = FrozenStatistics::hold;
};

/// Throws Error for options that don't make sense.
RESNET_ONCE void validate(const TrainerOptions& o);

}  // namespace resnet

#ifdef RESNET_BODIES

#include <cmath>

namespace resnet {

RESNET_ONCE void validate(const TrainerOptions& o) {
  const auto require = [](bool valid, const char* name, const char* expected, double found) {
    if (!valid)
      throw Error(std::string("trainer: ") + name + ": expected " + expected + ", found " + std::to_string(found));
  };
  const auto limit = [](double x) { return x >= 0 && std::isfinite(x); };
  require(o.label_smoothing >= 0 && o.label_smoothing <= 1, "label_smoothing", "0 to 1", o.label_smoothing);
  require(limit(o.clip_norm), "clip_norm", "0 or more", o.clip_norm);
  require(limit(o.clip_value), "clip_value", "0 or more", o.clip_value);
  require(o.accumulate >= 1, "accumulate", "1 batch or more for each update", o.accumulate);
  require(o.ema_decay >= 0 && o.ema_decay < 1, "ema_decay", "0 to below 1", o.ema_decay);
  require(o.lookahead_steps >= 0, "lookahead_steps", "0 or more", o.lookahead_steps);
  require(o.lookahead_rate > 0 && o.lookahead_rate <= 1, "lookahead_rate", "more than 0, at most 1", o.lookahead_rate);
}

}  // namespace resnet

#endif  // RESNET_BODIES
