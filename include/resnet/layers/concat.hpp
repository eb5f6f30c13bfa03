// SPDX-License-Identifier: MIT
// Channels side by side: concat of two branches, and the slices that its backward needs.
//   concat(a, b)            (Ca, h, w), (Cb, h, w) -> (Ca + Cb, h, w)
//   slice<First, Count>(x)  (c, h, w) -> (Count, h, w)
// The gradient of concat(a, b) is (slice<0, Ca>(dy), slice<Ca, Cb>(dy)).
#pragma once

#include <resnet/core/layer.hpp>
#include <resnet/op/channels.hpp>

namespace resnet {

namespace detail {

// With shapes as numbers, not inlined: a network compiles them once.

template <class B>
[[gnu::noinline]] constexpr BatchBase<B> concat(Context<B>& ctx, int pixels, const BatchBase<B>& a, int a_channels,
                                                const BatchBase<B>& b, int b_channels) {
  auto y = ctx.make_images(a.n(), extent(pixels, a_channels + b_channels));
  run<op::ConcatChannels>(
      ctx, {.rows = a.n() * pixels, .a_channels = a_channels, .b_channels = b_channels, .a = a, .b = b, .y = y});
  return y;
}
template <class B>
[[gnu::noinline]] constexpr BatchBase<B> slice(Context<B>& ctx, int pixels, const BatchBase<B>& x, int channels,
                                               int first, int count) {
  auto y = ctx.make_images(x.n(), extent(pixels, count));
  run<op::SliceChannels>(
      ctx, {.rows = x.n() * pixels, .x_channels = channels, .first = first, .y_channels = count, .x = x, .y = y});
  return y;
}

}  // namespace detail

template <Shape A, Shape C, class B>
constexpr auto concat(Context<B>& ctx, const Batch<A, B>& a, const Batch<C, B>& b) {
  static_assert(A.h == C.h && A.w == C.w, "concat expects maps of the same height and width");
  return Batch<Shape{A.c + C.c, A.h, A.w}, B>(detail::concat<B>(ctx, A.h * A.w, a, A.c, b, C.c));
}

template <int First, int Count, Shape S, class B>
constexpr auto slice(Context<B>& ctx, const Batch<S, B>& x) {
  static_assert(First >= 0 && Count > 0 && First + Count <= S.c, "slice expects channels that the input has");
  if constexpr (Count == S.c) {
    return x;
  } else {
    return Batch<Shape{Count, S.h, S.w}, B>(detail::slice<B>(ctx, S.h * S.w, x, S.c, First, Count));
  }
}

}  // namespace resnet
