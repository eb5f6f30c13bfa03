// SPDX-License-Identifier: MIT
// Fully connected layer (torch.nn.Linear).
//   forward   y[n, o] = bias[o] + Σ_i x[n, i] · weight[o, i]
//   backward  dx = dy · weight; dweight = dyᵀ · x; dbias = Σ_n dy
// Shapes: (In, 1, 1) -> (Out, 1, 1). Saves x. To a backend it is a 1×1 convolution of a 1×1 image.
#pragma once

#include <resnet/core/layer.hpp>
#include <resnet/core/require.hpp>
#include <resnet/layers/convolution.hpp>

#include <cmath>
#include <type_traits>

namespace resnet {

template <int In, int Out, class B, bool Bias>
struct Linear {
  struct NoBias {};

  Tensor<B, Out, In> weight;
  [[no_unique_address]] std::conditional_t<Bias, Tensor<B, Out>, NoBias> bias;

  using Backend = B;
  template <class Other>
  using on = Linear<In, Out, Other, Bias>;

  static constexpr Shape out(Shape) { return {Out}; }

  /// As torch.nn.Linear's.
  void initialize(auto& init) {
    const double bound = 1 / std::sqrt(double{In});
    init.uniform(weight, bound);
    if constexpr (Bias) init.uniform(bias, bound);
  }

  template <Shape S>
  struct Saved {
    Batch<S, B> x;
  };

  template <Shape S>
  constexpr Batch<Shape{Out}, B> forward(Context<B>& ctx, Batch<S, B> x, Saved<S>& saved) const {
    auto y = infer(ctx, x);
    saved.x = std::move(x);
    return y;
  }

  template <Shape S>
  constexpr Batch<Shape{Out}, B> infer(Context<B>& ctx, Batch<S, B> x) const {
    require_one_pixel<Linear, S>(ctx);
    require_features<Linear, S.c, In>(ctx);
    return Batch<Shape{Out}, B>(detail::convolve<B>(ctx, one, x, weight, bias_of(*this)));
  }

  template <Shape S>
  constexpr Batch<S, B> backward(Context<B>& ctx, Batch<Shape{Out}, B> dy, Saved<S>& saved, Linear& grad) const {
    backward_weight(ctx, dy, saved, grad);
    if (grad.weight.released()) return {};
    return Batch<S, B>(detail::convolve_backward_data<B>(ctx, one, dy, weight, {}));
  }

  /// Backward without dx: for the first layer of a network, whose input needs no gradient.
  template <Shape S>
  constexpr void backward_weight(Context<B>& ctx, const Batch<Shape{Out}, B>& dy, Saved<S>& saved, Linear& grad) const {
    detail::convolve_backward_weight<B>(ctx, one, saved.x, dy, grad.weight, bias_of(grad));
  }

  static constexpr void visit(auto&& f, auto&... self) {
    f("weight", Role::weight, self.weight...);
    if constexpr (Bias) f("bias", Role::bias, self.bias...);
  }

 private:
  static constexpr Conv2dGeometry one{1, 1, 1, In, 1, 1, Out, 1, 1, 0};
  static constexpr auto bias_of(auto& self) {
    if constexpr (Bias)
      return &self.bias;
    else
      return nullptr;
  }
};

}  // namespace resnet
