// SPDX-License-Identifier: MIT
// The sum of two branches, a + b, in the memory of one of them where nobody else sees it.
// Its backward hands the gradient to both branches unchanged. Of two gradients of which one is empty (core/layer.hpp, 10)
// the sum is empty: nothing below is trained.
#pragma once

#include <resnet/core/layer.hpp>
#include <resnet/op/elementwise.hpp>

namespace resnet {

namespace detail {

/// Of images of `size` elements, not inlined: a network compiles it once.
template <class B>
[[gnu::noinline]] constexpr BatchBase<B> add(Context<B>& ctx, std::size_t size, BatchBase<B> a, BatchBase<B> b) {
  if (a.n() == 0 || b.n() == 0) return {};
  auto y = ctx.make_images_like(b.unique() ? b : a, size);
  run<op::Add>(ctx, {.count = extent(y.n()) * size, .a = a, .b = b, .y = y});
  return y;
}

}  // namespace detail

template <Shape S, class B>
constexpr Batch<S, B> add(Context<B>& ctx, Batch<S, B> a, Batch<S, B> b) {
  return Batch<S, B>(detail::add<B>(ctx, S.size(), std::move(a), std::move(b)));
}

}  // namespace resnet
