// SPDX-License-Identifier: MIT
// Batch normalisation (Ioffe & Szegedy 2015, arXiv 1502.03167) with PyTorch's semantics.
//   forward   xhat = (x - mean) · inv_std, inv_std = 1 / sqrt(var + eps); y = weight · xhat + bias
//             mean and (biased) var go over n, h, w of the batch; running values move by `momentum` towards
//             mean and the unbiased variance
//   infer     the same with the running values
//   backward  dbias = Σ dy, dweight = Σ dy · xhat,
//             dx = weight · inv_std · (dy - dbias / rows - xhat · dweight / rows)
// With Statistics::running forward uses the running values too, and they stay: dx = weight · inv_std · dy.
// Saves x, mean and inv_std. The batch's statistics need n·h·w of at least 2 (PyTorch's rule; Error otherwise).
#pragma once

#include <resnet/core/error.hpp>
#include <resnet/core/layer.hpp>
#include <resnet/core/require.hpp>
#include <resnet/op/batch_norm.hpp>
#include <resnet/op/elementwise.hpp>

#include <cstdint>

namespace resnet {

template <int Channels, class B>
struct BatchNorm2d {
  static constexpr double eps = 1e-5;
  static constexpr double momentum = 0.1;

  Tensor<B, Channels> weight = filled_with_ones();
  Tensor<B, Channels> bias;
  Tensor<B, Channels> running_mean;
  Tensor<B, Channels> running_var = filled_with_ones();
  std::int64_t num_batches_tracked = 0;
  Statistics statistics = Statistics::batch;  // in training

  using Backend = B;
  template <class Other>
  using on = BatchNorm2d<Channels, Other>;

  static constexpr Shape out(Shape in) { return in; }

  template <Shape S>
  struct Saved {
    Batch<S, B> x, y;  // y: of the forms with an addition only
    Scalars<Shape{Channels}, B> mean, inv_std;
  };

  template <Shape S>
  constexpr Batch<S, B> forward(Context<B>& ctx, Batch<S, B> x, Saved<S>& saved) {
    return forward_with(ctx, std::move(x), {}, op::Activation::none, saved);
  }
  template <Shape S>
  constexpr Batch<S, B> infer(Context<B>& ctx, Batch<S, B> x) const {
    return infer_with(ctx, std::move(x), {}, op::Activation::none);
  }
  template <Shape S>
  constexpr Batch<S, B> backward(Context<B>& ctx, Batch<S, B> dy, Saved<S>& saved, BatchNorm2d& grad) const {
    return backward_with(ctx, std::move(dy), op::Activation::none, saved, grad);
  }

  /// relu(norm(x)) in one operation.
  template <Shape S>
  constexpr Batch<S, B> forward_relu(Context<B>& ctx, Batch<S, B> x, Saved<S>& saved) {
    return forward_with(ctx, std::move(x), {}, op::Activation::relu, saved);
  }
  template <Shape S>
  constexpr Batch<S, B> infer_relu(Context<B>& ctx, Batch<S, B> x) const {
    return infer_with(ctx, std::move(x), {}, op::Activation::relu);
  }
  template <Shape S>
  constexpr Batch<S, B> backward_relu(Context<B>& ctx, Batch<S, B> dy, Saved<S>& saved, BatchNorm2d& grad) const {
    return backward_with(ctx, std::move(dy), op::Activation::relu, saved, grad);
  }

  /// relu(norm(x) + skip) in one operation: the end of a residual block.
  template <Shape S>
  constexpr Batch<S, B> forward_add_relu(Context<B>& ctx, Batch<S, B> x, Batch<S, B> skip, Saved<S>& saved) {
    return saved.y = forward_with(ctx, std::move(x), std::move(skip), op::Activation::relu, saved);
  }
  template <Shape S>
  constexpr Batch<S, B> infer_add_relu(Context<B>& ctx, Batch<S, B> x, Batch<S, B> skip) const {
    return infer_with(ctx, std::move(x), std::move(skip), op::Activation::relu);
  }
  /// Returns dx, and in `dy` the gradient of skip.
  template <Shape S>
  constexpr Batch<S, B> backward_add_relu(Context<B>& ctx, Batch<S, B>& dy, Saved<S>& saved, BatchNorm2d& grad) const {
    const auto x = take(saved.x, dy), y = take(saved.y, dy);
    const auto mean = std::move(saved.mean), inv_std = std::move(saved.inv_std);
    const auto masked_dy = std::move(dy);
    dy = ctx.make_like(masked_dy);
    if (grad.weight.released()) {  // the shortcut may still be trained
      run<op::ReluBackward>(ctx, {.count = dy.size(), .y = y, .dy = masked_dy, .dx = dy});
      return {};
    }
    auto dx = ctx.make_like(x);
    run<op::NormalizeBackward>(ctx, {.rows = rows<S>(dy.n()),
                                     .channels = Channels,
                                     .statistics = statistics,
                                     .x = x,
                                     .weight = weight,
                                     .bias = bias,
                                     .mean = mean,
                                     .inv_std = inv_std,
                                     .activation = op::Activation::relu,
                                     .y = y,
                                     .dy = masked_dy,
                                     .dskip = dy,
                                     .dx = dx,
                                     .dweight = grad.weight,
                                     .dbias = grad.bias});
    return dx;
  }

  static constexpr void visit(auto&& f, auto&... self) {
    f("weight", Role::scale, self.weight...);
    f("bias", Role::bias, self.bias...);
    f("running_mean", Role::buffer, self.running_mean...);
    f("running_var", Role::buffer, self.running_var...);
    f("num_batches_tracked", Role::buffer, self.num_batches_tracked...);
  }

 private:
  template <Shape S>
  constexpr Batch<S, B> forward_with(Context<B>& ctx, Batch<S, B> x, Batch<S, B> skip, op::Activation activation,
                                     Saved<S>& saved) {
    require_channels<BatchNorm2d, S.c, Channels>(ctx);
    const int n = rows<S>(x.n());
    const auto mean = saved.mean = ctx.template make_scalars<Shape{Channels}>(1);
    const auto inv_std = saved.inv_std = ctx.template make_scalars<Shape{Channels}>(1);
    if (statistics == Statistics::running) {
      run<op::RunningStatistics>(ctx, {.channels = Channels,
                                       .eps = eps,
                                       .running_mean = running_mean,
                                       .running_var = running_var,
                                       .mean = mean,
                                       .inv_std = inv_std});
    } else {
      if (n < 2) throw Error("BatchNorm2d: expected more than 1 value per channel in training, found 1");
      run<op::BatchStatistics>(ctx, {.rows = n,
                                     .channels = Channels,
                                     .eps = eps,
                                     .momentum = momentum,
                                     .x = x,
                                     .running_mean = running_mean,
                                     .running_var = running_var,
                                     .mean = mean,
                                     .inv_std = inv_std});
      ++num_batches_tracked;
    }
    Batch<S, B> y;
    if (skip.unique())
      y = skip;
    else
      y = ctx.template make<S>(x.n());
    run<op::Normalize>(ctx, {.rows = n,
                             .channels = Channels,
                             .x = x,
                             .weight = weight,
                             .bias = bias,
                             .mean = mean,
                             .inv_std = inv_std,
                             .skip = skip,
                             .activation = activation,
                             .y = y});
    saved.x = std::move(x);
    return y;
  }

  template <Shape S>
  constexpr Batch<S, B> infer_with(Context<B>& ctx, Batch<S, B> x, Batch<S, B> skip, op::Activation activation) const {
    require_channels<BatchNorm2d, S.c, Channels>(ctx);
    auto y = ctx.make_like(x);
    run<op::BatchNormInfer>(ctx, {.rows = rows<S>(x.n()),
                                  .channels = Channels,
                                  .eps = eps,
                                  .x = x,
                                  .weight = weight,
                                  .bias = bias,
                                  .running_mean = running_mean,
                                  .running_var = running_var,
                                  .skip = skip,
                                  .activation = activation,
                                  .y = y});
    return y;
  }

  template <Shape S>
  constexpr Batch<S, B> backward_with(Context<B>& ctx, Batch<S, B> dy, op::Activation activation, Saved<S>& saved,
                                      BatchNorm2d& grad) const {
    const auto x = take(saved.x, dy);
    const auto mean = std::move(saved.mean), inv_std = std::move(saved.inv_std);
    if (grad.weight.released()) return {};
    auto dx = ctx.make_like(dy);
    run<op::NormalizeBackward>(ctx, {.rows = rows<S>(dy.n()),
                                     .channels = Channels,
                                     .statistics = statistics,
                                     .x = x,
                                     .weight = weight,
                                     .bias = bias,
                                     .mean = mean,
                                     .inv_std = inv_std,
                                     .activation = activation,
                                     .dy = dy,
                                     .dx = dx,
                                     .dweight = grad.weight,
                                     .dbias = grad.bias});
    return dx;
  }

  template <Shape S>
  static constexpr int rows(int n) {
    return require_images(n) * S.h * S.w;
  }
  static constexpr Tensor<B, Channels> filled_with_ones() {
    Tensor<B, Channels> t;
    B::fill(t.size(), 1, t.data());
    return t;
  }
};

}  // namespace resnet
