// SPDX-License-Identifier: MIT
// y = x: the shortcut of a block that keeps its shape.
#pragma once

#include <resnet/core/layer.hpp>

namespace resnet {

template <class B>
struct Identity {
  using Backend = B;
  template <class Other>
  using on = Identity<Other>;

  static constexpr Shape out(Shape in) { return in; }

  template <Shape S>
  struct Saved {};

  template <Shape S>
  constexpr Batch<S, B> forward(Context<B>&, Batch<S, B> x, Saved<S>&) const {
    return x;
  }
  template <Shape S>
  constexpr Batch<S, B> infer(Context<B>&, Batch<S, B> x) const {
    return x;
  }
  template <Shape S>
  constexpr Batch<S, B> backward(Context<B>&, Batch<S, B> dy, Saved<S>&, Identity&) const {
    return dy;
  }

  static constexpr void visit(auto&&, auto&...) {}
};

}  // namespace resnet
