// SPDX-License-Identifier: MIT
// Depthwise convolution: each channel is convolved with a kernel of its own (torch.nn.Conv2d with groups = channels).
//   forward   y[n, h, w, c] = Σ_{i, j} x[n, h·Stride + i - Padding, w·Stride + j - Padding, c] · weight[c, i, j]
//   backward  dx = the transposed convolution of dy with weight; dweight[c, i, j] = Σ_{n, h, w} dy · x
// Shapes: (c, h, w) -> (c, (h + 2·Padding - Kernel) / Stride + 1, same for w). Saves x. No bias: a BatchNorm follows.
#pragma once

#include <resnet/core/layer.hpp>
#include <resnet/core/require.hpp>
#include <resnet/layers/convolution.hpp>
#include <resnet/op/depthwise_conv2d.hpp>

#include <cmath>

namespace resnet {

namespace detail {

// As the passes of layers/convolution.hpp.

template <class B>
[[gnu::noinline]] constexpr BatchBase<B> depthwise_convolve(Context<B>& ctx, const Conv2dGeometry& one,
                                                            const BatchBase<B>& x, const TensorBase<B>& weight) {
  const Conv2dGeometry g = with_images(one, x.n());
  auto y = ctx.make_images(g.n, one.out_size());
  run<op::DepthwiseConv2d>(ctx, {.g = g, .x = x, .weight = weight, .y = y});
  return y;
}

template <class B>
[[gnu::noinline]] constexpr BatchBase<B> depthwise_convolve_backward(Context<B>& ctx, const Conv2dGeometry& one,
                                                                     BatchBase<B>& saved_x, const BatchBase<B>& dy,
                                                                     const TensorBase<B>& weight,
                                                                     TensorBase<B>& dweight) {
  const auto x = take(saved_x, dy);
  if (dweight.released()) return {};
  const Conv2dGeometry g = with_images(one, dy.n());
  run<op::DepthwiseConv2dBackwardWeight>(ctx, {.g = g, .x = x, .dy = dy, .dweight = dweight});
  auto dx = ctx.make_images(g.n, extent(one.in_h, one.in_w, one.in_c));
  run<op::DepthwiseConv2dBackwardData>(ctx, {.g = g, .dy = dy, .weight = weight, .dx = dx});
  return dx;
}

}  // namespace detail

template <int Channels, int Kernel, int Stride, class B, int Padding>
struct DepthwiseConv2d {
  static_assert(Channels > 0 && Kernel > 0 && Stride > 0 && Padding >= 0,
                "a convolution needs positive channels, kernel and stride, and a padding of 0 or more");

  /// (out, kernel, kernel, in of a group): (c, 1, kernel, kernel) in a file, as in PyTorch.
  Tensor<B, Channels, Kernel, Kernel, 1> weight;

  using Backend = B;
  template <class Other>
  using on = DepthwiseConv2d<Channels, Kernel, Stride, Other, Padding>;

  static constexpr Shape out(Shape in) {
    return {Channels, window_count(in.h, Kernel, Stride, Padding), window_count(in.w, Kernel, Stride, Padding)};
  }

  /// As Conv2d's: with a fan out of Channels · Kernel², as torch.nn.init's, which doesn't look at groups.
  void initialize(auto& init) { init.normal(weight, std::sqrt(2.0 / (Channels * Kernel * Kernel))); }

  template <Shape S>
  struct Saved {
    Batch<S, B> x;
  };

  template <Shape S>
  constexpr auto forward(Context<B>& ctx, Batch<S, B> x, Saved<S>& saved) const {
    auto y = infer(ctx, x);
    saved.x = std::move(x);
    return y;
  }

  template <Shape S>
  constexpr auto infer(Context<B>& ctx, Batch<S, B> x) const {
    require_channels<DepthwiseConv2d, S.c, Channels>(ctx);
    require_window<DepthwiseConv2d, S, Kernel, Padding>(ctx);
    return Batch<out(S), B>(detail::depthwise_convolve<B>(ctx, one<S>, x, weight));
  }

  template <Shape S>
  constexpr Batch<S, B> backward(Context<B>& ctx, Batch<out(S), B> dy, Saved<S>& saved, DepthwiseConv2d& grad) const {
    return Batch<S, B>(detail::depthwise_convolve_backward<B>(ctx, one<S>, saved.x, dy, weight, grad.weight));
  }

  static constexpr void visit(auto&& f, auto&... self) { f("weight", Role::weight, self.weight...); }

 private:
  template <Shape S>
  static constexpr Conv2dGeometry one{1, S.h, S.w, S.c, out(S).h, out(S).w, Channels, Kernel, Stride, Padding};
};

}  // namespace resnet
