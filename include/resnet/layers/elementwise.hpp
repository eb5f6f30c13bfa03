// SPDX-License-Identifier: MIT
// The passes of layers that do the same to each scalar, with the size of an image as a number: not inlined, so that a
// network compiles them once and not for each of its shapes.
#pragma once

#include <resnet/core/context.hpp>
#include <resnet/op/elementwise.hpp>

namespace resnet::detail {

/// y = Op(x), in place where nobody else sees x.
template <template <class, class> class Op, class B>
[[gnu::noinline]] constexpr BatchBase<B> elementwise(Context<B>& ctx, std::size_t size, BatchBase<B> x) {
  auto y = ctx.make_images_like(x, size);
  run<Op>(ctx, {.count = extent(x.n()) * size, .x = x, .y = y});
  return y;
}

/// dx, in place where nobody else sees dy. Takes what forward saved, which is Op's first operand, be it x or y.
template <template <class, class> class Op, class B>
[[gnu::noinline]] constexpr BatchBase<B> elementwise_backward(Context<B>& ctx, std::size_t size, BatchBase<B> dy,
                                                              BatchBase<B>& saved) {
  const auto x_or_y = take(saved, dy);
  auto dx = ctx.make_images_like(dy, size);
  run<Op>(ctx, {extent(dy.n()) * size, x_or_y, dy, dx});
  return dx;
}

}  // namespace resnet::detail
