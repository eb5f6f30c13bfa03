// SPDX-License-Identifier: MIT
// torch.nn.SiLU (Elfwing et al. 2017, arXiv 1702.03118; "swish"), with sigmoid(x) = 1 / (1 + e^-x).
//   forward   y = x · sigmoid(x)
//   backward  dx = dy · s · (1 + x · (1 - s)), s = sigmoid(x)
// Any shape; backward in place where it can. Saves x.
#pragma once

#include <resnet/core/layer.hpp>
#include <resnet/layers/elementwise.hpp>

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
    return Batch<S, B>(detail::elementwise<op::Silu, B>(ctx, S.size(), std::move(x)));
  }

  template <Shape S>
  constexpr Batch<S, B> backward(Context<B>& ctx, Batch<S, B> dy, Saved<S>& saved, SiLU&) const {
    return Batch<S, B>(detail::elementwise_backward<op::SiluBackward, B>(ctx, S.size(), std::move(dy), saved.x));
  }

  static constexpr void visit(auto&&, auto&...) {}
};

}  // namespace resnet
