// SPDX-License-Identifier: MIT
// Channels side by side: concat of two branches, padding with zeros, and the slices that their backward needs.
//   concat(a, b)                (Ca, h, w), (Cb, h, w) -> (Ca + Cb, h, w)
//   pad_channels<C, Before>(x)  (c, h, w) -> (C, h, w), the new channels 0, the first `Before` of them before x's
//   slice<First, Count>(x)      (c, h, w) -> (Count, h, w)
// The gradient of concat(a, b) is (slice<0, Ca>(dy), slice<Ca, Cb>(dy)); that of pad_channels is slice<Before, c>(dy).
#pragma once

#include <resnet/core/layer.hpp>
#include <resnet/op/channels.hpp>

namespace resnet {

template <Shape A, Shape C, class B>
constexpr auto concat(Context<B>& ctx, const Batch<A, B>& a, const Batch<C, B>& b) {
  static_assert(A.h == C.h && A.w == C.w, "concat expects maps of the same height and width");
  auto y = ctx.template make<Shape{A.c + C.c, A.h, A.w}>(a.n());
  run<op::ConcatChannels>(ctx,
                          {.rows = a.n() * A.h * A.w, .a_channels = A.c, .b_channels = C.c, .a = a, .b = b, .y = y});
  return y;
}

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

template <int First, int Count, Shape S, class B>
constexpr auto slice(Context<B>& ctx, const Batch<S, B>& x) {
  static_assert(First >= 0 && Count > 0 && First + Count <= S.c, "slice expects channels that the input has");
  if constexpr (Count == S.c) {
    return x;
  } else {
    auto y = ctx.template make<Shape{Count, S.h, S.w}>(x.n());
    run<op::SliceChannels>(
        ctx, {.rows = x.n() * S.h * S.w, .x_channels = S.c, .first = First, .y_channels = Count, .x = x, .y = y});
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
