// SPDX-License-Identifier: MIT
// Layer normalisation (Ba et al. 2016, arXiv 1607.06450) over the channels of each pixel, as in ConvNeXt (torchvision's
// LayerNorm2d, whose eps it has).
//   forward   xhat = (x - mean) · inv_std, inv_std = 1 / sqrt(var + eps), mean and (biased) var of the pixel's channels;
//             y = weight · xhat + bias
//   backward  g = dy · weight; dx = inv_std · (g - mean of g - xhat · mean of g · xhat);
//             dbias = Σ dy, dweight = Σ dy · xhat
// Any shape with Channels channels. Saves x, mean and inv_std.
#pragma once

#include <resnet/core/layer.hpp>
#include <resnet/core/require.hpp>
#include <resnet/op/layer_norm.hpp>

namespace resnet {

template <int Channels, class B = Cpu>
struct LayerNorm2d {
  static constexpr double eps = 1e-6;

  Tensor<B, Channels> weight{1};
  Tensor<B, Channels> bias;

  using Backend = B;
  template <class Other>
  using on = LayerNorm2d<Channels, Other>;

  static constexpr Shape out(Shape in) { return in; }
  void initialize(auto& init) { init.constant(weight, 1), init.constant(bias, 0); }

  template <Shape S>
  struct Saved {
    Batch<S, B> x;
    Scalars<Shape{1, S.h, S.w}, B> mean, inv_std;
  };

  template <Shape S>
  constexpr Batch<S, B> forward(Context<B>& ctx, Batch<S, B> x, Saved<S>& saved) const {
    require_channels<LayerNorm2d, S.c, Channels>(ctx);
    saved.mean = ctx.template make_scalars<Shape{1, S.h, S.w}>(x.n());
    saved.inv_std = ctx.template make_scalars<Shape{1, S.h, S.w}>(x.n());
    auto y = ctx.template make<S>(x.n());
    run<op::LayerNorm>(ctx, {.rows = rows<S>(x.n()),
                             .channels = Channels,
                             .eps = eps,
                             .x = x,
                             .weight = weight,
                             .bias = bias,
                             .mean = saved.mean,
                             .inv_std = saved.inv_std,
                             .y = y});
    saved.x = std::move(x);
    return y;
  }

  template <Shape S>
  constexpr Batch<S, B> infer(Context<B>& ctx, Batch<S, B> x) const {
    require_channels<LayerNorm2d, S.c, Channels>(ctx);
    auto y = ctx.make_like(x);
    run<op::LayerNorm>(
        ctx,
        {.rows = rows<S>(x.n()), .channels = Channels, .eps = eps, .x = x, .weight = weight, .bias = bias, .y = y});
    return y;
  }

  template <Shape S>
  constexpr Batch<S, B> backward(Context<B>& ctx, Batch<S, B> dy, Saved<S>& saved, LayerNorm2d& grad) const {
    const auto x = take(saved.x, dy);
    const auto mean = std::move(saved.mean), inv_std = std::move(saved.inv_std);
    if (grad.weight.released()) return {};
    auto dx = ctx.make_like(dy);
    run<op::LayerNormBackward>(ctx, {.rows = rows<S>(dy.n()),
                                     .channels = Channels,
                                     .x = x,
                                     .weight = weight,
                                     .mean = mean,
                                     .inv_std = inv_std,
                                     .dy = dy,
                                     .dx = dx,
                                     .dweight = grad.weight,
                                     .dbias = grad.bias});
    return dx;
  }

  static constexpr void visit(auto&& f, auto&... self) {
    f("weight", Role::scale, self.weight...);
    f("bias", Role::bias, self.bias...);
  }

 private:
  template <Shape S>
  static constexpr int rows(int n) {
    return require_images(n) * S.h * S.w;
  }
};

}  // namespace resnet
