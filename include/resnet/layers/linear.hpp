// SPDX-License-Identifier: MIT
// Fully connected layer (torch.nn.Linear).
//   forward   y[n, o] = bias[o] + Σ_i x[n, i] · weight[o, i]
//   backward  dx = dy · weight; dweight = dyᵀ · x; dbias = Σ_n dy
// Shapes: (In, 1, 1) -> (Out, 1, 1). Saves x. To a backend it is a 1×1 convolution of a 1×1 image.
#pragma once

#include <resnet/core/layer.hpp>
#include <resnet/core/require.hpp>
#include <resnet/op/conv2d.hpp>

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
    auto y = ctx.template make<Shape{Out}>(x.n());
    run<op::Conv2d>(ctx, {.g = geometry(x.n()), .x = x, .weight = weight, .bias = bias_or_null(*this), .y = y});
    return y;
  }

  template <Shape S>
  constexpr Batch<S, B> backward(Context<B>& ctx, Batch<Shape{Out}, B> dy, Saved<S>& saved, Linear& grad) const {
    backward_weight(ctx, dy, saved, grad);
    if (grad.weight.released()) return {};
    auto dx = ctx.template make<S>(dy.n());
    run<op::Conv2dBackwardData>(ctx, {.g = geometry(dy.n()), .dy = dy, .weight = weight, .dx = dx});
    return dx;
  }

  /// Backward without dx: for the first layer of a network, whose input needs no gradient.
  template <Shape S>
  constexpr void backward_weight(Context<B>& ctx, const Batch<Shape{Out}, B>& dy, Saved<S>& saved, Linear& grad) const {
    const auto x = take(saved.x, dy);
    if (grad.weight.released()) return;
    run<op::Conv2dBackwardWeight>(
        ctx, {.g = geometry(dy.n()), .x = x, .dy = dy, .dweight = grad.weight, .dbias = bias_or_null(grad)});
  }

  static constexpr void visit(auto&& f, auto&... self) {
    f("weight", Role::weight, self.weight...);
    if constexpr (Bias) f("bias", Role::bias, self.bias...);
  }

 private:
  static constexpr Conv2dGeometry geometry(int n) { return {require_images(n), 1, 1, In, 1, 1, Out, 1, 1, 0}; }
  static constexpr auto bias_or_null(auto& self) {
    if constexpr (Bias)
      return self.bias.data();
    else
      return static_cast<typename B::Scalar*>(nullptr);
  }
};

}  // namespace resnet
