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
    Batch<Shape{Channels}, B> mean, inv_std;
  };

  template <Shape S>
  constexpr Batch<S, B> forward(Context<B>& ctx, Batch<S, B> x, Saved<S>& saved) {
    return forward_with(ctx, std::move(x), {}, false, saved);
  }
  template <Shape S>
  constexpr Batch<S, B> infer(Context<B>& ctx, Batch<S, B> x) const {
    return infer_with(ctx, std::move(x), {}, false);
  }
  template <Shape S>
  constexpr Batch<S, B> backward(Context<B>& ctx, Batch<S, B> dy, Saved<S>& saved, BatchNorm2d& grad) const {
    return backward_with(ctx, std::move(dy), false, saved, grad);
  }

  /// relu(norm(x)) in one operation.
  template <Shape S>
  constexpr Batch<S, B> forward_relu(Context<B>& ctx, Batch<S, B> x, Saved<S>& saved) {
    return forward_with(ctx, std::move(x), {}, true, saved);
  }
  template <Shape S>
  constexpr Batch<S, B> infer_relu(Context<B>& ctx, Batch<S, B> x) const {
    return infer_with(ctx, std::move(x), {}, true);
  }
  template <Shape S>
  constexpr Batch<S, B> backward_relu(Context<B>& ctx, Batch<S, B> dy, Saved<S>& saved, BatchNorm2d& grad) const {
    return backward_with(ctx, std::move(dy), true, saved, grad);
  }

  /// relu(norm(x) + skip) in one operation: the end of a residual block.
  template <Shape S>
  constexpr Batch<S, B> forward_add_relu(Context<B>& ctx, Batch<S, B> x, Batch<S, B> skip, Saved<S>& saved) {
    return saved.y = forward_with(ctx, std::move(x), std::move(skip), true, saved);
  }
  template <Shape S>
  constexpr Batch<S, B> infer_add_relu(Context<B>& ctx, Batch<S, B> x, Batch<S, B> skip) const {
    return infer_with(ctx, std::move(x), std::move(skip), true);
  }
  /// Returns dx, and in `dy` the gradient of skip.
  template <Shape S>
  constexpr Batch<S, B> backward_add_relu(Context<B>& ctx, Batch<S, B>& dy, Saved<S>& saved, BatchNorm2d& grad) const {
    const auto x = take(saved.x, dy), y = take(saved.y, dy);
    const auto mean = std::move(saved.mean), inv_std = std::move(saved.inv_std);
    const auto masked_dy = std::move(dy);
    dy = ctx.make_like(masked_dy);
    if (grad.weight.released()) {  // the shortcut may still be trained
      B::relu_backward(ctx, dy.size(), y.data(), masked_dy.data(), dy.data());
      return {};
    }
    auto dx = ctx.make_like(x);
    B::batch_norm_backward(ctx, geometry<S>(dy.n()), x.data(), weight.data(), bias.data(), mean.data(), inv_std.data(),
                           y.data(), true, masked_dy.data(), dy.data(), dx.data(), grad.weight.data(),
                           grad.bias.data());
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
  constexpr Batch<S, B> forward_with(Context<B>& ctx, Batch<S, B> x, Batch<S, B> skip, bool relu, Saved<S>& saved) {
    require_channels<BatchNorm2d, S.c, Channels>(ctx);
    const BatchNormGeometry g = geometry<S>(x.n());
    if (g.rows < 2 && statistics == Statistics::batch)
      throw Error("BatchNorm2d: expected more than 1 value per channel in training, found 1");
    Batch<S, B> y;
    if (skip.unique())
      y = skip;
    else
      y = ctx.template make<S>(x.n());
    saved.mean = ctx.template make<Shape{Channels}>(1);
    saved.inv_std = ctx.template make<Shape{Channels}>(1);
    B::batch_norm_forward(ctx, g, eps, momentum, x.data(), weight.data(), bias.data(), running_mean.data(),
                          running_var.data(), skip.data(), relu, y.data(), saved.mean.data(), saved.inv_std.data());
    num_batches_tracked += statistics == Statistics::batch;
    saved.x = std::move(x);
    return y;
  }

  template <Shape S>
  constexpr Batch<S, B> infer_with(Context<B>& ctx, Batch<S, B> x, Batch<S, B> skip, bool relu) const {
    require_channels<BatchNorm2d, S.c, Channels>(ctx);
    auto y = ctx.make_like(x);
    B::batch_norm_infer(ctx, geometry<S>(x.n()), eps, x.data(), weight.data(), bias.data(), running_mean.data(),
                        running_var.data(), skip.data(), relu, y.data());
    return y;
  }

  template <Shape S>
  constexpr Batch<S, B> backward_with(Context<B>& ctx, Batch<S, B> dy, bool relu, Saved<S>& saved,
                                      BatchNorm2d& grad) const {
    const auto x = take(saved.x, dy);
    const auto mean = std::move(saved.mean), inv_std = std::move(saved.inv_std);
    if (grad.weight.released()) return {};
    auto dx = ctx.make_like(dy);
    B::batch_norm_backward(ctx, geometry<S>(dy.n()), x.data(), weight.data(), bias.data(), mean.data(), inv_std.data(),
                           nullptr, relu, dy.data(), nullptr, dx.data(), grad.weight.data(), grad.bias.data());
    return dx;
  }

  template <Shape S>
  constexpr BatchNormGeometry geometry(int n) const {
    BatchNormGeometry g{require_images(n) * S.h * S.w, Channels};
    g.statistics = statistics;  // (not in the braces: g++ 12 finds no value of it in constant evaluation)
    return g;
  }
  static constexpr Tensor<B, Channels> filled_with_ones() {
    Tensor<B, Channels> t;
    B::fill(t.size(), 1, t.data());
    return t;
  }
};

}  // namespace resnet
