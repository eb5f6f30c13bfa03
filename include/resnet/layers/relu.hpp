// SPDX-License-Identifier: MIT
// Rectified linear unit.
//   forward   y = max(x, 0)
//   backward  dx = dy where y > 0, else 0
// Any shape. Saves y, which the next layer keeps anyway; works in place where it can.
#pragma once

#include <resnet/core/layer.hpp>
#include <resnet/layers/elementwise.hpp>

namespace resnet {

template <class B>
struct ReLU {
  using Backend = B;
  template <class Other>
  using on = ReLU<Other>;

  static constexpr Shape out(Shape in) { return in; }

  template <Shape S>
  struct Saved {
    Batch<S, B> y;
  };

  template <Shape S>
  constexpr Batch<S, B> forward(Context<B>& ctx, Batch<S, B> x, Saved<S>& saved) const {
    return saved.y = infer(ctx, std::move(x));
  }

  template <Shape S>
  constexpr Batch<S, B> infer(Context<B>& ctx, Batch<S, B> x) const {
    return Batch<S, B>(detail::elementwise<op::Relu, B>(ctx, S.size(), std::move(x)));
  }

  template <Shape S>
  constexpr Batch<S, B> backward(Context<B>& ctx, Batch<S, B> dy, Saved<S>& saved, ReLU&) const {
    return Batch<S, B>(detail::elementwise_backward<op::ReluBackward, B>(ctx, S.size(), std::move(dy), saved.y));
  }

  static constexpr void visit(auto&&, auto&...) {}
};

}  // namespace resnet
