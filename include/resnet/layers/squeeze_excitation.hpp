// SPDX-License-Identifier: MIT
// Squeeze and excitation (Hu et al. 2017, arXiv 1709.01507) as in torchvision.ops.SqueezeExcitation: an
// image's channels are scaled by factors that two 1×1 convolutions make of the channels' means.
//   forward   y[n, h, w, c] = x[n, h, w, c] · s[n, c], s = sigmoid(fc2(silu(fc1(mean of x over h, w))))
//   backward  dx = dy · s + what reaches the mean through s; ds[n, c] = Σ_{h, w} dy · x
// Shapes: (Channels, h, w) -> the same. Saves x, s and what its layers save.
#pragma once

#include <resnet/layers/add.hpp>
#include <resnet/layers/conv2d.hpp>
#include <resnet/layers/pooling.hpp>
#include <resnet/layers/sigmoid.hpp>
#include <resnet/layers/silu.hpp>
#include <resnet/op/channels.hpp>

namespace resnet {

namespace detail {

// With the shape of an image as a number, not inlined: a network compiles them once.

template <class B>
[[gnu::noinline]] constexpr BatchBase<B> scale_channels(Context<B>& ctx, Shape image, BatchBase<B> x,
                                                        const BatchBase<B>& s) {
  auto y = ctx.make_images_like(x, image.size());
  run<op::ScaleChannels>(ctx, {.n = x.n(), .pixels = image.h * image.w, .channels = image.c, .x = x, .s = s, .y = y});
  return y;
}
template <class B>
[[gnu::noinline]] constexpr void scale_channels_backward(Context<B>& ctx, Shape image, const BatchBase<B>& x,
                                                         const BatchBase<B>& s, const BatchBase<B>& dy,
                                                         const BatchBase<B>& dx, const BatchBase<B>& ds) {
  run<op::ScaleChannelsBackward>(
      ctx,
      {.n = dy.n(), .pixels = image.h * image.w, .channels = image.c, .x = x, .s = s, .dy = dy, .dx = dx, .ds = ds});
}

}  // namespace detail

template <int Channels, int Squeezed, class B>
struct SqueezeExcitation {
  using Pool = GlobalAvgPool2d<B>;
  using Fc1 = Conv2d<Channels, Squeezed, 1, 1, B, 0, true>;
  using Fc2 = Conv2d<Squeezed, Channels, 1, 1, B, 0, true>;

  Pool avgpool;
  Fc1 fc1;
  Fc2 fc2;
  SiLU<B> activation;
  Sigmoid<B> scale_activation;

  using Backend = B;
  template <class Other>
  using on = SqueezeExcitation<Channels, Squeezed, Other>;

  static constexpr Shape out(Shape in) { return in; }

  template <Shape S>
  struct Saved {
    static constexpr Shape gates{Channels}, squeezed{Squeezed};
    Batch<S, B> x;
    Batch<gates, B> s;
    SavedOf<Pool, S> avgpool;
    SavedOf<Fc1, gates> fc1;
    SavedOf<SiLU<B>, squeezed> activation;
    SavedOf<Fc2, squeezed> fc2;
    SavedOf<Sigmoid<B>, gates> scale_activation;
  };

  template <Shape S>
  constexpr Batch<S, B> forward(Context<B>& ctx, Batch<S, B> x, Saved<S>& saved) const {
    auto mean = avgpool.forward(ctx, x, saved.avgpool);
    auto squeezed = fc1.forward(ctx, std::move(mean), saved.fc1);
    squeezed = activation.forward(ctx, std::move(squeezed), saved.activation);
    auto s = fc2.forward(ctx, std::move(squeezed), saved.fc2);
    saved.s = scale_activation.forward(ctx, std::move(s), saved.scale_activation);
    saved.x = x;
    return Batch<S, B>(detail::scale_channels<B>(ctx, S, std::move(x), saved.s));
  }

  template <Shape S>
  constexpr Batch<S, B> infer(Context<B>& ctx, Batch<S, B> x) const {
    const auto squeezed = activation.infer(ctx, fc1.infer(ctx, avgpool.infer(ctx, x)));
    const auto s = scale_activation.infer(ctx, fc2.infer(ctx, squeezed));
    return Batch<S, B>(detail::scale_channels<B>(ctx, S, std::move(x), s));
  }

  template <Shape S>
  constexpr Batch<S, B> backward(Context<B>& ctx, Batch<S, B> dy, Saved<S>& saved, SqueezeExcitation& grad) const {
    const auto x = take(saved.x, dy);
    const auto s = take(saved.s, dy);
    auto ds = ctx.template make<Shape{Channels}>(dy.n());
    auto dx = ctx.make_like(dy);
    detail::scale_channels_backward<B>(ctx, S, x, s, dy, dx, ds);
    ds = scale_activation.backward(ctx, std::move(ds), saved.scale_activation, grad.scale_activation);
    auto dsqueezed = fc2.backward(ctx, std::move(ds), saved.fc2, grad.fc2);
    dsqueezed = activation.backward(ctx, std::move(dsqueezed), saved.activation, grad.activation);
    auto dmean = fc1.backward(ctx, std::move(dsqueezed), saved.fc1, grad.fc1);
    return add(ctx, std::move(dx), avgpool.backward(ctx, std::move(dmean), saved.avgpool, grad.avgpool));
  }

  static constexpr void visit(auto&& f, auto&... self) {
    f("avgpool", self.avgpool...);
    f("fc1", self.fc1...);
    f("fc2", self.fc2...);
    f("activation", self.activation...);
    f("scale_activation", self.scale_activation...);
  }
};

}  // namespace resnet
