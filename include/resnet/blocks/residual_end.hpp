// SPDX-License-Identifier: MIT
// The end of a residual block whose branch ends in a BatchNorm, with stochastic depth (layers/drop_path.hpp).
//   forward   y = relu(drop_path(norm(x)) + skip)
//   backward  dskip = dy where y > 0, else 0; dx = norm.backward(drop_path.backward(dskip))
// x, skip and y have one shape. Where drop_path does nothing, norm does it all in one operation. The other way works in
// place on the backend itself: as a chain of layers it would cost every program that trains 6 % of its code.
#pragma once

#include <resnet/layers/batch_norm2d.hpp>
#include <resnet/layers/drop_path.hpp>

namespace resnet {

template <Shape S, class B, class Norm>
constexpr Batch<S, B> residual_end_forward(Context<B>& ctx, Norm& norm, const DropPath<B>& drop_path, Batch<S, B> x,
                                           Batch<S, B> skip, auto& saved_norm, auto& saved_drop_path) {
  if (drop_path.p == 0) return norm.forward_add_relu(ctx, std::move(x), std::move(skip), saved_norm);
  auto y = norm.forward(ctx, std::move(x), saved_norm);
  saved_drop_path.stream = ctx.next_stream();
  B::drop_path(ctx, y.n(), S.size(), drop_path.p, saved_drop_path.stream, y.data(), y.data());
  B::add(ctx, y.size(), y.data(), skip.data(), y.data());
  B::relu_forward(ctx, y.size(), y.data(), y.data());
  return saved_norm.y = y;
}

/// Returns dx, and in `dy` the gradient of skip.
template <Shape S, class B, class Norm>
constexpr Batch<S, B> residual_end_backward(Context<B>& ctx, const Norm& norm, const DropPath<B>& drop_path,
                                            Batch<S, B>& dy, auto& saved_norm, auto& saved_drop_path, Norm& grad) {
  if (drop_path.p == 0) return norm.backward_add_relu(ctx, dy, saved_norm, grad);
  const auto y = take(saved_norm.y, dy), masked_dy = std::move(dy);
  dy = ctx.make_like(masked_dy);
  B::relu_backward(ctx, dy.size(), y.data(), masked_dy.data(), dy.data());
  auto dx = ctx.template make<S>(dy.n());
  B::drop_path(ctx, dy.n(), S.size(), drop_path.p, saved_drop_path.stream, dy.data(), dx.data());
  return norm.backward(ctx, std::move(dx), saved_norm, grad);
}

}  // namespace resnet
