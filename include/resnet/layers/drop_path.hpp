// SPDX-License-Identifier: MIT
// Stochastic depth (Huang et al. 2016, arXiv 1603.09382): a residual block's branch is left out for some images,
// scaled at training time so that inference does nothing (torchvision.ops.StochasticDepth, mode "row").
//   forward   y[n] = x[n] · mask[n] / (1 - p), mask = 0 with probability p, else 1, one for each image
//   backward  dx[n] = dy[n] · mask[n] / (1 - p)
// Any shape. Saves only the name of its random stream. With p = 0 it does nothing and draws nothing.
#pragma once

#include <resnet/core/layer.hpp>
#include <resnet/op/elementwise.hpp>

namespace resnet {

namespace detail {

/// Of images of `size` elements, not inlined: a network compiles it once.
template <class B>
[[gnu::noinline]] constexpr BatchBase<B> drop_path(Context<B>& ctx, std::size_t size, double p, RandomStream stream,
                                                   BatchBase<B> x) {
  auto y = ctx.make_images_like(x, size);
  run<op::DropPath>(ctx, {.n = x.n(), .size = size, .p = p, .stream = stream, .x = x, .y = y});
  return y;
}

}  // namespace detail

template <class B>
struct DropPath {
  double p = 0;  // probability of leaving the branch out, in [0, 1)

  using Backend = B;
  template <class Other>
  using on = DropPath<Other>;

  static constexpr Shape out(Shape in) { return in; }

  template <Shape S>
  struct Saved {
    RandomStream stream;
  };

  template <Shape S>
  constexpr Batch<S, B> forward(Context<B>& ctx, Batch<S, B> x, Saved<S>& saved) const {
    if (p == 0) return x;
    saved.stream = ctx.next_stream();
    return Batch<S, B>(detail::drop_path<B>(ctx, S.size(), p, saved.stream, std::move(x)));
  }

  template <Shape S>
  constexpr Batch<S, B> infer(Context<B>&, Batch<S, B> x) const {
    return x;
  }

  template <Shape S>
  constexpr Batch<S, B> backward(Context<B>& ctx, Batch<S, B> dy, Saved<S>& saved, DropPath&) const {
    if (p == 0) return dy;
    return Batch<S, B>(detail::drop_path<B>(ctx, S.size(), p, saved.stream, std::move(dy)));
  }

  static constexpr void visit(auto&&, auto&...) {}
};

/// Gives block k = 1, …, L of a model the probability last · k / L, the linear decay rule of the paper. Returns L,
/// the number of blocks that have a DropPath.
template <class Model>
int set_drop_path(Model& model, double last) {
  const auto found = layers_of<DropPath<typename Model::Backend>>(model);
  for (std::size_t k = 0; k < found.size(); ++k)
    found[k]->p = last * static_cast<double>(k + 1) / static_cast<double>(found.size());
  return static_cast<int>(found.size());
}

}  // namespace resnet
