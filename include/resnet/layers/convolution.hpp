// SPDX-License-Identifier: MIT
// The passes of a convolution with its shape as numbers, for layers whose types have it: not inlined, so that a network
// compiles them once and not for each of its convolutions. `one` is the geometry of one image.
#pragma once

#include <resnet/core/context.hpp>
#include <resnet/op/conv2d.hpp>

namespace resnet::detail {

constexpr Conv2dGeometry with_images(Conv2dGeometry one, int n) {
  one.n = require_images(n);
  return one;
}

template <class B>
[[gnu::noinline]] constexpr BatchBase<B> convolve(Context<B>& ctx, const Conv2dGeometry& one, const BatchBase<B>& x,
                                                  const TensorBase<B>& weight, const TensorBase<B>* bias) {
  const Conv2dGeometry g = with_images(one, x.n());
  auto y = ctx.make_images(g.n, one.out_size());
  In<typename B::Scalar> added;
  if (bias) added = *bias;
  run<op::Conv2d>(ctx, {.g = g, .x = x, .weight = weight, .bias = added, .y = y});
  return y;
}

/// dx, plus `addend` unless that is empty, in its memory where nobody else sees it.
template <class B>
[[gnu::noinline]] constexpr BatchBase<B> convolve_backward_data(Context<B>& ctx, const Conv2dGeometry& one,
                                                                const BatchBase<B>& dy, const TensorBase<B>& weight,
                                                                BatchBase<B> addend) {
  const Conv2dGeometry g = with_images(one, dy.n());
  BatchBase<B> dx;
  if (addend.unique())
    dx = addend;
  else
    dx = ctx.make_images(g.n, extent(one.in_h, one.in_w, one.in_c));
  run<op::Conv2dBackwardData>(ctx, {.g = g, .dy = dy, .weight = weight, .addend = addend, .dx = dx});
  return dx;
}

/// Takes x out of what forward saved.
template <class B>
[[gnu::noinline]] constexpr void convolve_backward_weight(Context<B>& ctx, const Conv2dGeometry& one,
                                                          BatchBase<B>& saved_x, const BatchBase<B>& dy,
                                                          TensorBase<B>& dweight, TensorBase<B>* dbias) {
  const auto x = take(saved_x, dy);
  if (dweight.released()) return;
  Sum<typename B::Scalar> added;
  if (dbias) added = *dbias;
  run<op::Conv2dBackwardWeight>(ctx,
                                {.g = with_images(one, dy.n()), .x = x, .dy = dy, .dweight = dweight, .dbias = added});
}

}  // namespace resnet::detail
