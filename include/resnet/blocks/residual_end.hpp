// SPDX-License-Identifier: MIT
// The end of a residual block whose branch ends in a BatchNorm, with stochastic depth (layers/drop_path.hpp).
//   forward   y = relu(drop_path(norm(x)) + skip)
//   backward  dskip = dy where y > 0, else 0; dx = norm.backward(drop_path.backward(dskip))
// x, skip and y have one shape. Where drop_path does nothing, norm does it all in one operation. The other way works in
// place on the backend itself: as a chain of layers it would cost every program that trains 6 % of its code.
#pragma once

#include <resnet/layers/batch_norm2d.hpp>
#include <resnet/layers/drop_path.hpp>
#include <resnet/op/elementwise.hpp>

namespace resnet {

template <Shape S, class B, class Norm>
constexpr Batch<S, B> residual_end_forward(Context<B>& ctx, Norm& norm, const DropPath<B>& drop_path, Batch<S, B> x,
                                           Batch<S, B> skip, auto& saved_norm, auto& saved_drop_path) {
  if (drop_path.p == 0) return norm.forward_add_relu(ctx, std::move(x), std::move(skip), saved_norm);
  auto y = norm.forward(ctx, std::move(x), saved_norm);
  saved_drop_path.stream = ctx.next_stream();
  run<op::DropPath>(ctx,
                    {.n = y.n(), .size = S.size(), .p = drop_path.p, .stream = saved_drop_path.stream, .x = y, .y = y});
  run<op::Add>(ctx, {.count = y.size(), .a = y, .b = skip, .y = y});
  run<op::Relu>(ctx, {.count = y.size(), .x = y, .y = y});
  return saved_norm.y = y;
}

/// Returns dx, and in `dy` the gradient of skip.
template <Shape S, class B, class Norm>
constexpr Batch<S, B> residual_end_backward(Context<B>& ctx, const Norm& norm, const DropPath<B>& drop_path,
                                            Batch<S, B>& dy, auto& saved_norm, auto& saved_drop_path, Norm& grad) {
  if (drop_path.p == 0) return norm.backward_add_relu(ctx, dy, saved_norm, grad);
  const auto y = take(saved_norm.y, dy), masked_dy = std::move(dy);
  dy = ctx.make_like(masked_dy);
  run<op::ReluBackward>(ctx, {.count = dy.size(), .y = y, .dy = masked_dy, .dx = dy});
  auto dx = ctx.template make<S>(dy.n());
  run<op::DropPath>(
      ctx, {.n = dy.n(), .size = S.size(), .p = drop_path.p, .stream = saved_drop_path.stream, .x = dy, .y = dx});
  return norm.backward(ctx, std::move(dx), saved_norm, grad);
}

}  // namespace resnet
