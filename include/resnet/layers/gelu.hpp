// SPDX-License-Identifier: MIT
// torch.nn.GELU (Hendrycks & Gimpel 2016, arXiv 1606.08415), with Φ and φ of the normal distribution.
//   forward   y = x · Φ(x)
//   backward  dx = dy · (Φ(x) + x · φ(x))
// Any shape; backward in place where it can. Saves x.
#pragma once

#include <resnet/core/layer.hpp>
#include <resnet/layers/elementwise.hpp>

namespace resnet {

template <class B = Cpu>
struct GELU {
  using Backend = B;
  template <class Other>
  using on = GELU<Other>;

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
    return Batch<S, B>(detail::elementwise<op::Gelu, B>(ctx, S.size(), std::move(x)));
  }

  template <Shape S>
  constexpr Batch<S, B> backward(Context<B>& ctx, Batch<S, B> dy, Saved<S>& saved, GELU&) const {
    return Batch<S, B>(detail::elementwise_backward<op::GeluBackward, B>(ctx, S.size(), std::move(dy), saved.x));
  }

  static constexpr void visit(auto&&, auto&...) {}
};

}  // namespace resnet
