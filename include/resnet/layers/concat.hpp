// SPDX-License-Identifier: MIT
// Channels side by side: concat of two branches, and the slices that its backward needs.
//   concat(a, b)            (Ca, h, w), (Cb, h, w) -> (Ca + Cb, h, w)
//   slice<First, Count>(x)  (c, h, w) -> (Count, h, w)
// The gradient of concat(a, b) is (slice<0, Ca>(dy), slice<Ca, Cb>(dy)).
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

}  // namespace resnet
