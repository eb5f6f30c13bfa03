// SPDX-License-Identifier: MIT
// A map as one vector of features, in PyTorch's order (torch.nn.Flatten): c, h, w.
//   forward   y[n, (c·H + h)·W + w] = x[n, h, w, c]
//   backward  dx[n, h, w, c] = dy[n, (c·H + h)·W + w]
// Shapes: (c, h, w) -> (c·h·w, 1, 1). Saves nothing. Where the map has one pixel or one channel both orders are the
// same, and y is x.
#pragma once

#include <resnet/core/layer.hpp>
#include <resnet/op/channels.hpp>

namespace resnet {

template <class B>
struct Flatten {
  using Backend = B;
  template <class Other>
  using on = Flatten<Other>;

  static constexpr Shape out(Shape in) { return {in.c * in.h * in.w}; }

  template <Shape S>
  struct Saved {};

  template <Shape S>
  constexpr auto forward(Context<B>& ctx, Batch<S, B> x, Saved<S>&) const {
    return infer(ctx, std::move(x));
  }

  template <Shape S>
  constexpr auto infer(Context<B>& ctx, Batch<S, B> x) const {
    return transposed<out(S), S.h * S.w, S.c>(ctx, std::move(x));
  }

  template <Shape S>
  constexpr Batch<S, B> backward(Context<B>& ctx, Batch<out(S), B> dy, Saved<S>&, Flatten&) const {
    return transposed<S, S.c, S.h * S.w>(ctx, std::move(dy));
  }

  static constexpr void visit(auto&&, auto&...) {}

 private:
  template <Shape To, int Rows, int Columns, Shape From>
  static constexpr Batch<To, B> transposed(Context<B>& ctx, Batch<From, B> x) {
    const int n = x.n();
    if constexpr (Rows == 1 || Columns == 1) {
      return Batch<To, B>(std::move(x), n);
    } else {
      auto y = ctx.template make<To>(n);
      run<op::Transpose>(ctx, {.n = n, .rows = Rows, .columns = Columns, .x = x, .y = y});
      return y;
    }
  }
};

}  // namespace resnet
