// SPDX-License-Identifier: MIT
// `Depth` blocks of one kind: the first changes channels and stride, the others are equal and live in an
// array. A loop over one type instead of Depth types: depth costs no compile time.
#pragma once

#include <resnet/core/layer.hpp>

#include <array>

namespace resnet {

/// How many times the width of its 3×3 convolutions a block of this kind puts out: a network's stages widen by it.
template <template <int, int, int, class> class Block>
inline constexpr int expansion = 1;

template <template <int, int, int, class> class Block, int In, int Out, int Stride, int Depth, class B>
struct Stage {
  static_assert(Depth >= 1, "a stage has at least one block");
  using First = Block<In, Out, Stride, B>;
  using Rest = Block<Out, Out, 1, B>;
  using Complete = std::bool_constant<is_complete<First>() && is_complete<Rest>()>;

  First first;
  std::array<Rest, Depth - 1> rest;

  using Backend = B;
  template <class Other>
  using on = Stage<Block, In, Out, Stride, Depth, Other>;

  static constexpr Shape out(Shape in) { return First::out(in); }

  template <Shape S>
  struct Saved {
    static constexpr Shape mid = First::out(S);
    SavedOf<First, S> first;
    std::array<SavedOf<Rest, mid>, Depth - 1> rest;
  };

  template <Shape S>
  constexpr auto forward(Context<B>& ctx, Batch<S, B> x, Saved<S>& saved) {
    auto y = first.forward(ctx, std::move(x), saved.first);
    for (std::size_t i = 0; i < rest.size(); ++i) y = rest[i].forward(ctx, std::move(y), saved.rest[i]);
    return y;
  }

  template <Shape S>
  constexpr auto infer(Context<B>& ctx, Batch<S, B> x) const {
    auto y = first.infer(ctx, std::move(x));
    for (const Rest& block : rest) y = block.infer(ctx, std::move(y));
    return y;
  }

  template <Shape S>
  constexpr Batch<S, B> backward(Context<B>& ctx, Batch<out(S), B> dy, Saved<S>& saved, Stage& grad) const {
    for (std::size_t i = rest.size(); i-- > 0;) dy = rest[i].backward(ctx, std::move(dy), saved.rest[i], grad.rest[i]);
    return first.backward(ctx, std::move(dy), saved.first, grad.first);
  }

  template <Shape S>
  constexpr void backward_parameters(Context<B>& ctx, Batch<out(S), B> dy, Saved<S>& saved, Stage& grad) const {
    for (std::size_t i = rest.size(); i-- > 0;) dy = rest[i].backward(ctx, std::move(dy), saved.rest[i], grad.rest[i]);
    resnet::backward_parameters(ctx, first, std::move(dy), saved.first, grad.first);
  }

  static constexpr void visit(auto&& f, auto&... self) {
    f(IndexName(0), self.first...);
    for (std::size_t i = 0; i < Depth - 1; ++i) f(IndexName(i + 1), self.rest[i]...);
  }
};

}  // namespace resnet
