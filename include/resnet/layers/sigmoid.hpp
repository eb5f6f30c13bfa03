// SPDX-License-Identifier: MIT
// torch.nn.Sigmoid.
//   forward   y = 1 / (1 + e^-x)
//   backward  dx = dy · y · (1 - y)
// Any shape, in place where it can. Saves y.
#pragma once

#include <resnet/core/layer.hpp>
#include <resnet/layers/elementwise.hpp>

namespace resnet {

template <class B>
struct Sigmoid {
  using Backend = B;
  template <class Other>
  using on = Sigmoid<Other>;

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
    return Batch<S, B>(detail::elementwise<op::Sigmoid, B>(ctx, S.size(), std::move(x)));
  }

  template <Shape S>
  constexpr Batch<S, B> backward(Context<B>& ctx, Batch<S, B> dy, Saved<S>& saved, Sigmoid&) const {
    return Batch<S, B>(detail::elementwise_backward<op::SigmoidBackward, B>(ctx, S.size(), std::move(dy), saved.y));
  }

  static constexpr void visit(auto&&, auto&...) {}
};

}  // namespace resnet
