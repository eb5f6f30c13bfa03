// SPDX-License-Identifier: MIT
// A backend on which nothing is computed and nothing allocated: running a model on it counts
// multiply-accumulates and the memory of activations, also at compile time. The numbers come from the very
// code that runs on the other backends, so they can't drift from it.
#pragma once

#include <resnet/core/backend.hpp>

namespace resnet {

struct Plan {
  using Scalar = float;
  static constexpr bool dry = true;

  static constexpr float* allocate(std::size_t) { return nullptr; }
  static constexpr void deallocate(float*) {}
  static constexpr void copy(std::size_t, const float*, float*) {}
  static constexpr void fill(std::size_t, float, float*) {}
  static constexpr void upload(std::size_t, const float*, float*) {}
  static constexpr void download(std::size_t, const float*, float*) {}
  static constexpr int max_threads() { return 1; }

  static constexpr void conv2d_forward(auto& ctx, const Conv2dGeometry& g, auto...) { ctx.macs += g.macs(); }
  static constexpr void conv2d_backward_data(auto& ctx, const Conv2dGeometry& g, auto...) { ctx.macs += g.macs(); }
  static constexpr void conv2d_backward_weight(auto& ctx, const Conv2dGeometry& g, auto...) { ctx.macs += g.macs(); }

  static constexpr void depthwise_conv2d_forward(auto& ctx, const Conv2dGeometry& g, auto...) {
    ctx.macs += g.macs() / g.in_c;
  }
  static constexpr void depthwise_conv2d_backward_data(auto& ctx, const Conv2dGeometry& g, auto...) {
    ctx.macs += g.macs() / g.in_c;
  }
  static constexpr void depthwise_conv2d_backward_weight(auto& ctx, const Conv2dGeometry& g, auto...) {
    ctx.macs += g.macs() / g.in_c;
  }

  static constexpr void add(auto&&...) {}
  static constexpr void relu_forward(auto&&...) {}
  static constexpr void relu_backward(auto&&...) {}
  static constexpr void dropout(auto&&...) {}
  static constexpr void drop_path(auto&&...) {}
  static constexpr void sigmoid_forward(auto&&...) {}
  static constexpr void sigmoid_backward(auto&&...) {}
  static constexpr void silu_forward(auto&&...) {}
  static constexpr void silu_backward(auto&&...) {}
  static constexpr void scale_channels_forward(auto&&...) {}
  static constexpr void scale_channels_backward(auto&&...) {}
  static constexpr void concat_channels(auto&&...) {}
  static constexpr void slice_channels(auto&&...) {}
  static constexpr void transpose(auto&&...) {}
  static constexpr void batch_norm_forward(auto&&...) {}
  static constexpr void batch_norm_infer(auto&&...) {}
  static constexpr void batch_norm_backward(auto&&...) {}
  static constexpr void max_pool_forward(auto&&...) {}
  static constexpr void max_pool_backward(auto&&...) {}
  static constexpr void avg_pool_forward(auto&&...) {}
  static constexpr void avg_pool_backward(auto&&...) {}
  static constexpr void one_hot(auto&&...) {}
  static constexpr double softmax_cross_entropy_forward(auto&&...) { return 0; }
  static constexpr void softmax_cross_entropy_backward(auto&&...) {}
  static constexpr void argmax(auto&&...) {}
  static constexpr void sgd_step(auto&&...) {}
  static constexpr void adam_step(auto&&...) {}
  static constexpr void rmsprop_step(auto&&...) {}
  static constexpr double sum_of_squares(auto&&...) { return 0; }
  static constexpr void scale(auto&&...) {}
  static constexpr void clamp(auto&&...) {}
  static constexpr void lerp(auto&&...) {}
  static constexpr void fill_normal(auto&&...) {}
  static constexpr void fill_uniform(auto&&...) {}
};

static_assert(Backend<Plan>);

}  // namespace resnet
