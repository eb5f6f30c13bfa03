// SPDX-License-Identifier: MIT
// Channels of zeros beside those of x, as a function and as a layer: the shortcut without parameters.
//   forward   (c, h, w) -> (Channels, h, w), the new channels 0, the first `Before` of them before x's
//   backward  dx = slice<Before, c>(dy)
#pragma once

#include <resnet/layers/concat.hpp>

namespace resnet {

template <int Channels, int Before = 0, Shape S, class B>
constexpr auto pad_channels(Context<B>& ctx, Batch<S, B> x) {
  static_assert(Before >= 0 && Before + S.c <= Channels, "pad_channels expects no more channels than it puts out");
  if constexpr (S.c == Channels) {
    return x;
  } else if constexpr (Before > 0) {
    auto y = ctx.template make<Shape{Before + S.c, S.h, S.w}>(x.n());
    run<op::ConcatChannels>(ctx, {.rows = x.n() * S.h * S.w, .a_channels = Before, .b_channels = S.c, .b = x, .y = y});
    return pad_channels<Channels>(ctx, std::move(y));
  } else {
    auto y = ctx.template make<Shape{Channels, S.h, S.w}>(x.n());
    run<op::ConcatChannels>(
        ctx, {.rows = x.n() * S.h * S.w, .a_channels = S.c, .b_channels = Channels - S.c, .a = x, .y = y});
    return y;
  }
}

/// pad_channels as a layer: (c, h, w) -> (Channels, h, w). Saves nothing.
template <int Channels, int Before, class B>
struct PadChannels {
  using Backend = B;
  template <class Other>
  using on = PadChannels<Channels, Before, Other>;

  static constexpr Shape out(Shape in) { return {Channels, in.h, in.w}; }

  template <Shape S>
  struct Saved {};

  template <Shape S>
  constexpr auto forward(Context<B>& ctx, Batch<S, B> x, Saved<S>&) const {
    return infer(ctx, std::move(x));
  }
  template <Shape S>
  constexpr auto infer(Context<B>& ctx, Batch<S, B> x) const {
    return pad_channels<Channels, Before>(ctx, std::move(x));
  }
  template <Shape S>
  constexpr Batch<S, B> backward(Context<B>& ctx, Batch<out(S), B> dy, Saved<S>&, PadChannels&) const {
    return slice<Before, S.c>(ctx, dy);
  }

  static constexpr void visit(auto&&, auto&...) {}
};

}  // namespace resnet
