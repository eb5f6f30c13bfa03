// SPDX-License-Identifier: MIT
// Smooth activations (torch.nn.SiLU, torch.nn.Sigmoid), with sigmoid(x) = 1 / (1 + e^-x). Any shape; in place
// where they can.
//   SiLU (Elfwing et al. 2017, arXiv 1702.03118; "swish")
//     forward   y = x · sigmoid(x)
//     backward  dx = dy · s · (1 + x · (1 - s)), s = sigmoid(x).  Saves x.
//   Sigmoid
//     forward   y = sigmoid(x)
//     backward  dx = dy · y · (1 - y).  Saves y.
#pragma once

#include <resnet/core/layer.hpp>
#include <resnet/op/elementwise.hpp>

namespace resnet {

template <class B>
struct SiLU {
  using Backend = B;
  template <class Other>
  using on = SiLU<Other>;

  static constexpr Shape out(Shape in) { return in; }

  template <Shape S>
  struct Saved {
    Batch<S, B> x;
  };

  template <Shape S>
  constexpr Batch<S, B> forward(Context<B>& ctx, Batch<S, B> x, Saved<S>& saved) const {
    saved.x = x;
    return infer(ctx, std::move(x));
  }

  template <Shape S>
  constexpr Batch<S, B> infer(Context<B>& ctx, Batch<S, B> x) const {
    auto y = ctx.make_like(x);
    run<op::Silu>(ctx, {.count = x.size(), .x = x, .y = y});
    return y;
  }

  template <Shape S>
  constexpr Batch<S, B> backward(Context<B>& ctx, Batch<S, B> dy, Saved<S>& saved, SiLU&) const {
    const auto x = take(saved.x, dy);
    auto dx = ctx.make_like(dy);
    run<op::SiluBackward>(ctx, {.count = dy.size(), .x = x, .dy = dy, .dx = dx});
    return dx;
  }

  static constexpr void visit(auto&&, auto&...) {}
};

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
