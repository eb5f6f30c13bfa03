// SPDX-License-Identifier: MIT
// Models that follow the one that is trained, after each update of its weights.
#pragma once

#include <resnet/core/context.hpp>
#include <resnet/core/flat.hpp>
#include <resnet/io/state_dict.hpp>
#include <resnet/op/parameters.hpp>
#include <resnet/train/buffers.hpp>

#include <algorithm>
#include <cstdint>

namespace resnet {

/// The exponential moving average of weights and buffers, a better model than the last one (Polyak & Juditsky 1992):
///   average ← decay · average + (1 - decay) · model, with decay at most (1 + t) / (10 + t) after t updates
/// so that it forgets the beginning (as TensorFlow's ExponentialMovingAverage with num_updates). Counters are the model's.
template <class Model>
class MovingAverage {
 public:
  explicit MovingAverage(double decay) : decay_(decay) {}

  const Model& value() const { return *average_; }
  /// Begins with this model.
  void start(const Flat<Model>& model) { average_ = model; }
  /// `updates`: with this one. Nothing happens if `guard` has diverged.
  template <class B>
  void after_update(Context<B>& ctx, const Flat<Model>& model, std::int64_t updates, In<Tally> guard = {}) {
    const auto t = static_cast<double>(updates - 1);
    const double decay = std::min(decay_, (1 + t) / (10 + t));
    run<op::Lerp>(ctx,
                  {.count = model.size(), .t = 1 - decay, .x = model.data(), .y = average_.data(), .guard = guard});
    counters_.copy_from(*model);
    counters_.copy_to(*average_);
  }

  /// What a checkpoint holds of it.
  void save(SafeTensors& file) const { put_state(file, "averaged.", *average_); }
  void expect(StateLoader& loader) { expect_state(loader, "averaged.", *average_); }

 private:
  double decay_;
  Flat<Model> average_;
  Counters counters_;
};

/// Lookahead (Zhang et al. 2019, arXiv 1907.08610): every `steps` updates the slow weights go `rate` of the way to the
/// model's, which go on from there.
template <class Model>
class Lookahead {
 public:
  Lookahead(int steps, double rate) : steps_(steps), rate_(rate) {}

  void start(const Flat<Model>& model) { slow_ = model; }
  template <class B>
  void after_update(Context<B>& ctx, Flat<Model>& model, std::int64_t updates, In<Tally> guard = {}) {
    if (updates % steps_ != 0) return;
    const std::size_t n = model.parameters();
    run<op::Lerp>(ctx, {.count = n, .t = rate_, .x = model.data(), .y = slow_.data(), .guard = guard});
    run<op::Copy>(ctx, {.count = n, .x = slow_.data(), .y = model.data(), .guard = guard});
  }

  void save(SafeTensors& file) const { put_parameters(file, "slow.", *slow_); }
  void expect(StateLoader& loader) { expect_parameters(loader, "slow.", *slow_); }

 private:
  int steps_;
  double rate_;
  Flat<Model> slow_;
};

}  // namespace resnet
