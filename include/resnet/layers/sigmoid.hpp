// SPDX-License-Identifier: MIT
// torch.nn.Sigmoid.
//   forward   y = 1 / (1 + e^-x)
//   backward  dx = dy · y · (1 - y)
// Any shape, in place where it can. Saves y.
#pragma once

#include <resnet/core/layer.hpp>
#include <resnet/op/elementwise.hpp>

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
    auto y = ctx.make_like(x);
    run<op::Sigmoid>(ctx, {.count = x.size(), .x = x, .y = y});
    return y;
  }

  template <Shape S>
  constexpr Batch<S, B> backward(Context<B>& ctx, Batch<S, B> dy, Saved<S>& saved, Sigmoid&) const {
    const auto y = take(saved.y, dy);
    auto dx = ctx.make_like(dy);
    run<op::SigmoidBackward>(ctx, {.count = dy.size(), .y = y, .dy = dy, .dx = dx});
    return dx;
  }

  static constexpr void visit(auto&&, auto&...) {}
};

}  // namespace resnet
