// SPDX-License-Identifier: MIT
// Two-dimensional convolution (cross-correlation, as in torch.nn.Conv2d).
//   forward   y[n, h, w, o] = bias[o] + Σ_{i, j, c} x[n, h·Stride + i - Padding, w·Stride + j - Padding, c]
//                                                   · weight[o, i, j, c]
//   backward  dx = the transposed convolution of dy with weight; dweight[o, i, j, c] = Σ_{n, h, w} dy · x
// Shapes: (In, h, w) -> (Out, (h + 2·Padding - Kernel) / Stride + 1, same for w). Saves x.
#pragma once

#include <resnet/core/layer.hpp>
#include <resnet/core/require.hpp>
#include <resnet/layers/convolution.hpp>

#include <cmath>
#include <type_traits>

namespace resnet {

template <int In, int Out, int Kernel, int Stride, class B, int Padding, bool Bias>
struct Conv2d {
  static_assert(In > 0 && Out > 0 && Kernel > 0 && Stride > 0 && Padding >= 0,
                "a convolution needs positive channels, kernel and stride, and a padding of 0 or more");
  struct NoBias {};

  Tensor<B, Out, Kernel, Kernel, In> weight;
  [[no_unique_address]] std::conditional_t<Bias, Tensor<B, Out>, NoBias> bias;

  using Backend = B;
  template <class Other>
  using on = Conv2d<In, Out, Kernel, Stride, Other, Padding, Bias>;

  static constexpr Shape out(Shape in) {
    return {Out, window_count(in.h, Kernel, Stride, Padding), window_count(in.w, Kernel, Stride, Padding)};
  }

  /// Normal with He's standard deviation for the fan out (arXiv 1502.01852), and torch.nn.Conv2d's bias.
  void initialize(auto& init) {
    init.normal(weight, std::sqrt(2.0 / (Out * Kernel * Kernel)));
    if constexpr (Bias) init.uniform(bias, 1 / std::sqrt(double{In * Kernel * Kernel}));
  }

  template <Shape S>
  struct Saved {
    Batch<S, B> x;
  };

  template <Shape S>
  constexpr auto forward(Context<B>& ctx, Batch<S, B> x, Saved<S>& saved) const {
    auto y = infer(ctx, x);
    saved.x = std::move(x);
    return y;
  }

  template <Shape S>
  constexpr auto infer(Context<B>& ctx, Batch<S, B> x) const {
    require_channels<Conv2d, S.c, In>(ctx);
    require_window<Conv2d, S, Kernel, Padding>(ctx);
    return Batch<out(S), B>(detail::convolve<B>(ctx, one<S>, x, weight, bias_of(*this)));
  }

  template <Shape S>
  constexpr Batch<S, B> backward(Context<B>& ctx, Batch<out(S), B> dy, Saved<S>& saved, Conv2d& grad) const {
    backward_weight(ctx, dy, saved, grad);
    if (grad.weight.released()) return {};
    return Batch<S, B>(detail::convolve_backward_data<B>(ctx, one<S>, dy, weight, {}));
  }

  /// Backward of a block's branch: `dskip` is the gradient that reaches x by another way; returns the sum.
  template <Shape S>
  constexpr Batch<S, B> backward_add(Context<B>& ctx, Batch<out(S), B> dy, Batch<S, B> dskip, Saved<S>& saved,
                                     Conv2d& grad) const {
    backward_weight(ctx, dy, saved, grad);
    if (grad.weight.released()) return {};
    return Batch<S, B>(detail::convolve_backward_data<B>(ctx, one<S>, dy, weight, std::move(dskip)));
  }

  /// Backward without dx: for the first layer of a network, whose input needs no gradient.
  template <Shape S>
  constexpr void backward_weight(Context<B>& ctx, const Batch<out(S), B>& dy, Saved<S>& saved, Conv2d& grad) const {
    detail::convolve_backward_weight<B>(ctx, one<S>, saved.x, dy, grad.weight, bias_of(grad));
  }

  static constexpr void visit(auto&& f, auto&... self) {
    f("weight", Role::weight, self.weight...);
    if constexpr (Bias) f("bias", Role::bias, self.bias...);
  }

 private:
  template <Shape S>
  static constexpr Conv2dGeometry one{1, S.h, S.w, In, out(S).h, out(S).w, Out, Kernel, Stride, Padding};
  static constexpr auto bias_of(auto& self) {
    if constexpr (Bias)
      return &self.bias;
    else
      return nullptr;
  }
};

}  // namespace resnet
