// SPDX-License-Identifier: MIT
// Channels side by side: concat of two branches, padding with zeros, and the slices that their backward needs.
//   concat(a, b)           (Ca, h, w), (Cb, h, w) -> (Ca + Cb, h, w)
//   pad_channels<C>(x)     (c, h, w) -> (C, h, w), the new channels 0
//   slice<First, Count>(x) (c, h, w) -> (Count, h, w)
// The gradient of concat(a, b) is (slice<0, Ca>(dy), slice<Ca, Cb>(dy)); that of pad_channels is slice<0, c>(dy).
#pragma once

#include <resnet/core/layer.hpp>

namespace resnet {

template <Shape A, Shape C, class B>
constexpr auto concat(Context<B>& ctx, const Batch<A, B>& a, const Batch<C, B>& b) {
  static_assert(A.h == C.h && A.w == C.w, "concat expects maps of the same height and width");
  auto y = ctx.template make<Shape{A.c + C.c, A.h, A.w}>(a.n());
  B::concat_channels(ctx, a.n() * A.h * A.w, A.c, a.data(), C.c, b.data(), y.data());
  return y;
}

template <int Channels, Shape S, class B>
constexpr auto pad_channels(Context<B>& ctx, Batch<S, B> x) {
  static_assert(S.c <= Channels, "pad_channels expects no more channels than it puts out");
  if constexpr (S.c == Channels) {
    return x;
  } else {
    auto y = ctx.template make<Shape{Channels, S.h, S.w}>(x.n());
    B::concat_channels(ctx, x.n() * S.h * S.w, S.c, x.data(), Channels - S.c, nullptr, y.data());
    return y;
  }
}

template <int First, int Count, Shape S, class B>
constexpr auto slice(Context<B>& ctx, const Batch<S, B>& x) {
  static_assert(First >= 0 && Count > 0 && First + Count <= S.c, "slice expects channels that the input has");
  auto y = ctx.template make<Shape{Count, S.h, S.w}>(x.n());
  B::slice_channels(ctx, x.n() * S.h * S.w, S.c, x.data(), First, Count, y.data());
  return y;
}

}  // namespace resnet
